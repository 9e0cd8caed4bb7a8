"""What a smart bot over HTTP callbacks says after its answer to the callback is finished: once, by `response_url`."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from contract import until
from wecom_bot_rig import CARD, PNG, BotRig
from wecom_bot_talk import silent, talking

from imbridge.emulators.wecom.bot import BotEmulatorSettings
from imbridge.protocol import (
    Card,
    DeliveryState,
    Element,
    Image,
    Markdown,
    Message,
    Receipt,
    Text,
)
from leap import Leap


async def test_what_comes_later_goes_by_the_response_url_once(bots: BotRig) -> None:
    later: list[Message] = []

    async def now(msg: Message) -> str:
        later.append(msg)
        return "at once"

    async with talking(bots, now):
        await bots.alice.says("go", bot=bots.bot)
        message = await bots.alice.receives("at once", bot=bots.bot)
        await message.finishes()
        first = await later[0].reply("a moment later")
        second = await later[0].reply("once too often")
    assert first
    assert not second
    assert "use mode bot" in second.error
    assert [message.how for message in bots.platform.messages] == ["passive", "response_url"]
    assert bots.shown() == ["at once", "a moment later"]


async def test_unasked_it_uses_the_newest_response_url(bots: BotRig) -> None:
    async with talking(bots, silent) as talk:
        assert not await talk.bridge.send("wecom:bot/private/alice", "nobody has spoken")
        await bots.alice.says("go", bot=bots.bot)
        await until(lambda: bots.platform.stats.callbacks_taken == 1)
        sent = await talk.bridge.send("wecom:bot/private/alice", Card(content=CARD))
        assert sent
        assert sent.message_id == bots.platform.messages[0].card["task_id"]
        assert not await talk.bridge.send("wecom:bot/private/alice", "again")
    assert [message.how for message in bots.platform.messages] == ["response_url"]


@pytest.mark.parametrize("code", [93000, 45009, 40058])
async def test_a_refused_response_url(bots: BotRig, code: int) -> None:
    async with talking(bots, silent, send_timeout=0.1) as talk:
        await bots.alice.says("go", bot=bots.bot)
        await until(lambda: bots.platform.stats.callbacks_taken == 1)
        bots.platform.faults.refuse_response_url(code)
        receipt = await talk.bridge.send("wecom:bot/private/alice", "x")
    assert receipt.code == code
    assert "response_code" not in receipt.error.replace("response_code)", "")
    assert "aibot/response?" not in receipt.error


async def test_a_response_url_that_is_refused_for_now_is_tried_again(bots: BotRig) -> None:
    async with talking(bots, silent) as talk:
        await bots.alice.says("go", bot=bots.bot)
        await until(lambda: bots.platform.stats.callbacks_taken == 1)
        bots.platform.faults.refuse_response_url(-1, times=2)
        receipt = await talk.bridge.send("wecom:bot/private/alice", "x")
    assert receipt
    assert receipt.attempts == 3
    assert bots.shown() == ["x"]


async def test_a_response_url_that_was_too_busy_all_the_time_can_be_used_later(bots: BotRig) -> None:
    """What was refused has not used it up."""
    async with talking(bots, silent, send_timeout=0.1) as talk:
        await bots.alice.says("go", bot=bots.bot)
        await until(lambda: bots.platform.stats.callbacks_taken == 1)
        bots.platform.faults.refuse_response_url(-1)
        assert not await talk.bridge.send("wecom:bot/private/alice", "x")
        assert await talk.bridge.send("wecom:bot/private/alice", "x")


async def test_a_response_url_that_nobody_answers_at(bots: BotRig) -> None:
    """It may have arrived, and is not used again."""
    async with talking(bots, silent) as talk:
        await bots.alice.says("go", bot=bots.bot)
        await until(lambda: bots.platform.stats.callbacks_taken == 1)
        bots.platform.faults.fail_response_url(503)
        receipt = await talk.bridge.send("wecom:bot/private/alice", "x")
        again = await talk.bridge.send("wecom:bot/private/alice", "x")
    assert receipt.state is DeliveryState.UNKNOWN
    assert "use mode bot" in again.error


async def test_a_response_url_of_somebody_else_is_not_used(bots: BotRig) -> None:
    adapter = bots.make_callback()
    port = bots.platform.base_url.rpartition(":")[2]
    for url in (
        "https://evil.example/x",
        "http://qyapi.weixin.qq.com/x",
        f"ftp://127.0.0.1:{port}/x",
        "http://[::1",
        "",
    ):
        adapter.response_urls.remember("m", "wecom:bot/private/alice", url)
        assert not adapter.response_urls.has("m", "wecom:bot/private/alice")
    adapter.response_urls.remember("m", "wecom:bot/private/alice", f"http://127.0.0.1:{port}/x")
    assert adapter.response_urls.has("m", "wecom:bot/private/alice")


async def test_too_long_for_one_answer(bots: BotRig) -> None:
    async def long(msg: Message) -> list[object]:
        return ["x" * 20_000, Markdown("y" * 20_000)]

    async with talking(bots, long):
        await bots.alice.says("go", bot=bots.bot)
        await until(lambda: len(bots.platform.messages) == 2)
        await bots.platform.messages[0].finishes()
    assert [message.how for message in bots.platform.messages] == ["passive", "response_url"]
    assert [len(text) for text in bots.shown()] == [20_000, 20_000]
    assert bots.platform.violations == []


async def test_after_the_window_the_rest_goes_by_the_response_url(bots: BotRig, leap: Leap) -> None:
    async def grow(msg: Message) -> Receipt:
        async def parts() -> AsyncIterator[str]:
            yield "one "
            await until(bots.shown, "what it begins with")
            leap(4.5)
            yield "two "
            yield "three"

        return await msg.reply(parts())

    async with talking(bots, grow, stream_window=4) as talk:
        await bots.alice.says("go", bot=bots.bot)
        await until(lambda: talk.receipts)
        await bots.platform.messages[0].finishes()
    assert talk.receipts[0]
    assert [message.how for message in bots.platform.messages] == ["passive", "response_url"]
    assert "".join(bots.shown()) == "one two three"
    assert bots.platform.violations == []


class TestWhenThePlatformAsksLate:
    @pytest.fixture
    def bot_settings(self) -> BotEmulatorSettings:
        return BotEmulatorSettings(rate_limits=False, poll_seconds=4.0, verify_seconds=30.0)

    @pytest.mark.parametrize("second", [Text("second"), Card(content=CARD), Image(data=PNG)])
    async def test_what_went_by_the_response_url_is_not_in_the_answer_too(
        self, bots: BotRig, second: Element, monkeypatch: pytest.MonkeyPatch, leap: Leap
    ) -> None:
        monkeypatch.setattr("imbridge.adapters.wecom.bot.turn._NOT_FETCHED", 0.6)

        async def two(msg: Message) -> Receipt:
            await msg.reply("first")
            await asyncio.sleep(0.4)
            return await msg.reply(second)

        async with talking(bots, two) as talk:
            await bots.alice.says("go", bot=bots.bot)
            await until(lambda: talk.receipts)
            leap(4)  # now it asks
            first, _ = bots.platform.messages
            await first.finishes()
        assert (first.text, first.images) == ("first", [])
        assert [message.how for message in bots.platform.messages] == ["passive", "response_url"]
        assert bots.platform.violations == []


class TestWhenThePlatformNeverAsks:
    @pytest.fixture
    def bot_settings(self) -> BotEmulatorSettings:
        return BotEmulatorSettings(rate_limits=False, poll_seconds=3600, verify_seconds=30.0)

    async def test_what_was_not_fetched_goes_by_the_response_url(
        self, bots: BotRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("imbridge.adapters.wecom.bot.turn._NOT_FETCHED", 0.6)

        async def two(msg: Message) -> Receipt:
            await msg.reply("first")
            await asyncio.sleep(0.4)
            return await msg.reply("second")

        async with talking(bots, two) as talk:
            await bots.alice.says("go", bot=bots.bot)
            await until(lambda: talk.receipts)
        assert talk.receipts[0]
        assert bots.shown() == ["first", "second"]
        assert [message.how for message in bots.platform.messages] == ["passive", "response_url"]
