"""The callback mode of WeCom's smart bots, against a server that wechatpy encrypts for."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from wechatpy.enterprise.crypto import WeChatCrypto
from wecom_bot_address import Address, Reply
from wecom_bot_raw import PNG, TEXT_CARD, VOTE, RawClient, image, markdown, official_decrypt, stream

from imbridge.emulators.wecom.bot import (
    Bot,
    BotEmulatorSettings,
    BotUser,
    CallbackRefusedError,
    Forged,
    WeComBotEmulator,
)


@pytest.fixture
def bot_settings() -> BotEmulatorSettings:
    return BotEmulatorSettings(poll_seconds=0.02, callback_retries=(0.01, 0.01), verify_seconds=30.0)


def kinds(platform: WeComBotEmulator) -> list[str]:
    return [violation.kind for violation in platform.violations]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_an_address_proves_itself(platform: WeComBotEmulator, smart: Bot, address: Address) -> None:
    for echo in (lambda text: f'"{text}"', lambda text: f"{text}\n", lambda text: f"\ufeff{text}"):
        address.echo = echo
        with pytest.raises(CallbackRefusedError, match="answered the verification"):
            await platform.set_callback(smart, address.url)
    assert smart.mode == "long_connection"
    address.echo = str
    await platform.set_callback(smart, address.url)
    assert smart.mode == "callback"
    with pytest.raises(CallbackRefusedError, match="did not answer"):
        await platform.set_callback(platform.add_bot("Other"), "http://127.0.0.1:1/")


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(verify_seconds=0.05)])
async def test_an_address_has_a_second(platform: WeComBotEmulator, smart: Bot, address: Address) -> None:
    gate = asyncio.Event()
    original = address.verify

    async def slow(request: web.Request) -> web.Response:
        await gate.wait()
        return await original(request)

    app = web.Application()
    app.router.add_get("/slow", slow)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    with pytest.raises(CallbackRefusedError, match=r"in 0\.05 s"):
        await platform.set_callback(smart, f"http://127.0.0.1:{runner.addresses[0][1]}/slow")
    gate.set()
    await runner.cleanup()


async def test_a_mode_ends_the_other(
    platform: WeComBotEmulator, smart: Bot, address: Address, session: aiohttp.ClientSession
) -> None:
    raw = await RawClient.open(session, platform.ws_url, smart)
    await platform.set_callback(smart, address.url)
    assert await raw.closed()
    raw = await RawClient.open(session, platform.ws_url)
    assert (await raw.subscribe(smart.bot_id, smart.secret))["errcode"] == 853000
    await platform.set_long_connection(smart)
    assert (await raw.subscribe(smart.bot_id, smart.secret))["errcode"] == 0


async def test_a_stream_is_asked_for_until_it_is_finished(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address
) -> None:
    states = ["", "one", "one two", "one two three"]

    async def replies(body: dict[str, Any]) -> Reply:
        number = len(called.seen) - 1
        return stream(states[number], finish=number == len(states) - 1)

    called.replies = replies
    sent = await alice.says("hi", bot=smart)
    message = await alice.receives(bot=smart)
    await message.finishes()
    assert (message.states, message.how, message.kind) == (states[1:], "passive", "stream")
    first, second, *_ = called.seen
    assert first == {
        "msgid": sent.msgid,
        "aibotid": smart.bot_id,
        "chattype": "single",
        "from": {"userid": "alice"},
        "response_url": sent.response_url,
        "msgtype": "text",
        "text": {"content": "hi"},
    }
    assert {**second, "msgid": ""} == {
        "msgid": "",
        "aibotid": smart.bot_id,
        "chattype": "single",
        "from": {"userid": "alice"},
        "msgtype": "stream",
        "stream": {"id": "s1"},
    }
    assert second["msgid"] != first["msgid"]
    assert (platform.stats.polls, platform.stats.callback_requests, platform.violations) == (3, 5, [])


@pytest.mark.parametrize(
    "bot_settings", [BotEmulatorSettings(poll_seconds=0.02, stream_seconds=0.05, verify_seconds=30.0)]
)
async def test_a_stream_is_asked_for_six_minutes_at_most(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address
) -> None:
    async def replies(body: dict[str, Any]) -> Reply:
        return stream("...")

    called.replies = replies
    await alice.says("hi", bot=smart)
    # On a slow machine an answer may come after the time, which is a violation of its own.
    await until(lambda: "stream_unfinished" in kinds(platform))
    polls = platform.stats.polls
    await asyncio.sleep(0.06)
    assert platform.stats.polls == polls


async def test_a_refresh_may_fail_or_say_nothing(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address
) -> None:
    answers: list[Reply] = [stream("a"), web.Response(status=500), None, markdown("x"), stream("b", stream_id="s2")]

    async def replies(body: dict[str, Any]) -> Reply:
        number = len(called.seen) - 1
        return answers[number] if number < len(answers) else {"msgtype": "stream", "stream": {"finish": True}}

    called.replies = replies
    await alice.says("hi", bot=smart)
    message = await alice.receives("a", bot=smart)
    await message.finishes()
    assert message.states == ["a"]
    assert kinds(platform) == ["passive_answer", "passive_answer"]


async def test_what_can_be_answered(platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address) -> None:
    text = {"msgtype": "text", "text": {"content": "hello"}}
    answers: dict[str, Reply] = {
        "card": {"msgtype": "template_card", "template_card": VOTE},
        "text": text,
        "markdown": markdown("x"),
        "both": {
            "msgtype": "stream_with_template_card",
            "stream": {"id": "s", "finish": True, "content": "x"},
            "template_card": TEXT_CARD,
        },
    }

    async def replies(body: dict[str, Any]) -> Reply:
        if body["msgtype"] == "text":
            return answers[body["text"]["content"]]
        if body["event"]["eventtype"] == "enter_chat":
            return text
        if body["event"]["eventtype"] == "feedback_event":
            return text
        return {"response_type": "update_template_card", "template_card": {**VOTE, "main_title": {"title": "Done"}}}

    called.replies = replies
    await alice.opens(smart)
    assert (await alice.receives("hello", bot=smart)).how == "welcome"
    await alice.says("card", bot=smart)
    card = await alice.receives(bot=smart)
    assert (card.kind, card.how) == ("template_card", "passive")
    await alice.clicks(card)
    await card.becomes(lambda message: message.text.startswith("Done"))
    await alice.says("both", bot=smart)
    assert {(await alice.receives(bot=smart)).kind for _ in range(2)} == {"stream", "template_card"}
    assert platform.violations == []
    for wrong in ("text", "markdown"):
        await alice.says(wrong, bot=smart)
    await until(lambda: len(platform.violations) == 2)
    assert kinds(platform) == ["passive_answer", "passive_answer"]
    await alice.receives_nothing(within=0.01)


async def test_a_stream_may_end_with_images(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address
) -> None:
    item = image(PNG, "0" * 32)

    async def replies(body: dict[str, Any]) -> Reply:
        return stream("x", finish=True, msg_item=[item])

    called.replies = replies
    await alice.says("wrong", bot=smart)
    await until(lambda: bool(platform.violations))
    item |= image(PNG)
    await alice.says("right", bot=smart)
    assert (await alice.receives(bot=smart)).images == [PNG]


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": "other"},
        {"timestamp": "1700000000"},
        {"msgsignature": "0" * 40},
        {"encrypt": "AAAA"},
        {"encrypt": None},
    ],
)
async def test_wrong_envelopes_show_nothing(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address, change: dict[str, Any]
) -> None:
    async def replies(body: dict[str, Any]) -> Reply:
        return stream("x", finish=True)

    called.replies, called.change = replies, change
    await alice.says("hi", bot=smart)
    await until(lambda: bool(platform.violations))
    assert kinds(platform) == ["passive_answer"]
    assert not platform.messages


async def test_an_answer_repeats_the_nonce(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address
) -> None:
    async def replies(body: dict[str, Any]) -> Reply:
        return stream("x", finish=True)

    called.replies, called.nonce = replies, "12345"
    await alice.says("hi", bot=smart)
    await until(lambda: bool(platform.violations))
    assert "nonce is '12345'" in platform.violations[0].detail


async def test_a_receiveid_is_empty(platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address) -> None:
    async def replies(body: dict[str, Any]) -> Reply:
        called.crypto = WeChatCrypto(smart.token, smart.aes_key, "corp")
        return stream("x", finish=True)

    called.replies = replies
    await alice.says("hi", bot=smart)
    await until(lambda: bool(platform.violations))
    assert "receiveid is 'corp'" in platform.violations[0].detail


async def test_a_callback_that_is_not_taken_comes_again(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address
) -> None:
    async def replies(body: dict[str, Any]) -> Reply:
        return web.Response(status=500) if len(called.seen) < 3 else stream("at last", finish=True)

    called.replies = replies
    sent = await alice.says("hi", bot=smart)
    await alice.receives("at last", bot=smart)
    assert [body["msgid"] for body in called.seen] == [sent.msgid] * 3
    assert (platform.stats.callback_retries, platform.stats.callbacks_lost) == (2, 0)


@pytest.mark.parametrize(
    "bot_settings", [BotEmulatorSettings(callback_seconds=0.05, callback_retries=(0.0,), verify_seconds=5)]
)
async def test_an_answer_has_five_seconds(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address
) -> None:
    gate = asyncio.Event()

    async def replies(body: dict[str, Any]) -> Reply:
        await gate.wait()
        return None

    called.replies = replies
    await alice.says("hi", bot=smart)
    await until(lambda: platform.stats.callbacks_lost == 1)
    gate.set()
    assert platform.stats.callback_retries == 1
    assert len(called.seen) == 2


async def test_a_callback_can_come_twice(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, called: Address
) -> None:
    platform.faults.duplicate_callbacks()
    sent = await alice.says("hi", bot=smart)
    await until(lambda: len(called.seen) == 2)
    assert [body["msgid"] for body in called.seen] == [sent.msgid] * 2
    platform.faults.lose_callbacks()
    await alice.says("lost", bot=smart)
    await until(lambda: platform.stats.callbacks_lost == 1)


async def test_media_are_encrypted_with_the_bots_key(
    smart: Bot, alice: BotUser, called: Address, session: aiohttp.ClientSession
) -> None:
    await alice.sends_image(PNG, bot=smart)
    await until(lambda: bool(called.seen))
    image = called.seen[0]["image"]
    assert set(image) == {"url"}
    async with session.get(image["url"]) as answer:
        assert official_decrypt(await answer.read(), smart.aes_key) == PNG


@pytest.mark.parametrize(
    "forged",
    [
        Forged(signature="wrong"),
        Forged(signature="missing"),
        Forged(without="nonce"),
        Forged(token="other"),
        Forged(body=b"{"),
        Forged(body=b"[]"),
    ],
)
async def test_forged_requests(platform: WeComBotEmulator, smart: Bot, called: Address, forged: Forged) -> None:
    answer = await platform.callbacks.send(smart, {"msgtype": "text"}, forged)
    assert answer.status in {403, 500}
    assert called.seen == []


async def test_requests_can_be_replayed_or_old(platform: WeComBotEmulator, smart: Bot, called: Address) -> None:
    other = platform.add_bot("Other")
    with pytest.raises(RuntimeError, match="no callback address"):
        await platform.callbacks.replay(other)
    with pytest.raises(RuntimeError, match="nothing yet"):
        await platform.callbacks.replay(smart)
    assert (await platform.callbacks.send(smart, {"n": 1}, Forged(age=3600))).status == 200
    assert (await platform.callbacks.replay(smart)).status == 200
    assert called.seen == [{"n": 1}, {"n": 1}]
    with pytest.raises(CallbackRefusedError):
        await platform.callbacks.verify(smart, Forged(token="other"))
    await platform.callbacks.verify(smart)
