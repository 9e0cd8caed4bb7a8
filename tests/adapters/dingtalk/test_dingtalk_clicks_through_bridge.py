"""Clicks through a whole bridge: a skill sends a card, is told of clicks, and what it says is seen on the card."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from contract import until
from dingtalk_cards import CREATE, UPDATE, card_calls, card_of, seen, texts
from dingtalk_rig import PNG, Rig

from imbridge import Bridge
from imbridge.emulators.dingtalk import BotMessage, Group, User
from imbridge.protocol import Button, ButtonClicked, Card, ContentRefusedError, Form, Image, Input, Select, Toast

ASK = Card(title="Release?", body=("Build 7", Button("Yes", value={"build": 7}), Button("No")))
DONE = Card(title="Released", body=("by Alice", Button("Undo")))
ASKED, RELEASED = ["Release?", "Build 7", "Yes", "No"], ["Released", "by Alice", "Undo"]
"""What they say."""
RAW = Card(content={"cardTemplateId": "my.schema", "cardParamMap": {"state": "asked"}})


@asynccontextmanager
async def bridged(
    rig: Rig, say: Any, told: list[ButtonClicked], *, until: asyncio.Event | None = None, **settings: Any
) -> AsyncIterator[Bridge]:
    """A bridge that says this to each click, once something has happened."""
    bridge = Bridge([rig.config(**settings)])

    @bridge.on_event(ButtonClicked, unverified=True)
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


def lines(message: BotMessage, reader: User | None = None) -> list[str]:
    """What everybody, or one person, reads on a card of the platform's template: headline, text, notice, buttons."""
    card = card_of(message)
    data = {**card.data, **(card.private.get(reader.userid, {}) if reader is not None else {})}
    buttons = [button["text"] for button in json.loads(data["sys_full_json_obj"])["msgButtons"]]
    return [line for line in (data["msgTitle"], data["msgContent"], data["staticMsgContent"], *buttons) if line]


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
    assert lines(message) == RELEASED
    assert rig.ding.violations == []


async def test_a_toast_is_a_line_for_who_has_clicked(rig: Rig, told: list[ButtonClicked], team: Group) -> None:
    bob = rig.ding.add_user("Bob")
    team.members.append(bob)
    async with bridged(rig, [Toast("*Noted*"), "and a word"], told) as bridge:
        message = await ask(rig, bridge, where=f"dingtalk:work/group/{team.open_conversation_id}")
        await rig.alice.clicks(message, action_id=id_of(message, "No"))
        await until(lambda: "and a word" in texts(rig), "the message")
    assert lines(message, rig.alice) == ["Release?", "Build 7", "\\*Noted\\*", "Yes", "No"]
    assert lines(message, bob) == lines(message) == ASKED
    assert (told[0].action, told[0].value) == ("No", None)
    assert told[0].channel is not None
    assert told[0].channel.id == team.open_conversation_id
    assert rig.ding.violations == []


async def test_a_card_and_a_toast(rig: Rig, told: list[ButtonClicked]) -> None:
    async with bridged(rig, [Toast("Done"), DONE], told) as bridge:
        message = await ask(rig, bridge)
        await rig.alice.clicks(message, action_id=id_of(message, "No"))
    assert lines(message, rig.alice) == ["Released", "by Alice", "Done", "Undo"]
    assert rig.ding.violations == []


async def test_a_card_without_a_toast_takes_the_last_toast_away(rig: Rig, told: list[ButtonClicked]) -> None:
    said: list[Any] = [Toast("Wait"), DONE]
    bridge = Bridge([rig.config()])

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> Any:
        return said.pop(0)

    async with bridge:
        message = await ask(rig, bridge)
        await rig.alice.clicks(message, action_id=id_of(message, "No"))
        assert lines(message, rig.alice) == ["Release?", "Build 7", "Wait", "Yes", "No"]
        await rig.alice.clicks(message, action_id=id_of(message, "No"))
    assert lines(message, rig.alice) == RELEASED


@pytest.mark.parametrize("say", [None, ContentRefusedError("no", platform="dingtalk")], ids=["nothing", "an error"])
async def test_nothing_is_said(rig: Rig, told: list[ButtonClicked], say: Any) -> None:
    async with bridged(rig, say, told) as bridge:
        message = await ask(rig, bridge)
        assert await rig.alice.clicks(message, action_id=id_of(message, "No")) == {}
    assert len(told) == 1
    assert lines(message) == ASKED
    assert rig.ding.violations == []


async def test_a_choice_is_a_button(rig: Rig, told: list[ButtonClicked]) -> None:
    asked = Card(body=(Select(name="colour", options={"r": "Red", "b": "Blue"}),))
    async with bridged(rig, None, told) as bridge:
        message = await ask(rig, bridge, asked)
        await rig.alice.clicks(message, action_id=id_of(message, "Blue"))
    assert (told[0].action, told[0].value) == ("colour", "b")


class TestAnswersThatTakeMore:
    async def test_a_picture_is_uploaded_first(self, rig: Rig, told: list[ButtonClicked]) -> None:
        async with bridged(rig, Card(body=(Image(data=PNG, alt="chart"),)), told) as bridge:
            message = await ask(rig, bridge)
            assert await rig.alice.clicks(message, action_id=id_of(message, "No")) != {}
        assert lines(message)[0].startswith("![chart](@")
        assert rig.ding.violations == []

    async def test_a_picture_that_takes_too_long_is_shown_by_an_update(
        self, rig: Rig, told: list[ButtonClicked], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("imbridge.adapters.dingtalk.link.ANSWER_WITHIN", 0.2)
        async with bridged(rig, Card(body=(Image(data=PNG, alt="chart"),)), told) as bridge:
            message = await ask(rig, bridge)
            rig.ding.faults.http_delay("/media/upload", 0.5, times=1)
            assert await rig.alice.clicks(message, action_id=id_of(message, "No")) == {}
            await until(lambda: lines(message)[0].startswith("![chart](@"), "the other card")

    async def test_a_picture_that_is_none_is_its_text(self, rig: Rig, told: list[ButtonClicked]) -> None:
        async with bridged(rig, Card(body=(Image(data=b"no picture", alt="chart"),)), told) as bridge:
            message = await ask(rig, bridge)
            await rig.alice.clicks(message, action_id=id_of(message, "No"))
        assert lines(message) == ["[image: chart]"]

    async def test_a_card_with_too_many_buttons(
        self, rig: Rig, told: list[ButtonClicked], caplog: pytest.LogCaptureFixture
    ) -> None:
        many = Card(body=tuple(Button(str(number)) for number in range(21)))
        async with bridged(rig, many, told) as bridge:
            message = await ask(rig, bridge)
            assert await rig.alice.clicks(message, action_id=id_of(message, "No")) == {}
            await until(lambda: "could not be changed" in caplog.text, "a word in the log")
        assert lines(message) == ASKED


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
            (_, number) = json.loads(card_of(message).data["form"])["fields"]
            values = {"form": {"why": "because", "n": {"index": 1, "value": number["options"][1]["value"]}}}
            await rig.alice.clicks(message, action_id=card_of(message).data["form_action"], values=values)
        assert (told[0].action, told[0].form) == ("Go", {"why": "because", "n": "2"})
        assert told[0].verified
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

    async def test_what_only_one_person_sees(self, rig: Rig, told: list[ButtonClicked], team: Group) -> None:
        """In the answer it is for who has clicked; for somebody else it is an update."""
        bob = rig.ding.add_user("Bob")
        team.members.append(bob)
        rig.ding.add_card_template("my.schema", variables=["state", "note"])
        calls = card_calls(rig)
        changed = Card(content={"privateData": {rig.alice.userid: {"note": "yours"}}})
        async with bridged(rig, changed, told) as bridge:
            message = await ask(rig, bridge, RAW, where=f"dingtalk:work/group/{team.open_conversation_id}")
            await rig.alice.clicks(message, action_id="some")
            card = card_of(message)
            assert (card.data, card.private) == ({"state": "asked"}, {rig.alice.userid: {"note": "yours"}})
            assert calls == [("POST", CREATE)]
            assert await bob.clicks(message, action_id="some") == {}
            await until(lambda: calls == [("POST", CREATE), ("PUT", UPDATE)], "an update")
        assert card.private == {rig.alice.userid: {"note": "yours"}}
        assert rig.ding.violations == []


async def test_a_click_after_a_restart_is_in_its_private_chat(rig: Rig, told: list[ButtonClicked]) -> None:
    async with bridged(rig, None, []) as bridge:
        message = await ask(rig, bridge)
    async with bridged(rig, DONE, told):
        await rig.alice.clicks(message, action_id=id_of(message, "No"))
    assert told[0].channel is not None
    assert told[0].channel.id == rig.alice.userid
    assert lines(message) == RELEASED


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
