"""Custom bots: what is refused, when a message is posted again, and at what pace."""

import asyncio
import json
import logging
import random
import time
from dataclasses import replace

import pytest
from contract import until
from feishu_hooks import HERE, SECRET, make, say
from feishu_rig import Rig, text

from backoffs import SoOften
from imbridge.adapters.feishu import FeishuConfig
from imbridge.adapters.feishu.custom import hook as hook_module
from imbridge.adapters.feishu.custom.custom_bot import CustomBotAdapter
from imbridge.adapters.feishu.custom.hook import after_the_rush
from imbridge.adapters.feishu.errors import CUSTOM_BOT_ERRORS
from imbridge.emulators.feishu import CustomBot
from imbridge.protocol import (
    ContentRefusedError,
    DeliveryError,
    NotPermittedError,
    RateLimitedError,
)
from imbridge.transport import ErrorTable, HttpPool, Rate, Reaction


@pytest.fixture
def bot(rig: Rig) -> CustomBot:
    group = rig.feishu.add_group("alerts", members=[rig.alice], apps=[])
    return rig.feishu.add_custom_bot(group, name="Alerts", secret=SECRET)


@pytest.fixture
def adapter(rig: Rig, bot: CustomBot) -> CustomBotAdapter:
    return make(rig, bot)


RAISED: dict[int, tuple[type[DeliveryError], str]] = {
    9499: (ContentRefusedError, "20 KB"),
    19001: (NotPermittedError, "copy webhook_url again"),
    19002: (DeliveryError, "missing"),
    19007: (NotPermittedError, "switch it on"),
    19021: (NotPermittedError, "clock"),
    19022: (NotPermittedError, "IP allowlist"),
    19024: (ContentRefusedError, "keywords"),
}


class TestErrors:
    def test_every_row_is_tested_and_nothing_else(self) -> None:
        assert {11232, *RAISED} == {rule.code for rule in CUSTOM_BOT_ERRORS}

    @pytest.mark.parametrize("code", sorted(RAISED))
    async def test_raised(self, rig: Rig, bot: CustomBot, adapter: CustomBotAdapter, code: int) -> None:
        kind, hint = RAISED[code]
        rig.feishu.faults.refuse_hook(code)
        with pytest.raises(DeliveryError) as caught:
            await say(adapter, "x")
        error = caught.value
        assert type(error) is kind
        assert (error.code, error.platform, error.ambiguous) == (code, "feishu", False)
        assert error.log_id
        assert hint in str(error)
        assert len(rig.calls("/hook/")) == 1
        assert bot.url.rpartition("/")[2] not in str(error)
        assert SECRET not in str(error)

    async def test_a_wrong_secret(self, rig: Rig, bot: CustomBot) -> None:
        with pytest.raises(NotPermittedError, match="webhook_secret"):
            await say(make(rig, bot, webhook_secret="other"), "x")

    async def test_a_clock_that_is_wrong_is_named(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        adapter.hook._clock = lambda: time.time() + 7200
        with pytest.raises(NotPermittedError, match=r"clock is \+(7199|7200|7201) s from the platform's"):
            await say(adapter, "x")

    async def test_a_keyword(self, rig: Rig, bot: CustomBot, adapter: CustomBotAdapter) -> None:
        bot.keywords = ["disk"]
        with pytest.raises(ContentRefusedError, match="19024"):
            await say(adapter, "the backup failed")
        await say(adapter, "the disk is full")
        assert [message.text for message in rig.feishu.messages] == ["the disk is full"]

    async def test_pressure_is_waited_for(
        self, rig: Rig, adapter: CustomBotAdapter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.impatient(monkeypatch)
        fault = rig.feishu.faults.refuse_hook(11232, times=2)
        sent = await adapter.send(HERE, text("late"), "k")
        assert (fault.hits, sent.attempts, adapter.counters()["retries"]) == (2, 3, 2)

    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rules = [replace(rule, delay=rule.delay and rule.delay / 20) for rule in CUSTOM_BOT_ERRORS]
        monkeypatch.setattr(hook_module, "CUSTOM_BOT_ERRORS", ErrorTable(rules))
        monkeypatch.setattr(hook_module, "after_the_rush", lambda delay, now, jitter: min(delay, 0.1))

    async def test_it_gives_up_in_time(self, rig: Rig, bot: CustomBot) -> None:
        rig.feishu.faults.refuse_hook(11232, times=None)
        with pytest.raises(RateLimitedError) as caught:
            await say(make(rig, bot, send_timeout=0.5), "x")
        assert caught.value.retry_after is not None
        assert caught.value.retry_after >= 1.0
        assert not rig.feishu.messages

    @pytest.mark.parametrize(
        ("status", "body"), [(502, "<html>"), (200, "<html>a proxy's page</html>"), (200, "[]"), (503, '{"code": 1}')]
    )
    async def test_an_answer_that_says_nothing_is_ambiguous_and_not_repeated(
        self, rig: Rig, adapter: CustomBotAdapter, status: int, body: str
    ) -> None:
        rig.feishu.faults.http_fail("*/hook/*", status, body=body, times=None)
        with pytest.raises(DeliveryError) as caught:
            await say(adapter, "x")
        assert caught.value.ambiguous
        assert len(rig.calls("/hook/")) == 1

    async def test_a_lost_answer_is_ambiguous_and_not_repeated(self, rig: Rig, bot: CustomBot) -> None:
        rig.feishu.faults.http_delay("*/hook/*", 5.0)
        async with HttpPool(trust_env=False, timeout=0.2) as pool:
            with pytest.raises(DeliveryError) as caught:
                await say(make(rig, bot, pool), "x")
        assert caught.value.ambiguous
        assert "hook/***: no complete answer in time" in str(caught.value)

    async def test_a_connection_that_never_came_about_is_tried_again(self, rig: Rig, bot: CustomBot) -> None:
        adapter = make(rig, bot, webhook_url="http://127.0.0.1:9/open-apis/bot/v2/hook/canary")
        adapter.hook._backoff = SoOften(2)
        with pytest.raises(DeliveryError) as caught:
            await say(adapter, "x")
        assert not caught.value.ambiguous
        assert adapter.counters()["retries"] > 0
        assert "canary" not in str(caught.value)

    async def test_success_in_the_words_of_the_first_version(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        rig.feishu.faults.http_fail("*/hook/*", 200, body='{"StatusCode": 0, "StatusMessage": "success"}')
        assert (await adapter.send(HERE, text("x"), "k")).attempts == 1


class TestPace:
    def test_the_defaults_keep_the_platforms_limits(self) -> None:
        config = FeishuConfig(webhook_url="https://open.feishu.cn/open-apis/bot/v2/hook/a")  # type: ignore[arg-type]
        second, minute = Rate.parse(config.chat_rate), hook_module._PER_MINUTE
        assert (second.count, minute.count) == (5, 100)
        assert second.period > 1
        assert minute.period > 60

    async def test_five_a_second(self, rig: Rig, bot: CustomBot) -> None:
        """The emulator notes a violation for the sixth message of a second."""
        adapter = make(rig, bot, chat_rate="5/1.1s")
        await asyncio.gather(*(adapter.send(HERE, text(f"{n}"), f"{n}") for n in range(8)))
        assert len(rig.feishu.messages) == 8
        assert rig.feishu.violations == []

    async def test_what_is_held_back_too_long_is_given_up(self, rig: Rig, bot: CustomBot) -> None:
        adapter = make(rig, bot, send_timeout=0.2)
        adapter.hook.pacer.pause("minute", 60)
        with pytest.raises(RateLimitedError, match="held it back"):
            await say(adapter, "x")
        assert rig.calls("/hook/") == []

    async def test_a_refusal_holds_back_the_others_too(self, rig: Rig, bot: CustomBot) -> None:
        rig.feishu.faults.refuse_hook(11232)
        adapter = make(rig, bot, send_timeout=30)
        first = asyncio.create_task(say(adapter, "first"))
        await until(lambda: adapter.counters()["retries"] == 1)
        second = asyncio.create_task(say(adapter, "second"))
        await until(lambda: adapter.hook.pacer.waiting == 1)
        for task in (first, second):
            task.cancel()
        await asyncio.wait((first, second))
        assert len(rig.calls("/hook/")) == 1

    @pytest.mark.parametrize("now", [0.0, 1799.5, 1800.0, 1801.0, 1814.0, 3599.9, 900.0, 1750.0])
    @pytest.mark.parametrize("delay", [0.0, 1.0, 4.9, 30.0])
    def test_no_wait_ends_in_the_rush(self, now: float, delay: float) -> None:
        jitter = random.Random(1)
        waits = {after_the_rush(delay, now, jitter) for _ in range(20)}
        for wait in waits:
            assert delay <= wait <= delay + 30
            assert (now + wait) % 1800 >= 15 - 1e-6
        assert (len(waits) > 1) == ((now + delay) % 1800 < 15)


async def test_nothing_shows_the_address(
    rig: Rig, bot: CustomBot, adapter: CustomBotAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await adapter.start()
    await say(adapter, "x")
    token = bot.url.rpartition("/")[2]
    shown = [repr(adapter), repr(adapter.hook), repr(adapter.config), str(adapter.config.model_dump()), caplog.text,
             json.dumps(adapter.counters())]  # fmt: skip
    assert not [one for one in shown if token in one or SECRET in one]


def test_rules_that_retry_are_those_that_say_nothing_was_posted() -> None:
    assert [rule.code for rule in CUSTOM_BOT_ERRORS if rule.reaction is Reaction.RETRY] == [11232]
