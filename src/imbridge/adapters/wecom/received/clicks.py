"""Clicks on template cards. Source: developer.work.weixin.qq.com, "event format" (path/90240), template card events.

A click tells the card by its task id, not by the id of its message: which message that is has been remembered when the
card was sent. Its `ResponseCode` changes the card, once, within 72 hours; it is in the payload, and in no repr.
"""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from imbridge.adapters.wecom.received.facts import Facts
from imbridge.adapters.xml import items_of
from imbridge.protocol import ButtonClicked, Event

OWN = "imbridge"
"""Key in a button's key: the action's name. Our cards' buttons have `{"imbridge": action, ...}` as keys, and in it what
else comes back: `value`; `many`, the questions in which several answers can be ticked; `choice`, the only question of a
card, whose answer is the value."""


def button_clicked(told: Facts) -> Event:
    """`template_card_event` and `template_card_menu_event`, of a card of ours or of somebody else's making."""
    task_id = told.text("TaskId")
    facts = what_was_clicked(told.text("EventKey"), _selected(told.fields.get("SelectedItems")))
    return told.make(ButtonClicked, message_id=told.me.cards.message_of(task_id) or task_id, **facts)


def what_was_clicked(key: str, chosen: Mapping[str, list[str]]) -> dict[str, Any]:
    """Action, value and form of a click.

    Args:
        key: The button's key.
        chosen: The options that were chosen, by question.
    """
    carried = _carried(key)
    many = carried.get("many")
    several = many if isinstance(many, list) else []
    form: dict[str, Any] = {
        name: ids if len(ids) != 1 or name in several else ids[0] for name, ids in chosen.items()
    }  # fmt: skip
    value, choice = carried.get("value"), carried.get("choice")
    if isinstance(choice, str) and choice in form:
        value, form = form[choice], {}
    return {"action": carried[OWN], "value": value, "form": form}


def _carried(key: str) -> dict[str, Any]:
    """What a button carries, by its key; a key that is not of our making is the action's name."""
    if key.startswith("{"):
        try:
            read = from_json(key)
        except ValueError:
            return {OWN: key}
        if isinstance(read, dict) and isinstance(read.get(OWN), str):
            return read
    return {OWN: key}


def _selected(given: Any) -> dict[str, list[str]]:
    """The options that were chosen, by question."""
    chosen: dict[str, list[str]] = {}
    for item in items_of(given.get("SelectedItem") if isinstance(given, dict) else None):
        if isinstance(item, dict) and isinstance(name := item.get("QuestionKey"), str):
            options = item.get("OptionIds")
            found = items_of(options.get("OptionId") if isinstance(options, dict) else None)
            chosen[name] = [option for option in found if isinstance(option, str)]
    return chosen
