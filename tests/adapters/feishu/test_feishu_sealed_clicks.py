"""Clicks on Feishu's cards: which are believed, and which are not."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from feishu_rig import Rig

from imbridge.adapters.base import Target
from imbridge.adapters.card_seals import NO_SEAL, SEAL, SEVERAL_OPTIONS, UNKNOWN_OPTION, WRONG_SEAL, RefusedClick
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.protocol import Button, ButtonClicked, Card, Channel, ChannelKind, Form, Input, Select
from imbridge.rendering import Part, PartKind

ASKED = Card(
    title="Deploy?",
    body=[
        Button("Yes", action="approve", value={"id": 7, "rate": 1.0}),
        Select(name="speed", options={"s": "Slow", "f": "Fast"}, initial="s"),
        Select(name="people", options=["Alice", "Bob"], multiple=True, initial="Bob"),
        Input(name="note"),
        Form(
            name="details",
            body=[
                Input(name="reason"),
                Select(name="level", options=["low", "high"]),
                Button("Send", action="send", submit=True),
            ],
        ),
    ],
)


async def shown(rig: Rig, adapter: FeishuAdapter, target: Target | None = None, card: Card = ASKED) -> Any:
    await adapter.send(target or rig.target(), Part(PartKind.CARD, (card,)), f"k{len(rig.feishu.messages)}")
    return rig.feishu.messages[-1]


async def clicked(rig: Rig, message: Any, *what: Any, action: Any = None, **how: Any) -> ButtonClicked:
    """Clicks; `action` is one that no client would send."""
    before = len(rig.intake.offered)

    async def release() -> None:
        await rig.intake_has(before + 1)
        answer = rig.intake.offered[-1].answer
        assert answer is not None
        answer.release()

    releasing = asyncio.create_task(release())
    if action is None:
        await rig.feishu.clicks(rig.alice, message, *what, **how)
    else:
        context = {"open_message_id": message.message_id, "open_chat_id": message.chat_id}
        made = {"operator": {"open_id": rig.alice.open_id}, "token": "t", "action": action, "context": context}
        await rig.feishu.call_back(rig.app, "card.action.trigger", made)
    await releasing
    item = rig.intake.offered[-1].item
    assert isinstance(item, ButtonClicked)
    return item


def carried(card: Any, action: str) -> dict[str, Any]:
    """What the component with this action carries."""
    return next(value for value in _values(card) if value.get("imbridge") == action)


def _values(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for one in node:
            yield from _values(one)
    elif isinstance(node, dict):
        if node.get("type") == "callback":
            yield node["value"]
        for one in node.values():
            yield from _values(one)


def _lists(node: Any) -> Iterator[dict[str, Any]]:
    for one in node if isinstance(node, list) else node.values() if isinstance(node, dict) else ():
        yield from _lists(one)
    if isinstance(node, dict) and str(node.get("tag", "")).endswith("select_static"):
        yield node


async def test_what_is_chosen_and_typed_comes_back_without_seals(rig: Rig) -> None:
    message = await shown(rig, await rig.start())
    for how, action, value in (
        ({"button": "Yes"}, "approve", {"id": 7, "rate": 1}),
        ({"button": "speed", "selected": "Fast"}, "speed", "f"),
        ({"button": "people", "selected": ["Alice", "Bob"]}, "people", ["Alice", "Bob"]),
        ({"button": "note", "text": "free~text"}, "note", "free~text"),
    ):
        event = await clicked(rig, message, **how)
        assert (event.action, event.value, event.verified) == (action, value, True)
    event = await clicked(rig, message, button="Send", form={"reason": "because", "level": "high"})
    assert (event.action, event.form, event.verified) == ("send", {"reason": "because", "level": "high"}, True)


async def test_after_a_restart(rig: Rig) -> None:
    message = await shown(rig, await rig.start())
    await rig.adapters[0].close()
    await rig.start()
    event = await clicked(rig, message, button="Yes")
    assert (event.action, event.value, event.verified) == ("approve", {"id": 7, "rate": 1}, True)


async def test_a_card_sent_to_a_person_by_id_is_believed_in_the_private_chat(rig: Rig) -> None:
    adapter = await rig.start()
    person = Channel(platform="feishu", account="work", kind=ChannelKind.USER, id=rig.alice.open_id)
    message = await shown(rig, adapter, Target(person))
    assert (await clicked(rig, message, button="Yes")).verified


async def test_a_card_that_took_the_place_of_another_is_sealed_too(rig: Rig) -> None:
    adapter = await rig.start()
    message = await shown(rig, adapter)
    channel = rig.target().channel
    await adapter.edit(channel, message.message_id, Part(PartKind.CARD, (Card(body=[Button("More", value=[1])]),)))
    event = await clicked(rig, message, button="More")
    assert (event.action, event.value, event.verified) == ("More", [1], True)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"imbridge": "reject"}, WRONG_SEAL),
        ({"value": {"id": 8, "rate": 1}}, WRONG_SEAL),
        ({"value": None}, WRONG_SEAL),
        ({SEAL: "A" * 16}, WRONG_SEAL),
        ({SEAL: ""}, NO_SEAL),
        ({SEAL: {"not": "one"}}, NO_SEAL),
    ],
)
async def test_a_forged_click_is_not_believed(rig: Rig, change: dict[str, Any], why: str) -> None:
    message = await shown(rig, await rig.start())
    event = await clicked(rig, message, carried(message.card, "approve") | change)
    assert isinstance(event, RefusedClick)
    assert event.refused == why
    assert not event.verified


async def test_several_options_of_a_list_from_which_one_is_chosen_are_not_believed(rig: Rig) -> None:
    message = await shown(rig, await rig.start())
    (options,) = [one["options"] for one in _lists(message.card) if one["tag"] == "select_static"][:1]
    both = {
        "tag": "select_static",
        "value": carried(message.card, "speed"),
        "options": [one["value"] for one in options],
    }
    event = await clicked(rig, message, action=both)
    assert isinstance(event, RefusedClick)
    assert event.refused == SEVERAL_OPTIONS


@pytest.mark.parametrize("typed", ["input_value", "option", "options", "checked"])
async def test_a_button_cannot_be_made_something_to_type_into(rig: Rig, typed: str) -> None:
    """What a component is, its seal says: the rest of a click is the clicker's."""
    message = await shown(rig, await rig.start())
    action = {"tag": "input", "value": carried(message.card, "approve"), typed: "8"}
    event = await clicked(rig, message, action=action)
    assert (event.action, event.value, event.verified) == ("approve", {"id": 7, "rate": 1}, True)


async def test_a_list_in_a_list_is_no_option(rig: Rig) -> None:
    message = await shown(rig, await rig.start())
    (listed,) = [part for part in message.card["body"]["elements"] if part["tag"] == "multi_select_static"]
    values = [option["value"] for option in listed["options"]]
    action = {"tag": "multi_select_static", "value": carried(message.card, "people"), "options": values}
    assert (await clicked(rig, message, action=action)).value == ["Alice", "Bob"]
    event = await clicked(rig, message, action={**action, "options": [values]})
    assert isinstance(event, RefusedClick)
    assert event.refused == UNKNOWN_OPTION


async def test_a_card_of_another_chat_is_not_believed(rig: Rig) -> None:
    adapter = await rig.start()
    room = rig.feishu.add_group("Room", members=[rig.alice], apps=[rig.app])
    theirs = await shown(rig, adapter, rig.target(room))
    value = carried(theirs.card, "approve")
    ours = await shown(rig, adapter)
    assert (await clicked(rig, theirs, value)).verified
    event = await clicked(rig, ours, value)
    assert isinstance(event, RefusedClick)
    assert event.refused == WRONG_SEAL


async def test_a_card_of_another_account_or_of_an_old_secret_is_not_believed(rig: Rig) -> None:
    message = await shown(rig, await rig.start(name="other"))
    await rig.adapters[0].close()
    await rig.start()
    assert isinstance(await clicked(rig, message, button="Yes"), RefusedClick)
    ours = await shown(rig, rig.adapters[1])
    await rig.adapters[1].close()
    rig.app.app_secret = "a-newer-secret"
    await rig.start()
    event = await clicked(rig, ours, button="Yes")
    assert isinstance(event, RefusedClick)
    assert event.refused == WRONG_SEAL


async def test_an_option_that_was_not_on_the_card_is_not_believed(rig: Rig) -> None:
    message = await shown(rig, await rig.start())
    elsewhere = await shown(
        rig, rig.adapters[0], card=Card(body=[Select(name="level", options=["root"]), Button("Yes", action="x")])
    )
    genuine, of_another_list = (
        options[-1]["value"]
        for options in (
            message.card["body"]["elements"][1]["options"],
            elsewhere.card["body"]["elements"][0]["options"],
        )
    )
    for value in ("root", of_another_list):
        assert genuine in message.raw_content
        message.raw_content = message.raw_content.replace(genuine, value)
        event = await clicked(rig, message, button="speed", selected="Fast")
        assert isinstance(event, RefusedClick)
        assert event.refused == UNKNOWN_OPTION
        message.raw_content = message.raw_content.replace(f'"{value}"', f'"{genuine}"')


async def test_a_card_in_the_platforms_own_json_is_told_and_not_verified(rig: Rig) -> None:
    adapter = await rig.start()
    button = {
        "tag": "button", "text": {"tag": "plain_text", "content": "Go"},
        "behaviors": [{"type": "callback", "value": {"action": "go", "id": 7}}],
    }  # fmt: skip
    card = Card(content={"schema": "2.0", "body": {"elements": [button]}})
    event = await clicked(rig, await shown(rig, adapter, card=card), button="Go")
    assert type(event) is ButtonClicked
    assert (event.action, event.value, event.verified) == ("go", {"action": "go", "id": 7}, False)
