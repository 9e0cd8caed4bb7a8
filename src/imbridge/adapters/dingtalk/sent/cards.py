"""The shared card model → the variables of a card's template. Pure.

DingTalk's cards are templates with variables, not free JSON. The platform's own template of an AI card, which every
organisation has, shows a headline, Markdown and buttons that tell us of a click: so cards need no work on the card
platform. It has nothing to choose from and nothing to type into: each choice becomes a button, the rest text. Whoever
wants more makes a template (setting `interactive_template`) with the variables that `own_data` fills in.

Sources: the official Python SDK, `card_instance.py`, for the template's variables; open.dingtalk.com, "how to fill in
card data" (every value is a text), "button groups" and "forms" of the card platform.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from pydantic_core import to_json

from imbridge.adapters.card_seals import NOT_SEALED, Seal
from imbridge.adapters.dingtalk.sent.card_texts import AUTO_LAYOUT, FINISHED
from imbridge.adapters.dingtalk.sent.markdown import CARD
from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.adapters.markdown_told import shown
from imbridge.protocol import Button, Card, ContentRefusedError, DatePicker, Degradation, Input, Select
from imbridge.rendering.cards.carried import OWN, button_params, written
from imbridge.rendering.cards.sorting import Click, Field, clicks, sort

PLATFORM = "DingTalk"
MOST_BUTTONS = 20
NOTICE = "staticMsgContent"
"""The variable below the text of the platform's template: empty, but for what is told to one person."""
OWN_NOTICE = "notice"
"""The same in a template of one's own."""
SUBMIT = "OK"
_ORDER = ("msgTitle", "msgContent", NOTICE, "msgButtons")
_COLORS = {"default": "gray", "primary": "blue", "danger": "red"}
_DATES = {"date": "DATE", "time": "TIME", "datetime": "DATETIME"}
_NOTHING_TO_FILL_IN = "DingTalk's own card template holds text and buttons; see interactive_template"

Variables = dict[str, str]


@dataclass(slots=True)
class CardData:
    """What a card shows.

    Attributes:
        public: What everybody sees.
        private: What one person sees in its place, by userId.
        degradations: What is shown otherwise than meant.
    """

    public: Variables
    private: dict[str, Variables] = field(default_factory=dict)
    degradations: list[Degradation] = field(default_factory=list)


class DoesNotFitError(DegradeError):
    """There is no such card: it has to be shown as text."""


def model_data(card: Card, seal: Seal = NOT_SEALED) -> CardData:
    """The variables of the platform's own template.

    Args:
        card: The model.
        seal: What seals its buttons.

    Raises:
        DoesNotFitError: it has too many buttons.
    """
    found = sort(card, PLATFORM)
    buttons = [_plain_button(click, seal) for click in clicks(found, _NOTHING_TO_FILL_IN)]
    if len(buttons) > MOST_BUTTONS:
        raise DoesNotFitError(f"a card has room for {MOST_BUTTONS} buttons", platform="dingtalk")
    layout: dict[str, Any] = {"order": _ORDER, "msgButtons": buttons}
    variables = {
        "flowStatus": FINISHED,
        "msgTitle": found.title,
        "msgContent": shown(found.markdown, CARD).text,
        NOTICE: "",
        "sys_full_json_obj": to_json(layout).decode(),
        "config": AUTO_LAYOUT,
    }
    return CardData(variables, degradations=found.degradations)


def _plain_button(click: Click, seal: Seal) -> dict[str, Any]:
    """A button whose id carries all."""
    color = _COLORS[click.style]
    if click.url:
        return {"text": click.text, "url": click.url, "iosUrl": click.url, "color": color}
    identity = written(seal.on(button_params(click.action, click.value)))
    return {"text": click.text, "id": identity, "color": color, "request": True}


# -- a template of one's own -------------------------------------------------------------------------------------------


def own_data(card: Card, seal: Seal = NOT_SEALED) -> CardData:
    """The variables of a template of one's own: `title`, `content`, `notice`, `buttons`, `form`, `form_*`.

    `buttons` is the data of a button group, `form` that of a form, whose submit button has the text `form_button` and
    calls back with the action id `form_action` and the parameter `form`; `has_buttons` and `has_form` say whether to
    show them.

    Args:
        card: The model.
        seal: What seals its buttons and choices.
    """
    found = sort(card, PLATFORM)
    submit = (
        next((button for button in found.buttons if button.submit and not button.url), None) if found.fields else None
    )
    lone = found.fields[0][0] if len(found.fields) == 1 and not found.fields[0][1] else None
    choice = lone.name if lone is not None and submit is None else ""
    action = submit.action or submit.text if submit else lone.name if lone else "submit"
    lists = [one for one, _ in found.fields if isinstance(one, Select)]
    picks, many = [one.name for one in lists], [one.name for one in lists if one.multiple]
    sends = button_params(action, submit.value if submit else None, choice=choice, picks=picks, many=many)
    buttons = [_own_button(button, seal) for button in found.buttons if button is not submit]
    fields = [_own_field(one, seal) for one, _ in found.fields]
    variables = {
        "title": found.title,
        "content": shown(found.markdown, CARD).text,
        OWN_NOTICE: "",
        "buttons": to_json(buttons).decode(),
        "has_buttons": _flag(bool(buttons)),
        "form": to_json({"fields": fields}).decode(),
        "form_button": submit.text if submit else SUBMIT,
        "form_action": written(seal.on(sends)),
        "has_form": _flag(bool(fields)),
    }
    return CardData(variables, degradations=found.degradations)


def _own_button(button: Button, seal: Seal) -> dict[str, Any]:
    event: dict[str, Any]
    if button.url:
        event = {"type": "openLink", "params": {"url": button.url}}
    else:
        action = button.action or button.text
        event = {
            "type": "sendCardRequest",
            "params": {"actionId": action, "params": {OWN: written(seal.on(button_params(action, button.value)))}},
        }
    return {"text": button.text, "color": _COLORS[button.style], "status": "normal", "event": event}


def _own_field(one: Field, seal: Seal) -> dict[str, Any]:
    made: dict[str, Any] = {"name": one.name, "label": one.label, "required": one.required}
    if one.placeholder:
        made["placeholder"] = one.placeholder
    if isinstance(one, Select):
        made["type"] = "MULTI_SELECT" if one.multiple else "SELECT"
        made["options"] = [
            {"value": seal.option(one.name, option.value), "text": option.text} for option in one.options
        ]
        chosen = [number for number, option in enumerate(one.options) if option.value in one.initial]
        values = [seal.option(one.name, one.options[number].value) for number in chosen]
        if one.multiple and chosen:
            made["defaultValue"] = {"index": chosen, "value": values}
        elif chosen:
            made["defaultValue"] = {"index": chosen[0], "value": values[0]}
        return made
    if isinstance(one, Input):
        made["type"] = "TEXT_AREA" if one.multiline else "TEXT"
    elif isinstance(one, DatePicker):
        made["type"] = _DATES[one.kind]
    return {**made, "defaultValue": one.initial} if one.initial else made


def _flag(value: bool) -> str:
    return "true" if value else "false"


# -- the platform's own JSON -------------------------------------------------------------------------------------------


def raw_data(content: Mapping[str, Any]) -> CardData:
    """A card in the platform's own words.

    `{"cardTemplateId": ..., "cardParamMap": {...}, "privateData": {userId: {...}}}`: what everybody sees, and what one
    person sees. Values that are no texts become JSON: the platform takes nothing else.

    Raises:
        ContentRefusedError: it has neither.
    """
    data = content.get("cardData")
    public = _texts(content if "cardParamMap" in content else data if isinstance(data, Mapping) else content)
    people = content.get("privateData")
    private = {str(user): _texts(value) or _plain(value) for user, value in people.items()} if _is_map(people) else {}
    if public is None and not private:
        raise ContentRefusedError(
            'a card in DingTalk\'s own words is {"cardTemplateId": "...", "cardParamMap": {...}}', platform="dingtalk"
        )
    return CardData(public or {}, private)


def _texts(holder: Any) -> Variables | None:
    given = holder.get("cardParamMap") if isinstance(holder, Mapping) else None
    return _plain(given) if isinstance(given, Mapping) else None


def _plain(given: Any) -> Variables:
    if not isinstance(given, Mapping):
        raise ContentRefusedError('"privateData" is {userId: {"variable": "value"}}', platform="dingtalk")
    return {str(name): value if isinstance(value, str) else to_json(value).decode() for name, value in given.items()}


def _is_map(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def is_raw(card: Card) -> bool:
    """Whether it is a card in the platform's own words."""
    return isinstance(card.content.get("cardTemplateId"), str)
