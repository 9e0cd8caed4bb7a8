"""Numbered choices on QQ, through a whole bridge: what is answered with a number is a click."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from contract import until
from qq_rig import Rig

from imbridge import Bridge, BridgeOptions
from imbridge.emulators.qq import Group
from imbridge.protocol import Button, ButtonClicked, Card, Message, Receipt, Toast

ASK = Card(title="Which?", body=tuple(Button(f"Build {n}", action="build", value=n) for n in range(1, 27)))
"""More than there is room for."""


@asynccontextmanager
async def bridged(rig: Rig, told: list[Any], **options: Any) -> AsyncIterator[Bridge]:
    """A bridge that shows the card to who says `ask`, and says what it was told."""
    bridge = Bridge([rig.config()], options=BridgeOptions(**options))

    @bridge.on_message
    async def heard(msg: Message) -> Any:
        if msg.text == "ask":
            told.append(await msg.reply(ASK))
            return None
        told.append(msg)
        return f"message {msg.text}"

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> list[Any]:
        told.append(event)
        return [Toast("Noted"), f"{event.action} {event.value}"]

    async with bridge:
        yield bridge


async def test_a_number_is_a_click_and_its_answer_a_message(rig: Rig) -> None:
    told: list[Any] = []
    async with bridged(rig, told) as bridge:
        await rig.alice.says("ask", bot=rig.bot)
        card = await rig.alice.receives()
        assert "2. Build 2" in card.text
        await until(lambda: told, "the receipt")
        await rig.alice.says("hello", bot=rig.bot)
        await rig.alice.receives("message hello")
        await rig.alice.says("２。", bot=rig.bot)
        answer = await rig.alice.receives("Notedbuild 2")
        assert not answer.active  # it answers the message
        await rig.alice.says("2", bot=rig.bot)
        await rig.alice.receives("message 2")
        assert bridge.counters()["bridge"]["choices"] == 1
    receipt, _, event, _ = told
    assert isinstance(receipt, Receipt)
    assert receipt.parts[0].choices[:2] == ("Build 1", "Build 2")
    assert [(one.what, one.how) for one in receipt.degradations] == [("button", "numbered choices")]
    assert (event.action, event.value, event.verified) == ("build", 2, True)
    assert (event.message_id, event.said_in) == (receipt.message_id, event.id)
    assert event.payload["content"] == "２。"
    assert rig.qq.violations == []


async def test_in_a_group_each_person_answers_once(rig: Rig) -> None:
    bob = rig.qq.add_user("Bob")
    team: Group = rig.qq.add_group("Team", members=[rig.alice, bob], bots=[rig.bot])
    told: list[Any] = []
    async with bridged(rig, told):
        await rig.alice.says("ask", bot=rig.bot, chat=team, mentions=[rig.bot])
        await rig.alice.receives(chat=team)
        await until(lambda: told, "the receipt")
        for person in (rig.alice, bob):
            await person.says("26", bot=rig.bot, chat=team, mentions=[rig.bot])
            await rig.alice.receives("Notedbuild 26", chat=team)
        await bob.says("1", bot=rig.bot, chat=team, mentions=[rig.bot])
        await rig.alice.receives("message 1", chat=team)
    assert [event.value for event in told if isinstance(event, ButtonClicked)] == [26, 26]


async def test_after_a_restart_with_the_option_state(rig: Rig, tmp_path: Path) -> None:
    told: list[Any] = []
    for state, said in ((tmp_path / "state.db", "Notedbuild 3"), (None, "message 3")):
        async with bridged(rig, told, state=state):
            await rig.alice.says("ask", bot=rig.bot)
            await rig.alice.receives()
            await until(lambda: told and isinstance(told[-1], Receipt), "the receipt")
        async with bridged(rig, told, state=state):
            await rig.alice.says("3", bot=rig.bot)
            await rig.alice.receives(said)
