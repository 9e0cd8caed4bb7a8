"""A smart bot has one connection: whoever is kicked out says so, comes back once, and does not fight."""

import asyncio

import pytest
from contract import until
from wecom_bot_rig import BotRig, text

from imbridge.adapters.base import Health
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.adapters.wecom.bot.kicked import Kicks
from imbridge.protocol import DeliveryError


async def test_kicked_once_it_comes_back(bots: BotRig, bot: BotAdapter) -> None:
    assert bots.platform.faults.kick(bots.bot) == 1
    await until(lambda: bots.platform.stats.subscribes == 2)
    await until(lambda: bot.health is Health.UP)
    assert any(health is Health.DOWN and "another connection took the bot" in why for health, why in bots.health)
    await bots.asked("still there?")


async def test_kicked_and_not_cut_it_does_not_stay_on_the_dead_connection(bots: BotRig, bot: BotAdapter) -> None:
    """The platform lets the old connection look healthy for minutes."""
    bots.platform.faults.kick(bots.bot, close=False)
    await until(lambda: bots.platform.stats.subscribes == 2)
    await bots.asked("still there?")


async def test_kicked_again_it_stays_away_and_says_why(bots: BotRig, bot: BotAdapter) -> None:
    for number in (2, 3):
        bots.platform.faults.kick(bots.bot)
        if number == 2:
            await until(lambda: bots.platform.stats.subscribes == 2)
            await until(lambda: bot.health is Health.UP)
    await until(lambda: bot.health is Health.FAILED)
    health, why = bots.health[-1]
    assert health is Health.FAILED
    assert "another process uses this bot" in why
    assert not (await bot.probe()).ok
    with pytest.raises(DeliveryError, match="another process uses this bot") as caught:
        await bot.send(bots.target(), text("hi"), "key")
    assert not caught.value.ambiguous
    assert bot.counters()["kicked"] == 2


async def test_of_two_that_fight_exactly_one_remains(bots: BotRig) -> None:
    first = await bots.start()
    second = bots.make()
    second.driver.kicks.pause = (0.03, 0.05)
    starting = asyncio.create_task(second.start())
    await until(lambda: Health.FAILED in (first.health, second.health), "the end of the fight")
    await asyncio.wait((starting,), timeout=30)
    assert starting.done()
    await asyncio.sleep(0.3)
    survivors = [one for one in (first, second) if one.health is Health.UP]
    assert len(survivors) == 1
    subscribes = bots.platform.stats.subscribes
    await bots.asked("who is there?")
    assert bots.intake.texts == ["who is there?"]
    await asyncio.sleep(0.2)
    assert bots.platform.stats.subscribes == subscribes
    assert starting.exception() is None or second.health is Health.FAILED


def test_two_kicks_far_apart_are_no_fight() -> None:
    kicks = Kicks("wecom:bot")
    assert not kicks.note(0.0).fatal
    assert not kicks.note(601.0).fatal
    assert kicks.note(1200.0).fatal
    assert kicks.count == 3


def test_the_wait_before_coming_back_is_spread() -> None:
    waits = {Kicks("wecom:bot").wait() for _ in range(20)}
    assert len(waits) > 10
    assert all(5.0 <= wait <= 15.0 for wait in waits)
