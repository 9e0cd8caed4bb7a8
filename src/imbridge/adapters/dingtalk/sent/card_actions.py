"""What the buttons of our cards carry, and what a click on one brings back.

A button of the platform's own AI card has nothing but an `id`, so the id carries all: the action's name, or
`{"imbridge": action, "value": value}` as JSON where there is a value. A button of a template of one's own has
parameters beside its id, which carry the same. Source: the official Python SDK, `card_instance.py` (`msgButtons` with
`id` and `request`); open.dingtalk.com, "event callback" of cards (`cardPrivateData`: `actionIds`, `params`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import from_json, to_json

OWN = "imbridge"
"""Key of the action's name: it says that a button is of a card made here."""
FORM = "form"
"""Parameter with what was filled in, in a card of a template of one's own."""


def button_id(action: str, value: Any) -> str:
    """The id of a button whose template gives it nothing else."""
    if value is None and not action.startswith("{"):
        return action
    return to_json(button_params(action, value)).decode()


def button_params(action: str, value: Any) -> dict[str, Any]:
    """The parameters of a button."""
    return {OWN: action} if value is None else {OWN: action, "value": value}


def what_was_clicked(action_ids: Sequence[Any], params: Mapping[str, Any]) -> tuple[str, Any, dict[str, Any]]:
    """Action, value and form of a click on a card of ours or of somebody else's making.

    Args:
        action_ids: `cardPrivateData.actionIds`.
        params: `cardPrivateData.params`.
    """
    first = next((one for one in action_ids if isinstance(one, str) and one), "")
    form = params.get(FORM)
    filled = {name: _chosen(value) for name, value in form.items()} if isinstance(form, Mapping) else {}
    carried = _carried(first, params)
    if carried is None:
        others = {name: value for name, value in params.items() if name != FORM or not filled}
        return first, others or None, filled
    return carried[OWN], carried.get("value"), filled


def _carried(action_id: str, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a button of ours carries; None for one of somebody else's."""
    if isinstance(params.get(OWN), str):
        return params
    if action_id.startswith("{"):
        try:
            read = from_json(action_id)
        except ValueError:
            return None
        if isinstance(read, dict) and isinstance(read.get(OWN), str):
            return read
    return None


def _chosen(value: Any) -> Any:
    """A choice comes as `{"index": ..., "value": ...}`, everything else as it is."""
    return value["value"] if isinstance(value, Mapping) and value.keys() == {"index", "value"} else value
