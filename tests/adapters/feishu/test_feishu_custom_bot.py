"""Custom bots: what arrives in the group, what is refused, and when a message is posted again."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import random
import time
from dataclasses import replace
from typing import Any

import pytest
from contract import until
from feishu_rig import Rig, text

from imbridge import Bridge
from imbridge.adapters.base import Adapter, AdapterContext, Health, Target
from imbridge.adapters.feishu import FeishuAdapter, FeishuConfig
from imbridge.adapters.feishu.crypto import hook_signature
from imbridge.adapters.feishu.custom import hook as hook_module
from imbridge.adapters.feishu.custom.custom_bot import CustomBotAdapter
from imbridge.adapters.feishu.custom.hook import after_the_rush
from imbridge.adapters.feishu.errors import CUSTOM_BOT_ERRORS
from imbridge.emulators.feishu import CustomBot
from imbridge.protocol import (
    Button,
    Card,
    Channel,
    ChannelKind,
    Contact,
    ContentRefusedError,
    DeliveryError,
    Emoji,
    Image,
    Link,
    Markdown,
    Mention,
    MentionAll,
    NotPermittedError,
    NotSupportedError,
    RateLimitedError,
    TargetGoneError,
    to_reply,
)
from imbridge.rendering import Part, PartKind, render
from imbridge.transport import Backoff, ErrorTable, HttpPool, Rate, Reaction

SECRET = "canary-hook-secret"
HERE = Target(Channel(platform="feishu", account="alerts", kind=ChannelKind.GROUP, id="hook"))


@pytest.fixture
def bot(rig: Rig) -> CustomBot:
    group = rig.feishu.add_group("alerts", members=[rig.alice], apps=[])
    return rig.feishu.add_custom_bot(group, name="Alerts", secret=SECRET)


def make(rig: Rig, bot: CustomBot, pool: HttpPool | None = None, **config: Any) -> CustomBotAdapter:
    settings = {"name": "alerts", "webhook_url": bot.url, "webhook_secret": SECRET, "chat_rate": "1000/s"} | config
    context = AdapterContext(rig.intake, pool or rig.pool, rig._on_health)
    adapter = FeishuAdapter.create(FeishuConfig(**settings), context)
    assert isinstance(adapter, CustomBotAdapter)
    adapter.hook._backoff = Backoff(0.05, 1.0)
    return adapter


@pytest.fixture
def adapter(rig: Rig, bot: CustomBot) -> CustomBotAdapter:
    return make(rig, bot)


async def say(adapter: Adapter, content: Any) -> list[Any]:
    """Render and send as a bridge does; all degradations."""
    rendered = render(to_reply(content), adapter.capabilities, measure=adapter.measure)
    degradations = list(rendered.degradations)
    for number, part in enumerate(rendered.parts):
        degradations += (await adapter.send(HERE, part, f"k{number}")).degradations
    return degradations


class TestSaid:
    async def test_text(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        assert await say(adapter, "备份失败 & <b>") == []
        (message,) = rig.feishu.messages
        assert message.text == "备份失败 & <b>"
        assert rig.feishu.violations == []

    async def test_text_that_looks_like_markup_stays_text(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        await say(adapter, 'x <at user_id="all">all</at>')
        (message,) = rig.feishu.messages
        assert message.msg_type == "post"
        assert message.content["zh_cn"]["content"] == [[{"tag": "text", "text": 'x <at user_id="all">all</at>'}]]
        assert message.at_ids == ()

    async def test_mentions(self, rig: Rig, adapter: CustomBotAdapter, bot: CustomBot) -> None:
        await say(adapter, [Mention(id=rig.alice.user_id, name="Alice"), " and ", MentionAll()])
        (message,) = rig.feishu.messages
        assert message.msg_type == "text"
        assert rig.alice.user_id in message.at_ids
        assert '<at user_id="all">' in message.content["text"]

    async def test_rich(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        assert await say(adapter, ["see ", Link(url="https://x.example", title="the page")]) == []
        (message,) = rig.feishu.messages
        assert message.msg_type == "post"
        assert "the page" in message.text

    async def test_markdown_is_a_card_and_calls_nobody(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        assert await say(adapter, Markdown("**down** <at id=all></at>")) == []
        (message,) = rig.feishu.messages
        assert message.msg_type == "interactive"
        (element,) = message.content["body"]["elements"]
        assert element["tag"] == "markdown"
        assert element["content"].replace("\u200b", "") == "**down** <at id=all></at>"
        assert "<at" not in element["content"]

    async def test_the_platforms_own_card(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        card = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "hi"}]}}
        assert await say(adapter, Card(content=card)) == []
        assert rig.feishu.messages[0].content == card

    async def test_an_image_that_an_app_has_uploaded(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        app = await rig.start()
        await app.send(rig.target(), Part(PartKind.MEDIA, (Image(data=b"\x89PNG\r\n\x1a\n" + bytes(64)),)), "k")
        key = rig.feishu.messages[-1].content["image_key"]
        assert await say(adapter, Image(key=key)) == []
        assert rig.feishu.messages[-1].msg_type == "image"

    @pytest.mark.parametrize("beside", [(), ("look: ",)])
    async def test_an_image_from_bytes_becomes_text(
        self, rig: Rig, adapter: CustomBotAdapter, beside: tuple[str, ...]
    ) -> None:
        (degradation,) = await say(adapter, [*beside, Image(data=b"\x89PNG\r\n\x1a\n")])
        assert (degradation.what, degradation.how) == ("image", "text")
        assert "image_key" in degradation.why
        assert Image(data=b"x").as_text() in rig.feishu.messages[0].text

    async def test_its_group_is_shared_and_a_person_is_named(
        self, rig: Rig, adapter: CustomBotAdapter, bot: CustomBot
    ) -> None:
        assert await say(adapter, Contact(kind="chat", id=bot.chat.chat_id)) == []
        assert rig.feishu.messages[0].content == {"chat_id": bot.chat.chat_id}
        (degradation,) = await say(adapter, Contact(kind="user", id="ou_1", name="Alice"))
        assert (degradation.what, degradation.how) == ("contact", "text")
        assert rig.feishu.messages[1].text == "[user: Alice]"

    async def test_a_card_of_the_model(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        (degradation,) = await say(adapter, Card(title="Disk", body=("it is **full**", Button("Acknowledge"))))
        assert degradation.how == "shown, its buttons and inputs do nothing"
        (message,) = rig.feishu.messages
        assert "it is **full**" in message.text
        assert await say(adapter, Card(title="Disk", body=(Button("Open", url="https://x.example"),))) == []

    async def test_an_emoji_by_its_code_is_text(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        (degradation,) = await say(adapter, ["so ", Emoji(code="SMILE"), Link(url="https://x.example", title="x")])
        assert degradation.what == "emoji"
        assert "[SMILE]" in rig.feishu.messages[0].text

    async def test_a_long_text_is_split_by_the_size_of_the_request(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        said = "灾" * 15_000 + '"' * 5_000
        await say(adapter, said)
        assert "".join(message.text for message in rig.feishu.messages) == said
        assert len(rig.feishu.messages) == 3

    async def test_a_long_markdown_is_split(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        await say(adapter, Markdown("\n\n".join(f"paragraph {n} " + "x" * 500 for n in range(90))))
        assert len(rig.feishu.messages) == 3

    async def test_nothing_that_an_app_has_made(self, adapter: CustomBotAdapter) -> None:
        with pytest.raises(NotSupportedError, match="an app has made"):
            await say(adapter, Card(content={"type": "card", "data": {"card_id": "1"}}))

    async def test_without_a_secret(self, rig: Rig, bot: CustomBot) -> None:
        bot.secret = ""
        await say(make(rig, bot, webhook_secret=None), "plain")
        assert [message.text for message in rig.feishu.messages] == ["plain"]
        assert "sign" not in rig.calls("/hook/")[0]["request"]

    async def test_it_can_do_nothing_else(self, adapter: CustomBotAdapter) -> None:
        part, channel = text("x"), HERE.channel
        for attempt in (
            adapter.edit(channel, "om_1", part), adapter.recall(channel, "om_1"), adapter.react(channel, "om_1", "OK"),
            adapter.unreact(channel, "om_1", "OK"), adapter.typing(channel, "om_1", True),
        ):  # fmt: skip
            with pytest.raises(NotSupportedError):
                await attempt
        assert adapter.routes() == ()
        assert adapter.grow(markdown=True) is None

    async def test_a_reply_and_a_thread_go_to_the_group(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        channel = HERE.channel.model_copy(update={"thread": "omt_1"})
        sent = await adapter.send(Target(channel, reply_to="om_1"), text("x"), "k")
        assert [one.what for one in sent.degradations] == ["reply", "thread"]
        assert [message.text for message in rig.feishu.messages] == ["x"]


@pytest.mark.parametrize(
    ("kind", "name"), [(ChannelKind.GROUP, "oc_1"), (ChannelKind.PRIVATE, "hook"), (ChannelKind.USER, "ou_1")]
)
async def test_any_other_channel_is_refused(rig: Rig, adapter: CustomBotAdapter, kind: ChannelKind, name: str) -> None:
    target = Target(Channel(platform="feishu", account="alerts", kind=kind, id=name))
    with pytest.raises(TargetGoneError, match="feishu:alerts/group/hook"):
        await adapter.send(target, text("x"), "k")
    assert rig.calls("/hook/") == []


def test_signature() -> None:
    """The document's own example code, run with its values."""
    expected = base64.b64encode(hmac.new(b"1599360473\ndemo", digestmod=hashlib.sha256).digest()).decode()
    assert hook_signature("1599360473", "demo") == expected


class TestLife:
    async def test_up_without_io(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        await adapter.start()
        assert adapter.health is Health.UP
        await adapter.stop_reading()
        await adapter.close()
        assert [health for health, _ in rig.health] == [Health.UP, Health.STOPPED]
        assert rig.requests == []

    async def test_on_a_bridge(self, rig: Rig, bot: CustomBot) -> None:
        bot.secret = ""
        async with Bridge.from_env(environ={"FEISHU_WEBHOOK_URL": bot.url}) as bridge:
            assert bridge.health() == {"feishu:default": Health.UP}
            receipt = await bridge.send("feishu:default/group/hook", "from a bridge")
            assert receipt
            assert receipt.message_id is None
            refused = await bridge.send("feishu:default/group/oc_1", "nowhere")
        assert not refused
        assert "feishu:default/group/hook" in refused.error
        assert [message.text for message in rig.feishu.messages] == ["from a bridge"]

    async def test_probe_posts_nothing(self, rig: Rig, bot: CustomBot, adapter: CustomBotAdapter) -> None:
        assert (await adapter.probe()).ok
        bot.keywords = ["disk"]
        assert (await adapter.probe()).ok
        bot.ip_allowed = False
        assert not rig.feishu.messages

    async def test_probe_of_an_address_that_is_none(self, rig: Rig, bot: CustomBot) -> None:
        found = await make(rig, bot, webhook_url=f"{bot.url}x").probe()
        assert not found.ok
        (problem,) = found.problems
        assert "19001" in problem
        assert "was the bot removed?" in problem
        assert bot.url.rpartition("/")[2] not in problem

    async def test_probe_of_an_address_that_nobody_answers(self, rig: Rig, bot: CustomBot) -> None:
        found = await make(rig, bot, webhook_url="http://127.0.0.1:9/open-apis/bot/v2/hook/canary").probe()
        assert not found.ok
        assert "hook/***: cannot connect" in found.problems[0]
        assert "canary" not in found.problems[0]


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
        adapter = make(rig, bot, webhook_url="http://127.0.0.1:9/open-apis/bot/v2/hook/canary", send_timeout=0.5)
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
