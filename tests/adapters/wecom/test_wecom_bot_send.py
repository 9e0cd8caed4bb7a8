"""What a smart bot says over its long connection."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from contract import until
from wecom_bot_rig import PNG, BotRig, alone, card, markdown, text

from imbridge.adapters.base import Health, Target
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.emulators.wecom.bot import BotChat
from imbridge.protocol import (
    Audio,
    Button,
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    DegradedError,
    DeliveryError,
    Divider,
    File,
    Image,
    RateLimitedError,
    TargetGoneError,
    Video,
)
from imbridge.rendering import PartKind
from leap import Leap

MP4 = b"\0\0\0\x18ftypisom" + bytes(300)
AMR = b"#!AMR\n" + bytes(300)


async def test_an_answer_is_a_finished_stream(bots: BotRig, bot: BotAdapter) -> None:
    sent = await bot.send(await bots.asked(), text("hello"), "key")
    message = await bots.alice.receives("hello", bot=bots.bot)
    assert (message.kind, message.how, message.finished) == ("stream", "respond", True)
    assert sent.part.message_id == message.stream_id
    assert sent.part.kind == "stream"
    assert bots.platform.violations == []


async def test_what_follows_the_first_answer_is_pushed(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    for number in range(3):
        await bot.send(target, text(f"part {number}"), f"key-{number}")
    assert bots.shown() == ["part 0", "part 1", "part 2"]
    assert [message.how for message in bots.platform.messages] == ["respond", "push", "push"]


async def test_what_may_not_be_unasked_is_not_pushed_when_its_day_is_over(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    target.pushes = False
    for number in range(2):  # the second is pushed, as while the message is open all are that follow the first
        await bot.send(target, text(f"part {number}"), f"key-{number}")
    bot.speaker.ways.forget(target.answers)
    with pytest.raises(DeliveryError, match="within 24 hours") as caught:
        await bot.send(target, text("late"), "key-2")
    assert caught.value.window_closed
    assert bots.shown() == ["part 0", "part 1"]


async def test_an_answer_whose_acknowledgement_got_lost_is_one_message(bots: BotRig, bot: BotAdapter) -> None:
    """Its stream has the id that the key makes: once more changes nothing."""
    target = await bots.asked()
    bots.platform.faults.cut_after_accept("aibot_respond_msg")
    sent = await bot.send(target, text("once"), "key")
    assert bots.shown() == ["once"]
    assert sent.attempts == 2


async def test_plain_text_is_not_taken_for_markdown(bots: BotRig, bot: BotAdapter) -> None:
    await bot.send(await bots.asked(), text("# 1 *b* <@all> [x](http://y) 2 * 3 a_b"), "key")
    assert bots.shown() == ["\\# 1 \\*b\\* <\u200b@all> [x]\\(http://y) 2 * 3 a_b"]


async def test_markdown_is_sent_as_it_is(bots: BotRig, bot: BotAdapter) -> None:
    await bot.send(await bots.asked(), markdown("# Title\n**bold**"), "key")
    await bot.send(bots.target(), markdown("`code`"), "key2")
    assert bots.shown() == ["# Title\n**bold**", "`code`"]


async def test_pushes_into_groups(bots: BotRig, bot: BotAdapter, team: BotChat) -> None:
    target = await bots.asked(chat=team)
    await bot.send(target, text("answer"), "k1")
    await bot.send(bots.target(team), text("unasked"), "k2")
    assert [message.chat for message in bots.platform.messages] == [team, team]
    assert bots.bodies("aibot_send_msg") == [
        {"chatid": team.chatid, "chat_type": 2, "msgtype": "markdown", "markdown": {"content": "unasked"}}
    ]


async def test_nobody_has_spoken_to_the_bot(bots: BotRig, bot: BotAdapter) -> None:
    with pytest.raises(TargetGoneError, match="nobody has spoken") as caught:
        await bot.send(bots.target(), text("hi"), "key")
    assert caught.value.code == 93006


async def test_departments_are_no_address(bots: BotRig, bot: BotAdapter) -> None:
    channel = Channel(platform="wecom", account="bot", kind=ChannelKind.DEPARTMENT, id="1")
    with pytest.raises(TargetGoneError, match="no address"):
        await bot.send(Target(channel), text("hi"), "key")


async def test_an_answer_that_is_too_late_is_pushed(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    bots.platform.faults.refuse("aibot_respond_msg", 846605)
    await bot.send(target, text("late"), "key")
    assert [message.how for message in bots.platform.messages] == ["push"]
    assert not bot.can_grow(target.answers or "")


async def test_a_forgotten_subscription_is_made_anew_and_the_message_sent_once_more(
    bots: BotRig, bot: BotAdapter
) -> None:
    target = await bots.asked()
    bots.platform.faults.forget_subscription(bots.bot)
    sent = await bot.send(target, text("hi"), "key")
    assert sent.attempts == 2
    assert bots.shown() == ["hi"]
    assert bots.platform.stats.subscribes == 2


async def test_a_lost_acknowledgement_of_a_push_is_ambiguous(bots: BotRig, bot: BotAdapter) -> None:
    bots.chat.open_to.add(bots.bot)
    bots.platform.faults.cut_after_accept("aibot_send_msg")
    with pytest.raises(DeliveryError) as caught:
        await bot.send(bots.target(), text("hi"), "key")
    assert caught.value.ambiguous
    assert bots.shown() == ["hi"]


async def test_sending_waits_for_the_connection(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    bots.platform.faults.refuse_handshakes(503, times=2)
    bots.platform.faults.drop_connections(bots.bot)
    await bot.send(target, text("patient"), "key")
    assert bots.shown() == ["patient"]


async def test_sending_without_a_connection_says_so(bots: BotRig) -> None:
    bot = await bots.start(send_timeout=0.2)
    target = await bots.asked()
    bots.platform.faults.refuse_handshakes(503, times=None)
    bots.platform.faults.drop_connections(bots.bot)
    await until(lambda: bot.health is Health.DOWN)
    with pytest.raises(DeliveryError, match="not sent") as caught:
        await bot.send(target, text("hi"), "key")
    assert not caught.value.ambiguous


async def test_answers_of_one_message_go_one_after_another(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    streams = [bot.grow(markdown=True) for _ in range(3)]
    for number, stream in enumerate(streams):
        await bot.send(target, alone(PartKind.CARD, await stream.open(f"s{number}")), f"k{number}")
    bots.platform.faults.delay_acks(0.02, "aibot_respond_msg")
    await asyncio.gather(*(stream.close(f"s{number} done") for number, stream in enumerate(streams)))
    assert bots.platform.violations == []
    assert sorted(bots.shown()) == ["s0 done", "s1 done", "s2 done"]


async def test_rates_are_kept_by_us(bots: BotRig, leap: Leap) -> None:
    """Six at once, the seventh is held back; what is held back for too long is not sent at all."""
    bot = await bots.start(member_rate="30/61s", send_timeout=2)
    bots.chat.open_to.add(bots.bot)
    for number in range(6):
        await bot.send(bots.target(), text(f"m{number}"), f"k{number}")
    with pytest.raises(RateLimitedError, match="limits held it back"):
        await leap.over(2, bot.send(bots.target(), text("one too many"), "k"), lambda: bot.caller._pacer.waiting)
    assert len(bots.shown()) == 6


async def test_what_was_held_back_says_so(bots: BotRig) -> None:
    bot = await bots.start(member_rate="2/2s")
    bots.chat.open_to.add(bots.bot)
    sent = [await bot.send(bots.target(), text(f"m{number}"), f"k{number}") for number in range(3)]
    assert [len(one.degradations) for one in sent[:1]] == [0]
    (told,) = [one for each in sent for one in each.degradations if one.what == "time"][:1]
    assert "2/2s" in told.why
    assert bot.counters()["held_back"] >= 1


# -- cards -------------------------------------------------------------------------------------------------------------


async def test_a_card_answers_and_a_second_one_is_pushed(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    first = await bot.send(target, card(), "k1")
    await bot.send(target, card(), "k2")
    one, two = bots.platform.messages
    assert (one.how, two.how) == ("respond", "push")
    assert one.card["task_id"] == first.part.message_id
    assert one.card["task_id"] != two.card["task_id"]


async def test_in_groups_cards_are_answers_only(bots: BotRig, bot: BotAdapter, team: BotChat) -> None:
    target = await bots.asked(chat=team)
    await bot.send(target, text("a"), "k0")
    await bot.send(target, card(), "k1")
    assert [message.how for message in bots.platform.messages] == ["respond", "respond"]
    sent = await bot.send(bots.target(team), card(), "k2")
    assert [one.what for one in sent.degradations] == ["card"]
    assert bots.platform.messages[-1].kind == "markdown"


async def test_a_card_of_the_model(bots: BotRig, bot: BotAdapter) -> None:
    made = Card(title="Deploy?", body=["now", Button("Yes", action="yes", value=7)])
    sent = await bot.send(await bots.asked(), alone(PartKind.CARD, made), "key")
    assert sent.degradations == ()
    assert bots.platform.messages[0].card["card_type"] == "button_interaction"
    await bots.alice.clicks(bots.platform.messages[0])


async def test_a_card_without_room_is_text(bots: BotRig, bot: BotAdapter) -> None:
    made = Card(title="News", body=["**nothing** to click on", Divider()])
    sent = await bot.send(await bots.asked(), alone(PartKind.CARD, made), "key")
    assert [(one.what, one.how) for one in sent.degradations] == [("card", "text")]
    assert bots.shown() == ["**News**\n\n**nothing** to click on\n\n---"]


async def test_a_refused_card_is_text(bots: BotRig, bot: BotAdapter) -> None:
    bots.platform.faults.refuse("aibot_respond_msg", 40058)
    sent = await bot.send(await bots.asked(), card(text="yes or no"), "key")
    assert [one.what for one in sent.degradations] == ["card"]
    assert bots.shown() == ["yes or no"]


async def test_strictly_a_refused_card_is_nothing(bots: BotRig, bot: BotAdapter) -> None:
    bots.platform.faults.refuse("aibot_respond_msg", 40058)
    with pytest.raises(DegradedError, match="card: text"):
        await bot.send(replace(await bots.asked(), strict=True), card(text="yes or no"), "key")
    assert bots.shown() == []


async def test_other_json_is_no_card_of_a_bot(bots: BotRig, bot: BotAdapter) -> None:
    sent = await bot.send(await bots.asked(), card({"msgtype": "news", "news": {}}, text="news"), "key")
    assert "template cards only" in sent.degradations[0].why
    assert bots.shown() == ["news"]


# -- media -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media", "kind", "shown"),
    [
        (Image(data=PNG), "image", "[image]"),
        (Audio(data=AMR), "voice", "[voice]"),
        (Video(data=MP4, name="film"), "video", "[video]"),
        (File(data=b"%PDF-1.7", name="报告.pdf"), "file", "[file: 报告.pdf]"),
    ],
)
async def test_media_are_uploaded_in_chunks(bots: BotRig, bot: BotAdapter, media: Image, kind: str, shown: str) -> None:
    target = await bots.asked()
    sent = await bot.send(target, alone(PartKind.MEDIA, media), "k1")
    await bot.send(target, alone(PartKind.MEDIA, media), "k2")
    assert sent.degradations == ()
    assert [message.text for message in bots.platform.messages] == [shown, shown]
    assert [message.how for message in bots.platform.messages] == ["respond", "push"]
    assert bots.bodies("aibot_upload_media_init")[0]["type"] == kind
    assert bots.platform.violations == []


async def test_a_file_of_several_chunks_from_disk(bots: BotRig, bot: BotAdapter, tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    path = tmp_path / "big.bin"
    path.write_bytes(data)
    target = await bots.asked()
    bots.platform.faults.cut_after_accept("aibot_upload_media_chunk")
    bots.platform.faults.drop_connections()
    await bot.send(target, alone(PartKind.MEDIA, File.from_path(path)), "key")
    (message,) = bots.platform.messages
    assert message.media is not None
    assert message.media.data == data
    assert message.media.name == "big.bin"


async def test_an_upload_whose_end_got_lost_is_made_anew(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    bots.platform.faults.cut_after_accept("aibot_upload_media_finish")
    await bot.send(target, alone(PartKind.MEDIA, Image(data=PNG)), "key")
    assert bots.shown() == ["[image]"]
    assert bots.platform.stats.uploads == 2


async def test_uploaded_once_and_anew_when_the_platform_has_dropped_it(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    for number in range(2):
        await bot.send(target, alone(PartKind.MEDIA, Image(data=PNG)), f"key-{number}")
    assert bots.platform.stats.uploads == 1
    bots.platform.faults.refuse("aibot_send_msg", 40007)
    await bot.send(target, alone(PartKind.MEDIA, Image(data=PNG)), "key-3")
    assert bots.platform.stats.uploads == 2
    assert bots.shown() == ["[image]"] * 3


async def test_a_wrong_format_goes_as_a_file(bots: BotRig, bot: BotAdapter) -> None:
    sent = await bot.send(await bots.asked(), alone(PartKind.MEDIA, Audio(data=b"OggS" + bytes(99))), "key")
    assert [(one.what, one.how) for one in sent.degradations] == [("audio", "file")]
    assert bots.shown() == ["[file: audio.ogg]"]


@pytest.mark.parametrize("media", [Image(key="received#0"), Image(data=b""), File(data=b"tiny", name="x")])
async def test_what_cannot_be_sent(bots: BotRig, bot: BotAdapter, media: Image) -> None:
    with pytest.raises(ContentRefusedError):
        await bot.send(await bots.asked(), alone(PartKind.MEDIA, media), "key")
    assert bots.shown() == []


async def test_a_long_name_is_shortened(bots: BotRig, bot: BotAdapter) -> None:
    await bot.send(await bots.asked(), alone(PartKind.MEDIA, File(data=b"content", name="名" * 200 + ".pdf")), "key")
    name = bots.bodies("aibot_upload_media_init")[0]["filename"]
    assert name.endswith(".pdf")
    assert 250 <= len(name.encode()) <= 256


async def test_health_is_told(bots: BotRig, bot: BotAdapter) -> None:
    await bot.close()
    assert [health for health, _ in bots.health] == [Health.UP, Health.STOPPED]
