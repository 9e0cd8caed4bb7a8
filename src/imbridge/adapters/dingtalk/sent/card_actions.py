"""What the buttons of our cards carry; `received.clicks` reads what comes back.

A button of the platform's own AI card has nothing but an `id`, so the id carries all: the action's name, or
`{"imbridge": action, "value": value}` as JSON where there is a value. A button of a template of one's own has
parameters beside its id, which carry the same. Source: the official Python SDK, `card_instance.py` (`msgButtons` with
`id` and `request`); open.dingtalk.com, "event callback" of cards (`cardPrivateData`: `actionIds`, `params`).
"""

from typing import Any

from pydantic_core import to_json

OWN = "imbridge"
"""Key of the action's name: it says that a button is of a card made here."""


def button_id(action: str, value: Any, *, choice: str = "") -> str:
    """The id of a button whose template gives it nothing else.

    Args:
        action: The action's name.
        value: What it carries.
        choice: The only thing that is filled in, by its name: what comes back of it is the value.
    """
    if value is None and not action.startswith("{") and not choice:
        return action
    return to_json({**button_params(action, value), **({"choice": choice} if choice else {})}).decode()


def button_params(action: str, value: Any) -> dict[str, Any]:
    """The parameters of a button."""
    return {OWN: action} if value is None else {OWN: action, "value": value}
