"""Clicks through a whole bridge: a skill sends a card, is told of clicks, and what it says is seen on the card."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from contract import until
from dingtalk_cards import CREATE, UPDATE, card_calls, card_of, seen, texts
from dingtalk_rig import Rig

from imbridge import Bridge
from imbridge.emulators.dingtalk import BotMessage, Group
from imbridge.protocol import Button, ButtonClicked, Card, ContentRefusedError, Form, Image, Input, Select, Toast

ASK = Card(title="Release?", body=("Build 7", Button("Yes", value={"build": 7}), Button("No")))
DONE = Card(title="Released", body=("by Alice", Button("Undo")))
RAW = Card(content={"cardTemplateId": "my.schema", "cardParamMap": {"state": "asked"}})


@asynccontextmanager
async def bridged(
    rig: Rig, say: Any, told: list[ButtonClicked], *, until: asyncio.Event | None = None, **settings: Any
) -> AsyncIterator[Bridge]:
    """A bridge that says this to each click, once something has happened."""
    bridge = Bridge([rig.config(**settings)])

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> Any:
        told.append(event)
        if until is not None:
            await until.wait()
        if isinstance(say, Exception):
            raise say
        return say

    async with bridge:
        yield bridge


@pytest.fixture
def told() -> list[ButtonClicked]:
    """The clicks that the skill was told of."""
    return []


async def ask(rig: Rig, bridge: Bridge, asked: Card = ASK, where: str = "") -> BotMessage:
    """The card, sent."""
    receipt = await bridge.send(where or f"dingtalk:work/user/{rig.alice.userid}", asked)
    assert receipt, receipt.error
    return rig.sent()[-1]


def id_of(message: BotMessage, text: str) -> str:
    """The id of a button, as the client sends it."""
    buttons = json.loads(card_of(message).data["sys_full_json_obj"])["msgButtons"]
    return str(next(button["id"] for button in buttons if button["text"] == text))


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
async def test_a_card_in_place_of_the_one_that_was_clicked(
    rig: Rig, told: list[ButtonClicked], late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time it is the answer to the callback, later it is an update."""
    if late:
        monkeypatch.setattr("imbridge.adapters.dingtalk.link.ANSWER_WITHIN", 0.0)
    calls = card_calls(rig)
    acknowledged = asyncio.Event()
    async with bridged(rig, DONE, told, until=acknowledged if late else None) as bridge:
        message = await ask(rig, bridge)
        answer = await rig.alice.clicks(message, action_id=id_of(message, "Yes"))
        acknowledged.set()
        await until(lambda: card_of(message).data["msgTitle"] == "Released", "the other card")
    (event,) = told
    assert (event.action, event.value, event.form) == ("Yes", {"build": 7}, {})
    assert event.message_id == card_of(message).out_track_id
    assert event.actor is not None
    assert event.actor.id == rig.alice.userid
    assert event.channel is not None
    assert event.channel.address == f"dingtalk:work/private/{rig.alice.userid}"
    assert (answer == {}) == late
    assert calls == [("POST", CREATE)] + [("PUT", UPDATE)] * late
    assert message.text == "by Alice"
    assert rig.ding.violations == []


async def test_a_toast_is_a_line_for_who_has_clicked(rig: Rig, told: list[ButtonClicked], team: Group) -> None:
    bob = rig.ding.add_user("Bob")
    team.members.append(bob)
    async with bridged(rig, [Toast("*Noted*"), "and a word"], told) as bridge:
        message = await ask(rig, bridge, where=f"dingtalk:work/group/{team.open_conversation_id}")
        await rig.alice.clicks(message, action_id="No")
        await until(lambda: "and a word" in texts(rig), "the message")
    card = card_of(message)
    assert card.text_for(rig.alice.userid) == "Build 7\n\\*Noted\\*"
    assert card.text_for(bob.userid) == card.text == "Build 7"
    assert (told[0].action, told[0].value) == ("No", None)
    assert told[0].channel is not None
    assert told[0].channel.id == team.open_conversation_id
    assert rig.ding.violations == []


async def test_a_card_and_a_toast(rig: Rig, told: list[ButtonClicked]) -> None:
    async with bridged(rig, [Toast("Done"), DONE], told) as bridge:
        message = await ask(rig, bridge)
        await rig.alice.clicks(message, action_id="No")
    assert card_of(message).text_for(rig.alice.userid) == "by Alice\nDone"
    assert rig.ding.violations == []


async def test_a_card_without_a_toast_takes_the_last_toast_away(rig: Rig, told: list[ButtonClicked]) -> None:
    said: list[Any] = [Toast("Wait"), DONE]
    bridge = Bridge([rig.config()])

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> Any:
        return said.pop(0)

    async with bridge:
        message = await ask(rig, bridge)
        await rig.alice.clicks(message, action_id="No")
        assert card_of(message).text_for(rig.alice.userid) == "Build 7\nWait"
        await rig.alice.clicks(message, action_id="No")
    assert card_of(message).text_for(rig.alice.userid) == "by Alice"


@pytest.mark.parametrize("say", [None, ContentRefusedError("no", platform="dingtalk")], ids=["nothing", "an error"])
async def test_nothing_is_said(rig: Rig, told: list[ButtonClicked], say: Any) -> None:
    async with bridged(rig, say, told) as bridge:
        message = await ask(rig, bridge)
        assert await rig.alice.clicks(message, action_id="No") == {}
    assert len(told) == 1
    assert message.text == "Build 7"
    assert rig.ding.violations == []


async def test_a_choice_is_a_button(rig: Rig, told: list[ButtonClicked]) -> None:
    asked = Card(body=(Select(name="colour", options={"r": "Red", "b": "Blue"}),))
    async with bridged(rig, None, told) as bridge:
        message = await ask(rig, bridge, asked)
        await rig.alice.clicks(message, action_id=id_of(message, "Blue"))
    assert (told[0].action, told[0].value) == ("colour", "b")


class TestAnAnswerThatCannotBeShown:
    async def test_a_picture_in_it_is_its_text(self, rig: Rig, told: list[ButtonClicked]) -> None:
        shown = Card(body=(Image(key="img", alt="chart"),))
        async with bridged(rig, shown, told) as bridge:
            message = await ask(rig, bridge)
            await rig.alice.clicks(message, action_id="No")
        assert message.text == "[image: chart]"

    async def test_a_card_with_too_many_buttons(
        self, rig: Rig, told: list[ButtonClicked], caplog: pytest.LogCaptureFixture
    ) -> None:
        many = Card(body=tuple(Button(str(number)) for number in range(21)))
        async with bridged(rig, many, told) as bridge:
            message = await ask(rig, bridge)
            assert await rig.alice.clicks(message, action_id="No") == {}
            await until(lambda: "could not be changed" in caplog.text, "a word in the log")
        assert message.text == "Build 7"


class TestOtherTemplates:
    async def test_one_of_ones_own_with_a_form(self, rig: Rig, told: list[ButtonClicked]) -> None:
        variables = [
            "title",
            "content",
            "notice",
            "buttons",
            "has_buttons",
            "form",
            "form_button",
            "form_action",
            "has_form",
        ]
        rig.ding.add_card_template("my.schema", variables=variables)
        form = Form(name="f", body=(Input(name="why"), Select(name="n", options=["1", "2"]), Button("Go", submit=True)))
        async with bridged(rig, [Toast("Thanks"), DONE], told, interactive_template="my.schema") as bridge:
            message = await ask(rig, bridge, Card(title="Why?", body=(form,)))
            values = {"form": {"why": "because", "n": {"index": 1, "value": "2"}}}
            await rig.alice.clicks(message, action_id=card_of(message).data["form_action"], values=values)
        assert (told[0].action, told[0].form) == ("Go", {"why": "because", "n": "2"})
        assert card_of(message).data["title"] == "Released"
        assert card_of(message).private[rig.alice.userid] == {"notice": "Thanks"}
        assert rig.ding.violations == []

    async def test_one_of_ones_own_with_something_alone(self, rig: Rig, told: list[ButtonClicked]) -> None:
        rig.ding.add_card_template("my.schema")
        async with bridged(rig, None, told, interactive_template="my.schema") as bridge:
            message = await ask(rig, bridge, Card(body=(Input(name="answer"),)))
            values = {"form": {"answer": "42"}}
            await rig.alice.clicks(message, action_id=card_of(message).data["form_action"], values=values)
        assert (told[0].action, told[0].value, told[0].form) == ("answer", "42", {})

    async def test_the_platforms_own_words(self, rig: Rig, told: list[ButtonClicked]) -> None:
        """Of its variables nothing is known, so a toast has no place."""
        rig.ding.add_card_template("my.schema", variables=["state"])
        changed = Card(content={"cardParamMap": {"state": "answered"}})
        async with bridged(rig, [Toast("Thanks"), changed], told) as bridge:
            message = await ask(rig, bridge, RAW)
            await rig.alice.clicks(message, action_id="some", values={"a": 1})
        assert (told[0].action, told[0].value) == ("some", {"a": 1})
        assert card_of(message).data == {"state": "answered"}
        assert card_of(message).private == {}
        assert rig.ding.violations == []


async def test_a_click_after_a_restart_is_in_its_private_chat(rig: Rig, told: list[ButtonClicked]) -> None:
    async with bridged(rig, None, []) as bridge:
        message = await ask(rig, bridge)
    async with bridged(rig, DONE, told):
        await rig.alice.clicks(message, action_id="No")
    assert told[0].channel is not None
    assert told[0].channel.id == rig.alice.userid
    assert message.text == "by Alice"


async def test_a_receipt_changes_its_card_and_takes_it_back(rig: Rig) -> None:
    async with bridged(rig, None, []) as bridge:
        receipt = await bridge.send(f"dingtalk:work/user/{rig.alice.userid}", ASK)
        assert await bridge.edit(receipt, DONE)
        assert seen(rig).data["msgTitle"] == "Released"
        refused = await bridge.edit(receipt, "a text")
        assert "cards" in refused.error
        assert await bridge.recall(receipt)
    assert rig.sent() == []
    assert rig.ding.violations == []
