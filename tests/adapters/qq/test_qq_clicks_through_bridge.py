"""Clicks through a whole bridge: a skill sends buttons, is told of clicks, and what it says is a message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from contract import until
from qq_rig import Rig

from imbridge import Bridge
from imbridge.emulators.qq import BotMessage, Group
from imbridge.protocol import Button, ButtonClicked, Card, MenuClicked, Message, Reply, Select, Toast

ASK = Card(
    title="Release?",
    body=("Build 7", Button("Yes", value={"build": 7}), Button("No"), Select(name="speed", options={"s": "Slow"})),
)
DONE = Card(title="Released", body=("by Alice",))


@asynccontextmanager
async def bridged(rig: Rig, say: Any, told: list[Any], **settings: Any) -> AsyncIterator[Bridge]:
    """A bridge that shows the card to who says anything, and says this to each click."""
    bridge = Bridge([rig.config(**settings)])

    @bridge.on_message
    async def ask(msg: Message) -> Card:
        return ASK

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> Any:
        told.append(event)
        if isinstance(say, Exception):
            raise say
        return say

    @bridge.on_event(MenuClicked)
    async def chosen(event: MenuClicked) -> str:
        told.append(event)
        return f"menu {event.key}"

    async with bridge:
        yield bridge


@pytest.fixture
def told() -> list[Any]:
    """The clicks that the skill was told of."""
    return []


async def shown(rig: Rig, chat: Any = None) -> BotMessage:
    await rig.alice.says("deploy", bot=rig.bot, chat=chat, mentions=[] if chat is None else [rig.bot])
    return await rig.alice.receives(chat=chat)


async def test_the_skill_is_told_and_the_button_turns_no_more(rig: Rig, told: list[Any]) -> None:
    async with bridged(rig, None, told):
        card = await shown(rig)
        assert await rig.alice.clicks(card, "Yes") == 0
        await until(lambda: told, "the click")
        event = told[0]
        assert (event.action, event.value, event.form) == ("Yes", {"build": 7}, {})
        assert event.channel.address == f"qq:work/private/{rig.alice.openid_for(rig.bot)}"
        assert event.actor.id == rig.alice.openid_for(rig.bot)
        assert await rig.alice.clicks(card, "Slow") == 0
        await until(lambda: len(told) == 2, "the second click")
        assert (told[1].action, told[1].value) == ("speed", "s")
    assert rig.qq.violations == []


async def test_it_is_answered_before_the_skill_is_done(rig: Rig, told: list[Any]) -> None:
    free = asyncio.Event()
    bridge = Bridge([rig.config()])

    @bridge.on_message
    async def ask(msg: Message) -> Card:
        return ASK

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> str:
        await free.wait()
        return "late"

    async with bridge:
        card = await shown(rig)
        assert await rig.alice.clicks(card, "Yes") == 0
        free.set()
        await rig.alice.receives("late")


async def test_what_it_says_answers_the_event(rig: Rig, told: list[Any]) -> None:
    async with bridged(rig, "noted", told):
        card = await shown(rig)
        await rig.alice.clicks(card, "Yes")
        answer = await rig.alice.receives("noted")
        assert answer.reply_to.startswith("INTERACTION_CREATE:")
        assert not answer.active
    assert rig.qq.violations == []


async def test_a_toast_and_a_card_are_one_message(rig: Rig, told: list[Any]) -> None:
    async with bridged(rig, [Toast("Noted", kind="success"), DONE], told):
        card = await shown(rig)
        await rig.alice.clicks(card, "Yes")
        assert (await rig.alice.receives()).text == "## Released\n\nby Alice\n\n> Noted"
        assert card.text.startswith("## Release?")  # which stays as it is
        await rig.alice.receives_nothing()


@pytest.mark.parametrize(
    ("say", "shows"),
    [
        (Toast("Noted"), "Noted"),
        (DONE, "## Released\n\nby Alice"),
        (Reply(elements=(DONE,)), "## Released\n\nby Alice"),
        ([Toast("Noted"), Card(content={"markdown": {"content": "own"}})], "Noted"),
    ],
)
async def test_either_alone_is_a_message(rig: Rig, told: list[Any], say: Any, shows: str) -> None:
    async with bridged(rig, say, told):
        card = await shown(rig)
        await rig.alice.clicks(card, "No")
        assert (await rig.alice.receives()).text == shows


async def test_in_a_group(rig: Rig, told: list[Any], team: Group) -> None:
    async with bridged(rig, DONE, told):
        card = await shown(rig, team)
        assert await rig.alice.clicks(card, "Yes") == 0
        answer = await rig.alice.receives(chat=team)
        assert answer.text == "## Released\n\nby Alice"
        assert told[0].actor.id == rig.alice.member_openid_for(rig.bot, team)
    assert rig.qq.violations == []


async def test_in_a_channel(rig: Rig, told: list[Any]) -> None:
    channel = rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot]).add_channel("talk")
    async with bridged(rig, DONE, told):
        card = await shown(rig, channel)
        assert await rig.alice.clicks(card, "Yes") == 0
        assert (await rig.alice.receives(chat=channel)).text == "## Released\n\nby Alice"
        assert told[0].message_id == card.id
    assert rig.qq.violations == []


async def test_the_menu_of_a_single_chat(rig: Rig, told: list[Any]) -> None:
    async with bridged(rig, None, told):
        rig.qq.world.clicks.menu(rig.alice, rig.bot, "about")
        await rig.alice.receives("menu about")
        await until(lambda: rig.qq.stats.interactions_answered == 1, "the answer to the menu")
    assert rig.qq.violations == []


async def test_a_skill_that_fails_leaves_no_button_turning(rig: Rig, told: list[Any]) -> None:
    async with bridged(rig, RuntimeError("boom"), told):
        card = await shown(rig)
        assert await rig.alice.clicks(card, "Yes") == 0
        await until(lambda: told, "the click")
        await rig.alice.receives_nothing()


async def test_an_answer_that_got_lost_is_given_again(rig: Rig, told: list[Any]) -> None:
    async with bridged(rig, "noted", told):
        card = await shown(rig)
        rig.qq.faults.cut_before("/interactions/*")
        assert await rig.alice.clicks(card, "Yes") == 0
        await rig.alice.receives("noted")


async def test_one_that_cannot_be_answered_is_handled_all_the_same(
    rig: Rig, told: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "imbridge")
    async with bridged(rig, "noted", told) as bridge:
        card = await shown(rig)
        rig.qq.faults.refuse("/interactions/*", 630001)
        with pytest.raises(TimeoutError):
            await rig.alice.clicks(card, "Yes", timeout=0.5)
        await rig.alice.receives("noted")
        await until(lambda: bridge.counters()["qq:work"].get("clicks_untold") == 1, "the answer that was refused")
    assert "could not be answered" in caplog.text


async def test_one_that_comes_twice_is_handled_once(rig: Rig, told: list[Any]) -> None:
    async with bridged(rig, "noted", told):
        card = await shown(rig)
        with rig.qq.faults.duplicate_events(2, times=1, event_type="INTERACTION_CREATE"):
            assert await rig.alice.clicks(card, "Yes") == 0
        await rig.alice.receives("noted")
        await rig.alice.receives_nothing()
        assert len(told) == 1
    assert rig.qq.stats.interactions_answered == 1
    assert rig.qq.violations == []
