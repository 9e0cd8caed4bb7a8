"""Clicks on template cards. Source: developer.work.weixin.qq.com, "event format" (path/90240), template card events.

A click tells the card by its task id, not by the id of its message: which message that is has been remembered when the
card was sent. Its `ResponseCode` changes the card, once, within 72 hours; it is in the payload, and in no repr.
"""

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
    task_id, key = told.text("TaskId"), told.text("EventKey")
    carried = _carried(key)
    form = _selected(told.fields.get("SelectedItems"), carried.get("many"))
    value, choice = carried.get("value"), carried.get("choice")
    if isinstance(choice, str) and choice in form:
        value, form = form[choice], {}
    return told.make(
        ButtonClicked,
        message_id=told.me.cards.message_of(task_id) or task_id,
        action=carried[OWN],
        value=value,
        form=form,
    )


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


def _selected(given: Any, many: Any) -> dict[str, Any]:
    """What was chosen, by question: one option, or a list where several could be or are."""
    chosen: dict[str, Any] = {}
    for item in items_of(given.get("SelectedItem") if isinstance(given, dict) else None):
        if isinstance(item, dict) and isinstance(name := item.get("QuestionKey"), str):
            options = item.get("OptionIds")
            found = items_of(options.get("OptionId") if isinstance(options, dict) else None)
            ids = [option for option in found if isinstance(option, str)]
            several = len(ids) != 1 or (isinstance(many, list) and name in many)
            chosen[name] = ids if several else ids[0]
    return chosen
