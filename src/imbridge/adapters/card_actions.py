"""What the buttons of our cards carry, for platforms where that is one text; and what comes back of it.

The action's name, or `{"imbridge": action, "value": value}` as JSON where there is a value. A button of DingTalk's own
AI card has nothing but an `id`, one of QQ nothing but its `data`. A button of a template of one's own in DingTalk has
parameters, which carry the same. Source: DingTalk's Python SDK, `card_instance.py` (`msgButtons` with `id` and
`request`); open.dingtalk.com, "event callback" of cards; bot.q.qq.com, "message buttons".
"""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json

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


def carried(text: str) -> Mapping[str, Any] | None:
    """What a text carries that is of our making and more than a name: action, value, choice."""
    if not text.startswith("{"):
        return None
    try:
        read = from_json(text, allow_inf_nan=False)
    except ValueError:
        return None
    return read if isinstance(read, dict) and isinstance(read.get(OWN), str) else None
