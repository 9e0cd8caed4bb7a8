"""Clicks on template cards. Source: developer.work.weixin.qq.com, "event format" (path/90240), template card events.

A click tells the card by its task id, not by the id of its message: which message that is has been remembered when the
card was sent. Its `ResponseCode` changes the card, once, within 72 hours; it is in the payload, and in no repr.

Our cards' buttons have `{"imbridge": action, ...}` as keys, and in it what else comes back: `value`; `many`, the
questions in which several answers can be ticked; `choice`, the only question of a card, whose answer is the value; and
the seal.
"""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.card_seals import Seals, kind_of_click
from imbridge.adapters.wecom.received.facts import Facts, place_of
from imbridge.adapters.xml import items_of
from imbridge.protocol import Event
from imbridge.rendering.cards.carried import OWN, carried


def button_clicked(told: Facts) -> Event:
    """`template_card_event` and `template_card_menu_event`, of a card of ours or of somebody else's making."""
    task_id = told.text("TaskId")
    chosen = _selected(told.fields.get("SelectedItems"))
    facts = what_was_clicked(told.text("EventKey"), chosen, told.me.seals, place_of(told.channel))
    return told.make(kind_of_click(facts), message_id=told.me.cards.message_of(task_id) or task_id, **facts)


def what_was_clicked(key: str, chosen: Mapping[str, list[str]], seals: Seals, place: str) -> dict[str, Any]:
    """Action, value and form of a click, and whether it is to be believed.

    A key that is not of our making is the action's name.

    Args:
        key: The button's key.
        chosen: The options that were chosen, by question.
        seals: The account's.
        place: The chat that the click tells.
    """
    own = carried(key)
    many = own.get("many") if own is not None else None
    several = many if isinstance(many, list) else []
    form: dict[str, Any] = {
        name: ids if len(ids) != 1 or name in several else ids[0] for name, ids in chosen.items()
    }  # fmt: skip
    if own is None:
        return {"action": key, "value": None, "form": form}
    opening = seals.open(own, place)
    form = opening.filled(form, list(form))  # all there is to fill in is chosen from lists
    value, choice = own.get("value"), own.get("choice")
    if isinstance(choice, str) and choice in form:
        value, form = form[choice], {}
    return {"action": own[OWN], "value": value, "form": form, **opening.facts}


def _selected(given: Any) -> dict[str, list[str]]:
    """The options that were chosen, by question."""
    chosen: dict[str, list[str]] = {}
    for item in items_of(given.get("SelectedItem") if isinstance(given, dict) else None):
        if isinstance(item, dict) and isinstance(name := item.get("QuestionKey"), str):
            options = item.get("OptionIds")
            found = items_of(options.get("OptionId") if isinstance(options, dict) else None)
            chosen[name] = [option for option in found if isinstance(option, str)]
    return chosen
