"""Clicks on DingTalk's cards: which are believed, and which are not. A card's seals are for its own id."""

import json
from typing import Any

import pytest
from contract import until
from dingtalk_cards import card_of
from dingtalk_rig import Rig

from imbridge import Bridge
from imbridge.adapters.base import Target
from imbridge.adapters.card_seals import NO_SEAL, SEVERAL_OPTIONS, UNKNOWN_OPTION, WRONG_SEAL, RefusedClick
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.emulators.dingtalk import BotMessage, Group
from imbridge.protocol import Button, ButtonClicked, Card, Form, Input, Select
from imbridge.rendering import Part, PartKind

ASK = Card(
    title="Release?",
    body=(Button("Yes", action="approve", value={"build": 7}), Select(name="speed", options={"s": "Slow"})),
)
FORM = Card(
    title="Why?",
    body=(
        Form(name="f", body=(Input(name="why"), Select(name="n", options=["1", "2"]), Button("Go", submit=True))),
        Button("Later", value=1),
    ),
)
VARIABLES = ["title", "content", "notice", "buttons", "has_buttons", "form", "form_button", "form_action", "has_form"]


async def shown(rig: Rig, adapter: DingTalkAdapter, target: Target | None = None, card: Card = ASK) -> BotMessage:
    await adapter.send(target or rig.target(), Part(PartKind.CARD, (card,)), f"k{len(rig.sent())}")
    return rig.sent()[-1]


async def clicked(rig: Rig, message: BotMessage, action_id: str, **values: Any) -> ButtonClicked:
    before = len(rig.intake.offered)
    await rig.alice.clicks(message, action_id=action_id, values=values)
    await until(lambda: len(rig.intake.offered) > before, "the click")
    item = rig.intake.offered[-1].item
    assert isinstance(item, ButtonClicked)
    return item


@pytest.fixture(autouse=True)
def _nobody_waits(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no bridge that would answer."""
    monkeypatch.setattr("imbridge.adapters.dingtalk.link.ANSWER_WITHIN", 0.0)


def id_of(message: BotMessage, text: str) -> str:
    buttons = json.loads(card_of(message).data["sys_full_json_obj"])["msgButtons"]
    return str(next(button["id"] for button in buttons if button["text"] == text))


async def test_buttons_and_choices_are_believed(rig: Rig, adapter: DingTalkAdapter) -> None:
    message = await shown(rig, adapter)
    event = await clicked(rig, message, id_of(message, "Yes"))
    assert (event.action, event.value, event.verified) == ("approve", {"build": 7}, True)
    event = await clicked(rig, message, id_of(message, "Slow"))
    assert (event.action, event.value, event.verified) == ("speed", "s", True)


async def test_after_a_restart(rig: Rig, team: Group) -> None:
    adapter = await rig.start()
    messages = [await shown(rig, adapter), await shown(rig, adapter, rig.target(team))]
    await adapter.close()
    await rig.start()
    for message in messages:
        assert (await clicked(rig, message, id_of(message, "Yes"))).verified


async def test_a_card_that_took_the_place_of_another_is_believed(rig: Rig, adapter: DingTalkAdapter) -> None:
    message = await shown(rig, adapter)
    other = Part(PartKind.CARD, (Card(body=[Button("More", value=[1])]),))
    await adapter.edit(rig.target().channel, card_of(message).out_track_id, other)
    event = await clicked(rig, message, id_of(message, "More"))
    assert (event.action, event.value, event.verified) == ("More", [1], True)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"imbridge": "reject"}, WRONG_SEAL),
        ({"value": {"build": 8}}, WRONG_SEAL),
        ({"choice": "x"}, WRONG_SEAL),
        ({"seal": "A" * 16}, WRONG_SEAL),
        ({"seal": None}, NO_SEAL),
    ],
)
async def test_a_forged_click_is_not_believed(
    rig: Rig, adapter: DingTalkAdapter, change: dict[str, Any], why: str
) -> None:
    message = await shown(rig, adapter)
    event = await clicked(rig, message, json.dumps(json.loads(id_of(message, "Yes")) | change))
    assert isinstance(event, RefusedClick)
    assert event.refused == why


async def test_a_card_of_another_chat_is_not_believed(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    theirs = await shown(rig, adapter, rig.target(team))
    ours = await shown(rig, adapter)
    assert isinstance(await clicked(rig, ours, id_of(theirs, "Yes")), RefusedClick)


async def test_a_card_of_another_account_or_of_an_old_secret_is_not_believed(rig: Rig) -> None:
    other = await rig.start(name="other")
    message = await shown(rig, other)
    await other.close()
    adapter = await rig.start()
    assert isinstance(await clicked(rig, message, id_of(message, "Yes")), RefusedClick)
    ours = await shown(rig, adapter)
    await adapter.close()
    rig.app.client_secret = "a-newer-secret"
    await rig.start()
    event = await clicked(rig, ours, id_of(ours, "Yes"))
    assert isinstance(event, RefusedClick)
    assert event.refused == WRONG_SEAL


async def test_on_a_template_of_ones_own(rig: Rig) -> None:
    rig.ding.add_card_template("my.schema", variables=VARIABLES)
    adapter = await rig.start(interactive_template="my.schema")
    message = await shown(rig, adapter, card=FORM)
    data = card_of(message).data
    (button,) = json.loads(data["buttons"])
    sent = button["event"]["params"]
    event = await clicked(rig, message, sent["actionId"], **sent["params"])
    assert (event.action, event.value, event.verified) == ("Later", 1, True)
    event = await clicked(rig, message, sent["actionId"], imbridge="Later", value=2)
    assert isinstance(event, RefusedClick)

    options = json.loads(data["form"])["fields"][1]["options"]
    chosen = {"index": 1, "value": options[1]["value"]}
    event = await clicked(rig, message, data["form_action"], form={"why": "a~b", "n": chosen})
    assert (event.action, event.form, event.verified) == ("Go", {"why": "a~b", "n": "2"}, True)
    event = await clicked(rig, message, data["form_action"], form={"why": "", "n": {"index": 2, "value": "3"}})
    assert isinstance(event, RefusedClick)
    assert event.refused == UNKNOWN_OPTION
    both = {"index": [0, 1], "value": [option["value"] for option in options]}
    event = await clicked(rig, message, data["form_action"], form={"why": "", "n": both})
    assert isinstance(event, RefusedClick)
    assert event.refused == SEVERAL_OPTIONS


async def test_a_card_in_the_platforms_own_json_is_told_and_not_verified(rig: Rig, adapter: DingTalkAdapter) -> None:
    rig.ding.add_card_template("my.schema", variables=["state"])
    raw = Card(content={"cardTemplateId": "my.schema", "cardParamMap": {"state": "asked"}})
    event = await clicked(rig, await shown(rig, adapter, card=raw), "go", a=1)
    assert type(event) is ButtonClicked
    assert (event.action, event.value, event.verified) == ("go", {"a": 1}, False)


async def test_who_clicked_in_a_void_card_is_told_so_on_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    bridge, told = Bridge([rig.config()]), list[ButtonClicked]()

    @bridge.on_event(ButtonClicked)
    async def clicked(event: ButtonClicked) -> None:
        told.append(event)

    async with bridge:
        assert await bridge.send(f"dingtalk:work/user/{rig.alice.userid}", ASK)
        message = rig.sent()[-1]
        forged = json.dumps(json.loads(id_of(message, "Yes")) | {"value": 8})
        assert await rig.alice.clicks(message, action_id=forged) != {}
    assert card_of(message).private[rig.alice.userid]["staticMsgContent"] == "This card is no longer valid."
    assert told == []
