"""Streams of WeCom's smart bots on the long connection."""

import asyncio
from typing import Any

import pytest
from wecom_bot_raw import PNG, TEXT_CARD, RawClient, image, markdown, stream

from imbridge.emulators.wecom.bot import Bot, BotEmulatorSettings, BotUser, WeComBotEmulator
from leap import Leap

RESPOND = "aibot_respond_msg"


async def test_a_stream_shows_its_states(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    sent = await alice.says("hi", bot=smart)
    for content in ("", "\u200b", "<think></think>"):
        assert await raw.code(RESPOND, stream(content), sent.req_id) == 0
    await alice.receives_nothing(within=0.01)
    for content in ("a", "a", "\u200b", "ab", "c"):
        assert await raw.code(RESPOND, stream(content), sent.req_id) == 0
    assert await raw.code(RESPOND, stream("cd", finish=True), sent.req_id) == 0
    message = await alice.receives(bot=smart)
    assert (message.states, message.rewritten, message.finished) == (["a", "ab", "c", "cd"], 1, True)
    assert await raw.code(RESPOND, stream("more"), sent.req_id) == 846608
    assert await raw.code(RESPOND, stream("again", finish=True, stream_id="s2"), sent.req_id) == 0
    assert (await alice.receives(bot=smart)).text == "again"
    assert [one.stream_id for one in platform.messages] == ["s1", "s2"]
    assert platform.violations == []


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(stream_seconds=0.1)])
async def test_an_old_stream_cannot_be_changed(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    sent = await alice.says("hi", bot=smart)
    assert await raw.code(RESPOND, stream("a"), sent.req_id) == 0
    await asyncio.sleep(0.12)
    ack = await raw.ask(RESPOND, stream("ab", finish=True), sent.req_id)
    assert (ack["errcode"], ack["errmsg"]) == (846608, "stream message update expired")
    assert (platform.stats.streams_expired, platform.messages[0].finished) == (1, False)


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(stream_seconds=20, stream_seconds_from_last=True)])
async def test_frames_can_keep_a_stream_alive(smart: Bot, alice: BotUser, raw: RawClient, leap: Leap) -> None:
    sent = await alice.says("hi", bot=smart)
    for _ in range(4):
        assert await raw.code(RESPOND, stream("a"), sent.req_id) == 0
        leap(15)
    assert await raw.code(RESPOND, stream("a", finish=True), sent.req_id) == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "stream"}, 40058),
        ({"msgtype": "stream", "stream": {"content": "no id"}}, 40058),
        (stream("x", stream_id="i" * 257), 40058),
        ({"msgtype": "stream", "stream": {"id": "s", "finish": 1, "content": "x"}}, 40058),
        ({"msgtype": "stream", "stream": {"id": "s", "content": ["x"]}}, 40058),
        (stream("\ud800"), 40058),
        (stream("汉" * 6827), 45002),
        (stream("x", feedback={"id": "f" * 257}), 40058),
        (stream("x", feedback=[1]), 40058),
        ({"msgtype": "text", "text": {"content": "x"}}, 40008),
        ({"msgtype": "stream_with_template_card", "stream": {"id": "s"}, "template_card": TEXT_CARD}, 40008),
        (markdown(" "), 40058),
        ({"msgtype": "image", "image": {"media_id": "nothing"}}, 40007),
        ({"msgtype": "image", "image": "nothing"}, 40058),
        ({}, 40008),
    ],
)
async def test_wrong_replies_are_refused(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient, body: dict[str, Any], code: int
) -> None:
    sent = await alice.says("hi", bot=smart)
    assert await raw.code(RESPOND, body, sent.req_id) == code
    assert not platform.messages


async def test_the_longest_content_is_20480_bytes(smart: Bot, alice: BotUser, raw: RawClient) -> None:
    sent = await alice.says("hi", bot=smart)
    assert await raw.code(RESPOND, stream("x" * 20_480, finish=True), sent.req_id) == 0
    assert await raw.code(RESPOND, markdown("x" * 20_480), sent.req_id) == 0
    assert await raw.code(RESPOND, markdown("x" * 20_481), sent.req_id) == 45002


async def test_images_in_streams_are_ignored_on_the_long_connection(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    sent = await alice.says("hi", bot=smart)
    assert await raw.code(RESPOND, stream("x", finish=True, msg_item=[image(PNG)]), sent.req_id) == 0
    assert (await alice.receives()).images == []
    assert [violation.kind for violation in platform.violations] == ["msg_item_ignored"]


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(ws_msg_item=True, ws_stream_with_card=True)])
async def test_images_and_cards_can_come_with_streams(smart: Bot, alice: BotUser, raw: RawClient) -> None:
    sent = await alice.says("hi", bot=smart)
    assert await raw.code(RESPOND, stream("x", msg_item=[image(PNG)]), sent.req_id) == 40058
    assert await raw.code(RESPOND, stream("x", finish=True, msg_item=[image(PNG)] * 11), sent.req_id) == 40058
    assert await raw.code(RESPOND, stream("x", finish=True, msg_item=[image(b"GIF89a")]), sent.req_id) == 40058
    assert await raw.code(RESPOND, stream("x", finish=True, msg_item=[image(PNG, "0" * 32)]), sent.req_id) == 40058
    assert await raw.code(RESPOND, stream("x", finish=True, msg_item=[{"msgtype": "text"}]), sent.req_id) == 40058
    both = {"msgtype": "stream_with_template_card", "template_card": TEXT_CARD}
    assert await raw.code(RESPOND, both | {"stream": {"id": "s1", "content": "x"}}, sent.req_id) == 0
    assert await raw.code(RESPOND, both | {"stream": {"id": "s1", "content": "xy"}}, sent.req_id) == 40058
    last = {"id": "s1", "content": "xy", "finish": True, "msg_item": [image(PNG)]}
    assert await raw.code(RESPOND, {"msgtype": "stream_with_template_card", "stream": last}, sent.req_id) == 0
    message, shown_card = await alice.receives("xy"), await alice.receives("Note")
    assert (message.images, shown_card.kind) == ([PNG], "template_card")
