"""What a person does with a component of a card, as the `action` of the callback.

Shapes: the callback examples of the components' pages below
https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/component-json-v2-overview
and https://open.feishu.cn/document/feishu-cards/card-callback-communication.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imbridge.emulators.feishu.card_rules import INTERACTIVE
from imbridge.emulators.feishu.card_tree import Card, Element, Place, places

OFFSET = "+0800"
PICKERS = frozenset({"date_picker", "picker_time", "picker_datetime"})
SINGLE = frozenset({"select_static", "select_person", "overflow"})
MULTIPLE = frozenset({"multi_select_static", "multi_select_person"})
INITIAL = ("default_value", "initial_option", "selected_values", "initial_date", "initial_time", "initial_datetime")
"""Fields with what a form's component holds before anybody touches it."""


class NothingToDoError(ValueError):
    """A person could not do this: there is no such component, it is disabled, or the client would not let them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What a person enters or chooses.

    Attributes:
        form: Values by the names of a form's components.
        selected: The option of a menu, or several of a menu with multiple choice; for people, open_ids.
        date: What is chosen in a date or time picker: `2026-11-01`, `09:30`, `2026-11-01 09:30`.
        text: What is written into a text field.
        checked: The state of a checkbox.
        timezone: The client's time zone.
    """

    form: Mapping[str, Any] | None = None
    selected: str | Sequence[str] | None = None
    date: str | None = None
    text: str | None = None
    checked: bool | None = None
    timezone: str = "Asia/Shanghai"


def component_of(card: Card, wanted: str | None) -> Place:
    """The component a person means by its name, its element_id, its text or its placeholder; None: the only one.

    Raises:
        NothingToDoError: There is none, or several.
    """
    all_of_them = [one for one in places(card) if _is_interactive(one.element)]
    found = [one for one in all_of_them if wanted is None or wanted in _names(one.element)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(repr(next(iter(_names(one.element)), one.element["tag"])) for one in all_of_them) or "nothing"
    what = "one component" if wanted is None else f"one component {wanted!r}"
    raise NothingToDoError(f"the card has not exactly {what} to use; it has {known}")


def action_of(card: Card, place: Place, given: Input) -> dict[str, Any]:
    """The `action` of the callback when the component is used.

    Raises:
        NothingToDoError: A client would not send one.
    """
    element = place.element
    tag = element["tag"]
    if element.get("disabled") is True:
        raise NothingToDoError(f"the {tag} is disabled")
    action: dict[str, Any] = {"tag": tag}
    value = _callback_value(element)
    if value is not None:
        action["value"] = value
    if element.get("name"):
        action["name"] = element["name"]
    submits = element.get("form_action_type") == "submit" or element.get("action_type") == "form_submit"
    if submits:
        form = _form_around(card, element)
        action |= {"timezone": given.timezone, "form_value": _form_value(form, given.form or {})}
        return action
    if "form" in place.inside and tag != "button":
        raise NothingToDoError(f"a {tag} in a form sends nothing by itself: press the form's button")
    if element.get("form_action_type") == "reset" or element.get("action_type") == "form_reset":
        raise NothingToDoError("the button resets its form; nothing is sent")
    if tag in {"button", "interactive_container"} and value is None:
        raise NothingToDoError(f"the {tag} has no callback: give it behaviors with type callback and a value")
    if tag == "button":
        action["timezone"] = given.timezone
    return action | _entered(element, given)


def _entered(element: Element, given: Input) -> dict[str, Any]:
    tag = element["tag"]
    if tag == "input":
        return {"input_value": _required(given.text, "text", tag)}
    if tag == "checker":
        return {"checked": _required(given.checked, "checked", tag)}
    if tag in PICKERS:
        return {"timezone": given.timezone, "option": f"{_required(given.date, 'date', tag)} {OFFSET}"}
    if tag in SINGLE or (tag == "select_img" and not element.get("multi_select")):
        return {"option": _option(element, _required(given.selected, "selected", tag))}
    if tag in MULTIPLE or tag == "select_img":
        chosen = _required(given.selected, "selected", tag)
        return {"options": [_option(element, one) for one in ([chosen] if isinstance(chosen, str) else chosen)]}
    return {}


def _form_value(form: Element, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a form sends: what was entered, and what stood there before."""
    values: dict[str, Any] = {}
    fields = {}
    for place in places(form):
        element = place.element
        if element["tag"] in INTERACTIVE - {"button", "overflow"}:
            name = element.get("name")
            if not name:
                raise NothingToDoError(f"error 200530: a {element['tag']} in the form has no name")
            fields[name] = element
            initial = next((element[key] for key in INITIAL if element.get(key)), None)
            if initial is not None:
                values[name] = _as_entered(element, initial)
    for name, value in given.items():
        if name not in fields:
            raise NothingToDoError(f"the form has no field {name!r}; it has {', '.join(map(repr, fields)) or 'none'}")
        values[name] = _as_entered(fields[name], value)
    for name, element in fields.items():
        if element.get("required") is True and values.get(name) in (None, "", []):
            raise NothingToDoError(f"the form's field {name!r} is required")
    return values


def _as_entered(element: Element, value: Any) -> Any:
    tag = element["tag"]
    if tag in PICKERS:
        return value if OFFSET in str(value) else f"{value} {OFFSET}"
    if tag in MULTIPLE:
        return [_option(element, one) for one in value]
    if tag in SINGLE:
        return _option(element, value)
    return value


def _option(element: Element, value: Any) -> str:
    options = element.get("options")
    if not isinstance(value, str):
        raise NothingToDoError(f"an option of a {element['tag']} is a text, not {value!r}")
    if not isinstance(options, list) or not options:
        return value  # people can be chosen from all people of the chat
    by_label = {}
    for one in options:
        if isinstance(one, dict) and isinstance(one.get("value"), str):
            if one["value"] == value:
                return value
            text = one.get("text")
            by_label[text.get("content") if isinstance(text, dict) else text] = one["value"]
    if value not in by_label:
        raise NothingToDoError(f"the {element['tag']} has no option {value!r}")
    return str(by_label[value])


def _form_around(card: Card, button: Element) -> Element:
    for place in places(card):
        if place.element["tag"] == "form" and any(one.element is button for one in places(place.element)):
            return place.element
    raise NothingToDoError("the button submits a form, but is in none")


def _is_interactive(element: Element) -> bool:
    return element["tag"] in INTERACTIVE or element["tag"] == "interactive_container"


def _names(element: Element) -> list[str]:
    found = [element.get("name"), element.get("element_id")]
    for key in ("text", "label", "placeholder"):
        text = element.get(key)
        if isinstance(text, dict):
            found.append(text.get("content"))
    return [one for one in found if isinstance(one, str) and one]


def _callback_value(element: Element) -> Any:
    for behavior in element.get("behaviors", ()):
        if isinstance(behavior, dict) and behavior.get("type") == "callback":
            return behavior.get("value", {})
    return element.get("value")  # how 1.0 cards say it


def _required(value: Any, what: str, tag: str) -> Any:
    if value is None:
        raise NothingToDoError(f"say `{what}=` for a {tag}")
    return value
