"""Messages over the gateway: what people send is what a skill gets."""

import json
from typing import Any

import pytest
from contract import until
from qq_rig import PNG, Rig

from imbridge.adapters.qq import QQAdapter
from imbridge.emulators.qq import Group
from imbridge.protocol import Audio, Emoji, File, Image, Message, Notice, Video


async def heard(rig: Rig, number: int = 1) -> Message:
    """The message that came as this one."""
    await until(lambda: len(rig.intake.offered) >= number, "a message")
    message = rig.intake.items[number - 1]
    assert isinstance(message, Message)
    return message


class TestSingleChat:
    async def test_text(self, rig: Rig, adapter: QQAdapter) -> None:
        sent = await rig.alice.says("1 < 2 & <@!123> &lt; <emoji:4>", bot=rig.bot)
        message = await heard(rig)
        assert (message.id, message.text) == (sent.id, "1 < 2 & <@!123> &lt; <emoji:4>")
        assert message.channel.id == message.sender.id == rig.alice.openid_for(rig.bot)
        assert message.payload == sent.data

    async def test_a_face(self, rig: Rig, adapter: QQAdapter) -> None:
        await rig.alice.sends_face("277", "[汪汪]", bot=rig.bot)
        assert (await heard(rig)).elements == (Emoji(code="[汪汪]"),)

    async def test_media(self, rig: Rig, adapter: QQAdapter) -> None:
        await rig.alice.sends_image(PNG, "a.png", text="look", bot=rig.bot)
        await rig.alice.sends_voice(asr="what was said", bot=rig.bot)
        await rig.alice.sends_video(b"film", "film.mp4", bot=rig.bot)
        await rig.alice.sends_file(b"content", "report.pdf", bot=rig.bot)
        await heard(rig, 4)
        found = [item.media[0] for item in rig.intake.items if isinstance(item, Message)]
        assert [type(media) for media in found] == [Image, Audio, Video, File]
        assert rig.intake.items[1].text == "what was said"
        assert [await adapter.read("m", media) for media in (found[0], *found[2:])] == [PNG, b"film", b"content"]
        assert (await adapter.read("m", found[1])).startswith(b"RIFF"), "as everybody can play it"

    async def test_a_card(self, rig: Rig, adapter: QQAdapter) -> None:
        await rig.alice.sends_ark("[分享]新闻", {"title": "新闻"}, bot=rig.bot)
        message = await heard(rig)
        assert isinstance(message.elements[0], Notice)
        assert (message.text, message.content_type) == ("[分享]新闻", "notice")

    async def test_a_record(self, rig: Rig, adapter: QQAdapter) -> None:
        await rig.alice.sends_record(["one", "two"], bot=rig.bot)
        message = await heard(rig)
        assert message.forward is not None
        assert [one.text for one in message.forward.messages] == ["one", "two"]
        assert (message.text, message.content_type, message.quote, message.reply_to) == (
            "one\ntwo",
            "forward",
            None,
            None,
        )

    async def test_a_quote_of_what_was_heard_before(self, rig: Rig, adapter: QQAdapter) -> None:
        first = await rig.alice.says("first", bot=rig.bot)
        await heard(rig)
        await rig.alice.says("and this?", bot=rig.bot, quoting=first)
        message = await heard(rig, 2)
        assert message.quote is not None
        assert (message.reply_to, message.quote.text, message.text) == (first.id, "first", "and this?")

    async def test_twice_is_once(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.qq.faults.duplicate_events()
        await rig.alice.says("once", bot=rig.bot)
        await until(lambda: len(rig.intake.offered) == 2)
        assert rig.intake.offered[0].dedup_keys == rig.intake.offered[1].dedup_keys


class TestGroup:
    async def test_called(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        bob = rig.qq.add_user("Bob")
        team.members.append(bob)
        await rig.alice.says("ask <him> & me", chat=team, mentions=[rig.bot, bob])
        message = await heard(rig)
        assert (message.text, message.mentions_me) == ("@Bob ask <him> & me", True)
        assert message.channel.id == rig.group_openid(team)
        assert {mention.name for mention in message.mentions} == {"Bob", "Demo"}
        assert message.sender.name == "Alice"

    async def test_everything(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        team.all_messages = True
        await rig.alice.says("just talking", chat=team)
        await rig.alice.says("help", chat=team, mentions=[rig.bot])
        assert not (await heard(rig)).mentions_me
        called = await heard(rig, 2)
        assert (called.text, called.raw, called.mentions_me) == ("help", "@Demo help", True)

    async def test_a_picture(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        await rig.alice.sends_image(PNG, chat=team, mentions=[rig.bot])
        message = await heard(rig)
        assert message.content_type == "image"
        assert await adapter.read(message.id, message.media[0]) == PNG

    @pytest.mark.parametrize("stripped", [False, True])
    async def test_both_events_are_one_message(self, rig: Rig, adapter: QQAdapter, team: Group, stripped: bool) -> None:
        rig.qq.world.settings.both_events = True
        rig.qq.world.settings.strips_mentions = stripped
        team.all_messages = True
        await rig.alice.says("help", chat=team, mentions=[rig.bot])
        first, second = await heard(rig), await heard(rig, 2)
        assert rig.intake.offered[0].dedup_keys == rig.intake.offered[1].dedup_keys
        assert (first.text, first.mentions_me, second.text, second.mentions_me) == ("help", True, "help", True)


class TestGuild:
    @pytest.mark.parametrize("private", [False, True])
    async def test_called(self, rig: Rig, private: bool) -> None:
        rig.bot.private = private
        channel = rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot]).add_channel("talk")
        await rig.start(intents=("guild_messages" if private else "public_guild_messages",))
        await rig.alice.says("/help <x>", chat=channel, mentions=[rig.bot])
        message = await heard(rig)
        assert (message.text, message.mentions_me) == ("/help <x>", True)
        assert (message.channel.kind, message.channel.id) == ("guild", channel.id)
        assert message.sender.id == rig.alice.id

    async def test_everything(self, rig: Rig) -> None:
        rig.bot.private = True
        channel = rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot]).add_channel("talk")
        await rig.start(intents=("guild_messages",))
        await rig.alice.says("just talking", chat=channel)
        assert not (await heard(rig)).mentions_me

    async def test_a_private_chat(self, rig: Rig, adapter: QQAdapter) -> None:
        guild = rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot])
        direct = guild.direct(rig.alice, rig.bot)
        await rig.alice.says("hi", chat=direct)
        message = await heard(rig)
        assert (message.channel.kind, message.channel.id) == ("private", f"dms:{direct.id}")

    async def test_a_picture_whose_address_has_no_scheme(self, rig: Rig, adapter: QQAdapter) -> None:
        guild = rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot])
        sent = await rig.alice.sends_image(PNG, chat=guild.direct(rig.alice, rig.bot))
        assert "://" not in sent.data["attachments"][0]["url"]
        message = await heard(rig)
        assert await adapter.read(message.id, message.media[0]) == PNG

    async def test_who_we_are_is_known(self, rig: Rig, adapter: QQAdapter) -> None:
        await until(lambda: adapter.me.bot_id == rig.bot.bot_id)
        assert adapter.me.name == "Demo"


HOSTILE: dict[str, dict[str, Any]] = {
    "content is a number": {"content": 7},
    "content is null": {"content": None},
    "attachments are text": {"attachments": "canary"},
    "mentions are text": {"mentions": "canary"},
    "mentions of nobody": {"mentions": [None, 7, {}, {"id": None}, {"scope": "all"}]},
    "a scene of lists": {"message_scene": {"ext": [None, 7, "=", "msg_idx", {"a": 1}]}},
    "a scene that is text": {"message_scene": "canary"},
    "a quote of nothing": {"message_type": 103, "msg_elements": [None, 7]},
    "a quote of odd things": {"message_type": 103, "msg_elements": [{"author": 7, "content": [], "attachments": {}}]},
    "an ark of text": {"ark_data": "canary", "ark": "canary", "embeds": {"title": 7}},
    "an ark of odd things": {"ark_data": {"fields": [], "prompt": 7}, "ark": {"kv": [{"obj": [{"obj_kv": [None]}]}]}},
    "a long tag": {"content": "<@" + "a" * 100_000},
    "many tags": {"content": "<@!1><" * 20_000},
    "a deep escape": {"content": "&amp;" * 50_000},
    "a message type of text": {"message_type": "canary", "content": ""},
    "a time beyond the calendar": {"timestamp": 10**30},
    "the end of time": {"timestamp": "9999-12-31T23:59:59-14:00"},
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_messages_that_lack_what_they_should_have_are_passed_on(
    rig: Rig, adapter: QQAdapter, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = await rig.alice.sends(HOSTILE[name], bot=rig.bot)
    message = await heard(rig)
    assert (message.id, message.payload) == (sent.id, sent.data)
    message.model_dump_json()
    assert adapter.counters().get("bad_delivery", 0) == 0
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    "data",
    [
        {"content": "canary"},
        {"id": "m", "content": "canary"},
        {"id": "m", "author": {"user_openid": ""}, "content": "canary"},
        {"id": {"a": 1}, "author": {"user_openid": "u"}, "content": "canary"},
    ],
)
async def test_what_cannot_be_read_is_told_once_and_passed_on_whole(
    rig: Rig, adapter: QQAdapter, data: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        rig.qq.push_event(rig.bot, "C2C_MESSAGE_CREATE", data)
    await until(lambda: len(rig.intake.offered) == 3)
    assert all(item.payload["d"] == data for item in rig.intake.items)
    assert adapter.counters()["bad_delivery"] == 3
    assert caplog.text.count("counted, not logged") == 1
    assert "canary" not in caplog.text


async def test_half_of_an_emoji_costs_that_character_and_nothing_else(rig: Rig, adapter: QQAdapter) -> None:
    """Texts that were cut in the middle of one come so; no JSON parser that is strict takes them."""
    data = {"id": "m1", "author": {"user_openid": rig.alice.openid_for(rig.bot)}, "content": "cut \ud83d"}
    rig.qq.faults.send_raw(rig.bot, json.dumps({"id": "e1", "op": 0, "s": 2, "t": "C2C_MESSAGE_CREATE", "d": data}))
    await rig.intake.has("cut \ufffd")
    assert "bad_frame" not in adapter.counters()


async def test_a_mistake_of_the_decoder_loses_no_message(
    rig: Rig, adapter: QQAdapter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr("imbridge.adapters.qq.received.reading.decode", fails)
    for text in ("one", "two"):
        await rig.alice.says(text, bot=rig.bot)
    await until(lambda: len(rig.intake.offered) == 2)
    assert [item.payload["d"]["content"] for item in rig.intake.items] == ["one", "two"]
    assert adapter.counters()["decoder_failed"] == 2
    assert caplog.text.count("RuntimeError") == 1
    assert "canary" not in caplog.text
