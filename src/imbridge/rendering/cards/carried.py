"""What the buttons of our cards carry, for platforms where that is one text; and what comes back of it.

`{"imbridge": action, "value": value, "seal": ...}` as JSON. A button of DingTalk's own AI card has nothing but an `id`,
one of QQ nothing but its `data`, one of WeCom nothing but its `key`. A button of a template of one's own in DingTalk
has parameters, of which one carries the same. Source: DingTalk's Python SDK, `card_instance.py` (`msgButtons` with `id`
and `request`); open.dingtalk.com, "event callback" of cards; bot.q.qq.com, "message buttons".
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import from_json, to_json

OWN = "imbridge"
"""Key of the action's name: it says that a button is of a card made here."""
PICKS = "picks"
"""Key of the names of lists: what was chosen from them comes back with the click, each with a seal of its own."""
MANY = "many"
"""Key of the names of those lists from which several may be chosen."""
TYPED = "typed"
"""Says that a component is typed into, or that a date is picked in it: what comes back of it is the person's own."""


def button_params(
    action: str,
    value: Any = None,
    *,
    choice: str = "",
    picks: Iterable[str] = (),
    many: Iterable[str] = (),
    typed: bool = False,
) -> dict[str, Any]:
    """What a button carries, before it is sealed.

    Args:
        action: The action's name.
        value: What it carries.
        choice: The only thing that is filled in, by its name: what comes back of it is the value.
        picks: The names of the lists from which something is chosen that comes with it.
        many: Those of them from which several may be chosen.
        typed: It is no button, and no list: the value is what somebody types or picks.
    """
    names = list(picks)
    carried: dict[str, Any] = {OWN: action}
    if value is not None:
        carried["value"] = value
    if choice:
        carried["choice"] = choice
    if names:
        carried[PICKS] = names
    if several := list(many):
        carried[MANY] = several
    if typed:
        carried[TYPED] = True
    return carried


def written(carried: Mapping[str, Any]) -> str:
    """What a button carries, as a text; of nothing but a name, the name."""
    action = str(carried[OWN])
    return action if len(carried) == 1 and not action.startswith("{") else to_json(carried).decode()


def carried(text: str) -> Mapping[str, Any] | None:
    """What a text carries that is of our making and more than a name: action, value, choice."""
    if not text.startswith("{"):
        return None
    try:
        read = from_json(text, allow_inf_nan=False)
    except ValueError:
        return None
    return read if isinstance(read, dict) and isinstance(read.get(OWN), str) else None
