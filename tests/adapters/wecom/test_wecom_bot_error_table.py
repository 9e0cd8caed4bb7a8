"""Each row of the smart bots' error table does what it says, over the real connection."""

import asyncio

import pytest
from contract import until
from wecom_bot_rig import BotRig, alone, text

from backoffs import SoOften
from imbridge.adapters.base import Health
from imbridge.adapters.errcode_refusals import DegradeError, RetargetError
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.adapters.wecom.bot.errors import BOT_ERRORS, INVALID_REQ_ID, STREAM_OVER
from imbridge.adapters.wecom.bot.frames import SEND
from imbridge.protocol import (
    AuthError,
    ContentRefusedError,
    DeliveryError,
    LinkError,
    NotPermittedError,
    RateLimitedError,
    TargetGoneError,
)
from imbridge.rendering import PartKind
from imbridge.transport import ErrorRule, Reaction

ROWS = [pytest.param(rule, id=f"{rule.code}") for rule in BOT_ERRORS]
PASSING = [pytest.param(rule, id=f"{rule.code}") for rule in BOT_ERRORS if rule.reaction is Reaction.RETRY]
STOPPING = [pytest.param(rule, id=f"{rule.code}") for rule in BOT_ERRORS if rule.reaction is Reaction.STOP]
KINDS: dict[Reaction, type[DeliveryError]] = {
    Reaction.RETRY: RateLimitedError,
    Reaction.RECONNECT: DeliveryError,
    Reaction.STOP: NotPermittedError,
    Reaction.RETARGET: RetargetError,
    Reaction.DEAD: TargetGoneError,
    Reaction.DEGRADE: DegradeError,
    Reaction.FAIL: ContentRefusedError,
}


@pytest.mark.parametrize("rule", ROWS)
async def test_the_error_of_a_command(bots: BotRig, rule: ErrorRule) -> None:
    """What becomes of a push that is refused with this code each time."""
    bot = await bots.start(send_timeout=30)
    bot.caller.backoff = SoOften(0)
    bots.chat.open_to.add(bots.bot)
    with bots.platform.faults.refuse(SEND, int(rule.code), times=None) as refused:
        with pytest.raises(KINDS[rule.reaction]) as caught:
            await bot.send(bots.target(), text("hi"), "key")
        tries = refused.hits
    assert caught.value.code == rule.code
    assert caught.value.platform == "wecom"
    assert not caught.value.ambiguous
    assert rule.meaning in str(caught.value)
    assert rule.hint in str(caught.value)
    assert tries == (2 if rule.reaction is Reaction.RECONNECT else 1)


@pytest.mark.parametrize("rule", PASSING)
async def test_passing_trouble_is_waited_for(bots: BotRig, bot: BotAdapter, rule: ErrorRule) -> None:
    """As long as the row says: the longest here are shortened."""
    bots.chat.open_to.add(bots.bot)
    bots.platform.faults.refuse(SEND, int(rule.code))
    sending = asyncio.create_task(bot.send(bots.target(), text("hi"), "key"))
    if (rule.delay or 0) > 1:
        await until(lambda: bots.platform.stats.refused == 1)
        await asyncio.sleep(0.1)
        assert not sending.done()
        sending.cancel()
        await asyncio.wait((sending,))
        return
    assert (await sending).attempts == 2


@pytest.mark.parametrize("rule", STOPPING)
async def test_a_subscription_that_is_refused_for_good(bots: BotRig, rule: ErrorRule) -> None:
    bot = bots.make()
    bots.platform.faults.refuse("aibot_subscribe", int(rule.code), times=None)
    with pytest.raises(AuthError, match="bot_secret") as caught:
        await bot.start()
    assert caught.value.code == rule.code
    assert bot.health is Health.FAILED
    assert bots.bot.secret not in str(caught.value)


async def test_a_subscription_that_is_refused_for_now(bots: BotRig) -> None:
    bot = bots.make()
    bots.platform.faults.refuse("aibot_subscribe", -1)
    await bot.start()
    assert bot.health is Health.UP
    assert bots.platform.stats.subscribes == 1


def test_too_many_subscriptions_wait_as_the_row_says(bots: BotRig) -> None:
    verdict = bots.make().driver.classify(LinkError("x", code=45009))
    assert (verdict.fatal, verdict.min_delay) == (False, 5.0)


@pytest.mark.parametrize("code", [INVALID_REQ_ID, STREAM_OVER])
async def test_an_answer_that_cannot_be_given_is_pushed(bots: BotRig, bot: BotAdapter, code: int) -> None:
    target = await bots.asked()
    bots.platform.faults.refuse("aibot_respond_msg", code)
    await bot.send(target, text("hi"), "key")
    assert [message.how for message in bots.platform.messages] == ["push"]


@pytest.mark.parametrize("code", [40008, 40058])
async def test_an_answer_that_is_refused_as_a_stream_goes_as_markdown(bots: BotRig, bot: BotAdapter, code: int) -> None:
    target = await bots.asked()
    bots.platform.faults.refuse("aibot_respond_msg", code)
    await bot.send(target, text("hi"), "key")
    assert [(message.how, message.kind, message.text) for message in bots.platform.messages] == [
        ("push", "markdown", "hi")
    ]


async def test_a_growing_answer_that_is_refused_goes_as_markdown(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    stream = bot.grow(markdown=True)
    bots.platform.faults.refuse("aibot_respond_msg", 40008, times=2)
    sent = await bot.send(target, alone(PartKind.CARD, await stream.open("one")), "key")
    assert sent.degradations[0].how.startswith("text")
    assert [(message.how, message.text) for message in bots.platform.messages] == [("push", "one")]


async def test_a_code_in_no_table(bots: BotRig, bot: BotAdapter) -> None:
    bots.platform.faults.refuse(SEND, 123456)
    with pytest.raises(DeliveryError, match="123456") as caught:
        await bot.send(bots.target(), text("hi"), "key")
    assert type(caught.value) is DeliveryError
