"""What is said, in single chats, groups, channels and private messages."""

from typing import Any

import previewing
import pytest
from qq_rig import Rig
from qq_saying import PNG, guild_channel, hears, say, say_all, target
from rigs import markdown, text

from imbridge.adapters.qq import QQAdapter
from imbridge.emulators.qq import Group
from imbridge.protocol import (
    Card,
    ContentRefusedError,
    DegradedError,
    DeliveryError,
    Element,
    Emoji,
    Image,
    Markdown,
    Mention,
    MentionAll,
    NotPermittedError,
    TargetGoneError,
)

TAGS = '<@123> <@!123> <#5> <emoji:4> <qqbot-at-everyone /> <faceType=1,faceId="4"> a < b && c > d &lt;'


class TestTexts:
    async def test_in_all_four_places(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        channel = guild_channel(rig)
        direct = channel.guild.direct(rig.alice, rig.bot)
        for number, place in enumerate((None, team, channel, direct)):
            message_id = await hears(rig, place, f"hello {number}")
            await say(adapter, target(rig, place, answers=message_id), f"hi {number}")
            message = await rig.alice.receives(f"hi {number}", chat=place) if place else rig.sent()[-1]
            assert (message.reply_to, message.active) == (message_id, False)
        assert [message.way for message in rig.sent()] == ["c2c", "group", "channel", "dms"]
        assert "msg_type" not in rig.sent()[2].body
        assert rig.qq.violations == []

    async def test_what_looks_like_a_tag_is_none(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        channel = guild_channel(rig)
        for place in (team, channel):
            await hears(rig, place, f"in {place!r}")
            _, changed = await say(adapter, target(rig, place), TAGS)
            assert changed == (["tag"] if place is team else [])
        in_group, in_channel = rig.sent()
        assert in_group.text.replace("\u200b", "") == TAGS
        assert not [tag for tag in ("<@", "<#", "<emoji:", "<qqbot-", "<faceType") if tag in in_group.text]
        assert in_channel.text == TAGS  # as people see it
        assert "<" not in in_channel.body["content"]

    async def test_markdown_calls_nobody_either(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = guild_channel(rig)
        await hears(rig, channel)
        await say(adapter, target(rig, channel), Markdown('**a** <@123> @everyone <qqbot-cmd-enter text="x" />'))
        said = rig.sent()[0].body["markdown"]["content"]
        assert said == '**a** <\u200b@123> @\u200beveryone <\u200bqqbot-cmd-enter text="x" />'

    async def test_mentions(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        channel = guild_channel(rig)
        reply = ["Hello ", Mention(id="ABC123", name="Bob"), MentionAll(), Emoji(code="[得意]"), Emoji(code="👍")]
        await hears(rig, None, "1")
        assert (await say(adapter, target(rig), reply))[1] == ["mention", "mention_all", "emoji"]
        await hears(rig, team, "2")
        assert (await say(adapter, target(rig, team), reply))[1] == ["mention_all", "emoji"]
        await hears(rig, channel, "3")
        assert (await say(adapter, target(rig, channel), reply))[1] == []
        assert [message.body["content"] for message in rig.sent()] == [
            "Hello @Bob@all[得意]👍",
            'Hello <qqbot-at-user id="ABC123" />@all[得意]👍',
            'Hello <qqbot-at-user id="ABC123" /><qqbot-at-everyone /><emoji:4>👍',
        ]

    async def test_an_id_that_is_none_is_a_name(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        await hears(rig, team)
        _, changed = await say(adapter, target(rig, team), [Mention(id='x" /><qqbot-at-everyone', name="Eve")])
        assert (rig.sent()[0].text, changed) == ("@Eve", ["mention"])

    async def test_a_place_that_is_none(self, rig: Rig, adapter: QQAdapter) -> None:
        somewhere = rig.target()
        somewhere.channel = somewhere.channel.model_copy(update={"id": "nobody"})
        with pytest.raises(DeliveryError):
            await adapter.send(somewhere, text("hi"), "key")

    async def test_somebody_who_is_no_friend_any_more(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        rig.alice.strangers.add(rig.bot)
        with pytest.raises(TargetGoneError):
            await adapter.send(rig.target(), text("hi"), "key")


class TestMarkdown:
    async def test_as_it_is(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        assert await say(adapter, rig.target(), Markdown("**bold**")) == (["markdown"], [])
        assert rig.sent()[0].body["msg_type"] == 2

    async def test_tables_become_lines(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        assert await say(adapter, rig.target(), Markdown("| a | b |\n|---|---|\n| 1 | 2 |")) == (
            ["markdown"],
            ["table"],
        )

    async def test_without_permission_it_is_text_from_then_on(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        rig.bot.markdown = False
        kinds, changed = await say(adapter, rig.target(), Markdown("**bold**"), "k1")
        assert (kinds, changed) == (["text"], ["markdown"])
        calls = adapter.api.caller.calls
        assert await say(adapter, rig.target(), Markdown("_slanted_"), "k2") == (["text"], ["markdown"])
        assert adapter.api.caller.calls == calls + 1
        again = await rig.start()
        calls = again.api.caller.calls
        await say(again, rig.target(), Markdown("# later"), "k3")
        assert again.api.caller.calls == calls + 1
        assert [message.text for message in rig.sent()] == ["bold", "slanted", "later"]
        numbers = [message.msg_seq for message in rig.sent()]
        assert len(set(numbers)) == 3

    async def test_it_is_tried_again_after_a_day(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.markdown = False
        await hears(rig)
        await say(adapter, rig.target(), Markdown("**one**"), "k1")
        rig.bot.markdown = True
        adapter.rights._now = lambda: 1e12
        assert await say(adapter, rig.target(), Markdown("**two**"), "k2") == (["markdown"], [])

    @pytest.mark.parametrize(("setting", "tried"), [("off", 0), ("on", 2)])
    async def test_by_setting(self, rig: Rig, setting: str, tried: int) -> None:
        adapter = await rig.start(markdown=setting)
        await hears(rig)
        refused = rig.qq.faults.refuse("*/messages", 40034127, times=None)
        if not tried:
            refused.clear()
        for number in range(2):
            if tried:
                with pytest.raises(DeliveryError):
                    await say(adapter, rig.target(), Markdown("**a**"), f"k{number}")
            else:
                assert await say(adapter, rig.target(), Markdown("**a**"), f"k{number}") == (["text"], ["markdown"])

    async def test_a_refused_form_uses_up_no_answer(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.markdown = False
        message_id = await hears(rig)
        await say(adapter, rig.target(answers=message_id), Markdown("**a**"))
        assert adapter.windows.left(rig.target().channel, message_id) == 3

    async def test_strictly_it_is_not_said_plainly(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.markdown = False
        message_id = await hears(rig)
        where = rig.target(answers=message_id, strict=True)
        with pytest.raises(DegradedError, match="text without its markup"):
            await say(adapter, where, Markdown("**a**"))
        assert rig.sent() == []
        preview = await adapter.preview(where, markdown("**b**"))  # and it is known from now on
        assert [one.what for one in preview.degradations] == ["markdown"]


class TestOwnForms:
    async def test_a_template(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.templates["t1"] = "# {{.title}}"
        await hears(rig)
        params = [{"key": "title", "values": ["Hi"]}]
        card = Card(content={"markdown": {"custom_template_id": "t1", "params": params}})
        assert await say(adapter, rig.target(), card) == (["markdown"], [])
        assert rig.sent()[0].text == "# Hi"

    async def test_an_ark(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        await hears(rig, team)
        card = Card(content={"ark": {"template_id": 23, "kv": [{"key": "#DESC#", "value": "news"}]}}, text="news")
        assert await say(adapter, target(rig, team), card, "k1") == (["ark"], [])
        rig.bot.ark = False
        assert await say(adapter, target(rig, team), card, "k2") == (["text"], ["card"])
        assert [(message.kind, message.text) for message in rig.sent()] == [("ark", "news"), ("text", "news")]

    async def test_an_embed(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = guild_channel(rig)
        await hears(rig, channel)
        card = Card(content={"embed": {"title": "T", "prompt": "P", "fields": [{"name": "one"}]}})
        assert await say(adapter, target(rig, channel), card) == (["embed"], [])
        assert rig.sent()[0].text == "T\none"

    @pytest.mark.parametrize(
        "content", [{"x": 1}, {"ark": {}, "embed": {}}, {"ark": {"template_id": 1}, "keyboard": {}}, {"markdown": "x"}]
    )
    async def test_what_is_none(self, rig: Rig, adapter: QQAdapter, content: dict[str, Any]) -> None:
        await hears(rig)
        with pytest.raises(ContentRefusedError, match="QQ's own JSON"):
            await say(adapter, rig.target(), Card(content=content))


class TestQuotes:
    async def test_by_its_index_or_id(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        channel = guild_channel(rig)
        for place in (team, channel):
            message_id = await hears(rig, place, f"in {place!r}")
            sent = await adapter.send(target(rig, place, reply_to=message_id), text("yes"), "key")
            assert sent.degradations == ()
        assert rig.sent()[0].quotes.startswith("REFIDX_")
        assert rig.sent()[1].quotes == message_id

    async def test_markdown_too_but_not_in_guilds(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        channel = guild_channel(rig)
        for place, lost in ((team, []), (channel, ["reply"])):
            message_id = await hears(rig, place, f"in {place!r}")
            sent = await adapter.send(target(rig, place, reply_to=message_id), markdown("**yes**"), "key")
            assert [one.what for one in sent.degradations] == lost
        assert [(message.kind, bool(message.quotes)) for message in rig.sent()] == [
            ("markdown", True), ("markdown", False),
        ]  # fmt: skip

    async def test_what_the_bot_itself_said(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        await hears(rig, team, "one")
        first = await adapter.send(target(rig, team), text("two"), "k1")
        sent = await adapter.send(target(rig, team, reply_to=first.part.message_id), text("three"), "k2")
        assert sent.degradations == ()
        assert rig.sent()[1].quotes.startswith("REFIDX_")

    @pytest.mark.parametrize("code", [50037, 12002, 304025])
    async def test_a_quote_that_is_refused_costs_no_markdown(self, rig: Rig, adapter: QQAdapter, code: int) -> None:
        message_id = await hears(rig)
        rig.qq.faults.refuse("*/messages", code)
        sent = await adapter.send(rig.target(reply_to=message_id), markdown("**yes**"), "k1")
        assert ([one.what for one in sent.degradations], sent.part.kind) == (["reply"], "markdown")
        sent = await adapter.send(rig.target(reply_to=message_id), text("yes"), "k2")
        assert sent.degradations == ()  # a text may still quote

    async def test_strictly_it_is_not_said_without_its_quote(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        rig.qq.faults.refuse("*/messages", 12002)
        with pytest.raises(DegradedError, match="reply: sent to the chat"):
            await adapter.send(rig.target(reply_to=message_id, strict=True), text("one"), "k1")
        assert rig.sent() == []

    async def test_a_platform_that_takes_no_quotes(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        rig.qq.faults.refuse("*/messages", 12002)
        where = rig.target(reply_to=message_id)
        first = await adapter.send(where, text("one"), "k1")
        assert ([one.what for one in first.degradations], first.attempts) == (["reply"], 2)
        second = await adapter.send(where, text("two"), "k2")
        assert ([one.what for one in second.degradations], second.attempts) == (["reply"], 1)
        assert [message.quotes for message in rig.sent()] == ["", ""]

    async def test_a_refusal_for_another_reason_says_nothing_about_quotes(self, rig: Rig, adapter: QQAdapter) -> None:
        message_id = await hears(rig)
        rig.qq.faults.refuse("*/messages", 304025, times=2)
        where = rig.target(reply_to=message_id)
        with pytest.raises(ContentRefusedError):
            await adapter.send(where, text("one"), "k1")
        assert (await adapter.send(where, text("two"), "k2")).degradations == ()


class TestLostAnswers:
    async def test_in_a_channel_nobody_knows(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = guild_channel(rig)
        await hears(rig, channel)
        rig.qq.faults.cut_after_accept("*/messages")
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(target(rig, channel), text("once"), "key")
        assert caught.value.ambiguous
        assert len(rig.sent()) == 1

    async def test_elsewhere_it_is_sent_once(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        await hears(rig, team)
        rig.qq.faults.cut_after_accept("*/messages")
        sent = await adapter.send(rig.target(team), text("once"), "key")
        assert sent.part.message_id == ""
        assert [message.text for message in rig.sent()] == ["once"]
        assert rig.qq.stats.duplicates_refused == 1

    async def test_a_plainer_form_follows_although_an_answer_was_lost(self, rig: Rig, adapter: QQAdapter) -> None:
        """The first attempt was the same, so it was refused, too."""
        rig.bot.markdown = False
        await hears(rig)
        rig.qq.faults.cut_after_accept("*/messages")
        assert await say(adapter, rig.target(), Markdown("**hi**")) == (["text"], ["markdown"])
        assert [message.text for message in rig.sent()] == ["hi"]

    async def test_of_an_upload_nobody_sees_anything(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        rig.qq.faults.cut_after_accept("*/files")
        rig.qq.faults.refuse("*/files", 11253, times=None)
        with pytest.raises(NotPermittedError) as caught:
            await say(adapter, rig.target(), Image(data=PNG))
        assert not caught.value.ambiguous

    async def test_errors_within_success(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        rig.qq.faults.refuse("*/messages", 304025, status=200)
        with pytest.raises(ContentRefusedError):
            await adapter.send(rig.target(), text("bad"), "k1")

    async def test_a_page_of_html_is_no_answer(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        rig.qq.faults.html_page("*/messages")
        await adapter.send(rig.target(), text("hi"), "key")
        assert [message.text for message in rig.sent()] == ["hi"]


def test_a_reply_of_all_sorts_is_one_line(rig: Rig) -> None:
    """Measured in its longest form, so that it fits wherever it goes."""
    adapter = rig.make()
    assert adapter.measure(text("<&>")) == len("&lt;&amp;&gt;")


async def test_say_all_gives_what_was_lost(rig: Rig, adapter: QQAdapter) -> None:
    await hears(rig)
    _, lost = await say_all(adapter, rig.target(), [Mention(id="A", name="Bob")])
    assert [(one.what, one.how) for one in lost] == [("mention", "text: @Bob")]


@pytest.mark.parametrize("place", ["group", "guild"])
@pytest.mark.parametrize("element", previewing.ELEMENTS, ids=lambda element: element.type)
async def test_what_is_previewed_is_what_is_sent(
    rig: Rig, adapter: QQAdapter, team: Group, element: Element, place: str
) -> None:
    where = team if place == "group" else guild_channel(rig)
    message_id = await hears(rig, where)
    for part in previewing.parts_of(adapter, element):
        await previewing.compare(adapter, target(rig, where, answers=message_id), part)
