"""The shared card model → one of the five kinds of template cards. Pure.

Source: developer.work.weixin.qq.com, "send messages of an app", template cards (path/90236). Lengths of texts are
advice there ("no more than 36 characters"): the client shows the beginning of what is longer.
"""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.card_seals import NOT_SEALED, OPTION_SEAL_BYTES, Seal
from imbridge.adapters.wecom.sent.card_model import Sorted, sort
from imbridge.protocol import Button, ButtonClicked, Card, Degradation, Image, ImbridgeError, Loss, Select
from imbridge.rendering.cards.carried import OWN, written

MOST_BUTTONS, MOST_JUMPS, MOST_SELECTS = 6, 3, 3
MOST_OPTIONS, MOST_VOTES = 10, 20
KEY_BYTES, OPTION_BYTES = 1024, 128
TITLE, DESCRIPTION, BODY = 36, 44, 160
"""Characters that the clients show of a headline, of the line below it, and of a text, by the platform's advice."""

_STYLES = {"primary": 1, "default": 2, "danger": 3}
"""The platform knows 1 to 4; which of them looks how is in a picture of its documents, and unverified."""
_SUBMIT = "提交"
SETTLED, LABEL = "✓", 10
"""What stands on the button of a card that is settled, and how long a text there may be, by the platform's advice."""


class DoesNotFitError(ImbridgeError):
    """No kind of template card has room for this; the message says why."""


def template_card(
    card: Card, pictures: Mapping[int, str], seal: Seal = NOT_SEALED, *, settled: str = ""
) -> tuple[dict[str, Any], list[Degradation]]:
    """A card of the model as a template card, without its `task_id`, and what is shown otherwise than meant.

    Args:
        card: The model.
        pictures: Addresses of the pictures in it, by `id()` of the element.
        seal: What seals it for the chat that it goes to.
        settled: For one that takes the place of another: what stands on a button that cannot be clicked, when there is
            nothing to click on in it. A new card has to have something.

    Raises:
        DoesNotFitError: it has to be shown as text.
    """
    found = sort(card, seal)
    if found.selects:
        made = _with_choices(found)
    elif found.buttons:
        made = _with_buttons(found)
    elif any(id(image) in pictures for image in found.images):
        made = _with_picture(found, pictures)
    elif found.links:
        made = _notice(found)
    elif settled:
        made = _settled(found, settled)
    else:
        raise DoesNotFitError("a card in WeCom has something to click on")
    return made, found.degradations


def pictures_in(card: Card) -> list[Image]:
    """The pictures that a card of the model shows: one, where it has nothing to click on but pages to open."""
    found = sort(card)
    return [] if found.selects or found.buttons else found.images[:1]


def has_task(card: Mapping[str, Any]) -> bool:
    """A task id is needed: it can be clicked, and the click tells it."""
    return str(card.get("card_type", "")).endswith("_interaction") or bool(card.get("action_menu"))


# -- the kinds ---------------------------------------------------------------------------------------------------------


def _notice(found: Sorted) -> dict[str, Any]:
    """`text_notice`: text, facts, and pages to open; the first of them opens with a click anywhere."""
    found.images_as_lines("its address is not known")
    if len(found.links) > MOST_JUMPS:
        raise DoesNotFitError(f"a notice has room for {MOST_JUMPS} links")
    return {
        "card_type": "text_notice",
        **_heading(found),
        **_rows(found),
        "jump_list": [{"type": 1, "title": link.text, "url": link.url} for link in found.links],
        "card_action": {"type": 1, "url": found.links[0].url},
    }


def _with_picture(found: Sorted, pictures: Mapping[int, str]) -> dict[str, Any]:
    """`news_notice`: the first picture, texts below it, facts, and pages to open."""
    if len(found.links) > MOST_JUMPS:
        raise DoesNotFitError(f"a notice has room for {MOST_JUMPS} links")
    shown = next(image for image in found.images if id(image) in pictures)
    found.images.remove(shown)
    found.images_as_lines("WeCom shows one picture in a card")
    text = found.text
    title, _, rest = (found.title or text or shown.alt or "…", "", text) if found.title else text.partition("\n")
    made: dict[str, Any] = {
        "card_type": "news_notice",
        "main_title": {"title": title or shown.alt or "…"},
        "card_image": {"url": pictures[id(shown)]},
    }
    if rest:
        first, _, more = rest.partition("\n")
        made["vertical_content_list"] = [{"title": first, "desc": more} if more else {"title": first}]
    made |= _rows(found)
    if found.links:
        made["jump_list"] = [{"type": 1, "title": link.text, "url": link.url} for link in found.links]
    made["card_action"] = {"type": 1, "url": found.links[0].url if found.links else pictures[id(shown)]}
    return made


def _with_buttons(found: Sorted) -> dict[str, Any]:
    """`button_interaction`: text, facts, buttons that tell us and buttons that open a page."""
    found.images_as_lines("WeCom shows no picture in a card with buttons")
    buttons = [*found.buttons, *found.links]
    if len(buttons) > MOST_BUTTONS:
        raise DoesNotFitError(f"a card has room for {MOST_BUTTONS} buttons")
    return {
        "card_type": "button_interaction",
        **_heading(found),
        **_rows(found),
        "button_list": _buttons(buttons, found.seal),
    }


def _settled(found: Sorted, label: str) -> dict[str, Any]:
    """`button_interaction` whose button is grey and cannot be clicked: `replace_text` of "update template cards"."""
    found.images_as_lines("WeCom shows no picture in a card with buttons")
    return {
        "card_type": "button_interaction",
        **_heading(found),
        **_rows(found),
        "button_list": [{"text": label, "style": _STYLES["default"], "key": "settled"}],
        "replace_text": label,
    }


def settled_label(event: ButtonClicked) -> str:
    """What stands on the button of a card that is settled by a click: what was clicked, if there is room for it."""
    return event.action if 0 < len(event.action) <= LABEL else SETTLED


def _with_choices(found: Sorted) -> dict[str, Any]:
    """One of the three kinds in which something is chosen and sent off with a button."""
    found.images_as_lines("WeCom shows no picture in a card with choices")
    selects = [select for select, _ in found.selects]
    names = [select.name for select in selects]
    if len(set(names)) < len(names) or any(len(name.encode()) > KEY_BYTES for name in names):
        raise DoesNotFitError(f"the names of choices have to differ, and to have at most {KEY_BYTES} bytes")
    for one in selects:
        for option in one.options:
            if not option.value or len(found.seal.option(one.name, option.value).encode()) > OPTION_BYTES:
                room = OPTION_BYTES - OPTION_SEAL_BYTES
                raise DoesNotFitError(
                    f"the options of {one.name[:40]!r} have values of 1 to {room} bytes, and {option.text[:40]!r} has "
                    f"{len(option.value.encode())}: shorten it"
                )
    if len(selects) == 1 and _is_vote(selects[0], found):
        return _vote(selects[0], found)
    if any(select.multiple for select in selects) or max(len(one.options) for one in selects) > MOST_OPTIONS:
        raise DoesNotFitError(f"several answers, or more than {MOST_OPTIONS}, can be in a card with one choice only")
    if len(selects) == 1:
        made = _with_buttons(found)
        if not made["button_list"]:
            made["button_list"] = [_submit(found)]
        return {**made, "button_selection": _selection(selects[0], found.seal)}
    if len(selects) > MOST_SELECTS:
        raise DoesNotFitError(f"a card has room for {MOST_SELECTS} choices")
    return {
        "card_type": "multiple_interaction",
        **_short_heading(found),
        "select_list": [_selection(select, found.seal) for select in selects],
        "submit_button": _submit(found),
    }


def _is_vote(select: Select, found: Sorted) -> bool:
    """All options side by side; with more to say, or several buttons, the list folds up and leaves room for it."""
    if select.multiple or len(select.options) > MOST_OPTIONS:
        return True
    return len(found.buttons) < 2 and not found.rows and not found.links and len(found.text) <= DESCRIPTION


def _vote(select: Select, found: Sorted) -> dict[str, Any]:
    if len(select.options) > MOST_VOTES:
        raise DoesNotFitError(f"a choice has at most {MOST_VOTES} options")
    if select.label:
        found.lines.append(select.label)
    return {
        "card_type": "vote_interaction",
        **_short_heading(found),
        "checkbox": {
            "question_key": select.name,
            "mode": int(select.multiple),
            "option_list": [
                {
                    "id": found.seal.option(select.name, option.value),
                    "text": option.text,
                    "is_checked": option.value in select.initial,
                }
                for option in select.options
            ],
        },
        "submit_button": _submit(found),
    }


# -- their parts -------------------------------------------------------------------------------------------------------


def _heading(found: Sorted) -> dict[str, Any]:
    """The headline, and the text below it. A headline that is too long for its place begins the text."""
    text, title = found.text, found.title
    if not title:
        title, _, text = text.partition("\n")
    if len(title) > TITLE:
        text = f"{title}\n{text}".rstrip("\n")
        title = f"{title[: TITLE - 1]}…"
    if len(text) > BODY:
        found.degrade(
            Loss.SIMPLIFIED,
            "text",
            "whole, the client may show less",
            f"WeCom advises at most {BODY} characters in a card",
        )
    made: dict[str, Any] = {"main_title": {"title": title or "…"}}
    return {**made, "sub_title_text": text} if text else made


def _short_heading(found: Sorted) -> dict[str, Any]:
    """The headline, and one line below it, where there is no room for more."""
    found.rows_as_lines()
    found.links_as_lines()
    text, title = found.text, found.title
    if not title:
        title, _, text = text.partition("\n")
    if len(title) > TITLE or len(text) > DESCRIPTION:
        why = f"WeCom advises at most {TITLE} and {DESCRIPTION} characters in a card with choices"
        found.degrade(Loss.SIMPLIFIED, "text", "whole, the client may show less", why)
    return {"main_title": {"title": title or "…", **({"desc": text} if text else {})}}


def _rows(found: Sorted) -> dict[str, Any]:
    rows = [{"keyname": name, "value": value} for name, value in found.rows]
    return {"horizontal_content_list": rows} if rows else {}


def _buttons(buttons: list[Button], seal: Seal) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    keys: set[str] = set()
    for button in buttons:
        one: dict[str, Any] = {"text": button.text, "style": _STYLES[button.style]}
        if button.url:
            one |= {"type": 1, "url": button.url}
        else:
            one["key"] = _key(button.action or button.text, {"value": button.value}, seal, keys)
            keys.add(one["key"])
        made.append(one)
    return made


def _submit(found: Sorted) -> dict[str, Any]:
    """The button with which the choices are sent off: the form's own, the only one there is, or one made for them."""
    many = [select.name for select, _ in found.selects if select.multiple]
    chosen: dict[str, Any] = {"many": many or None}
    button = next((one for one in found.buttons if one.submit), found.buttons[0] if found.buttons else None)
    for other in found.buttons:
        if other is not button:
            found.degrade(
                Loss.DROPPED, "button", f"left out: {other.text}", "a card with choices has one button in WeCom"
            )
    if button is not None:
        return {
            "text": button.text,
            "key": _key(button.action or button.text, {"value": button.value, **chosen}, found.seal),
        }
    found.degrade(
        Loss.SIMPLIFIED, "select", f"with a button {_SUBMIT}", "what is chosen is sent off with a button in WeCom"
    )
    if len(found.selects) == 1 and not found.selects[0][1]:
        name = found.selects[0][0].name
        return {"text": _SUBMIT, "key": _key(name, {"choice": name, **chosen}, found.seal)}
    return {"text": _SUBMIT, "key": _key("submit", chosen, found.seal)}


def _key(action: str, carried: Mapping[str, Any], seal: Seal, taken: set[str] | None = None) -> str:
    """A button's key, which comes back with the click: the action's name, what else it carries, and its seal."""
    more = {name: value for name, value in carried.items() if value is not None}
    key = written(seal.on({OWN: action, **more}))
    number = 1
    while taken is not None and key in taken:  # two that do the same: the platform wants keys that differ
        number += 1
        key = written(seal.on({OWN: action, **more, "n": number}))
    if (size := len(key.encode())) > KEY_BYTES:
        raise DoesNotFitError(
            f"a button's key has at most {KEY_BYTES} bytes, and that of {action[:40]!r} takes {size}: shorten its "
            "action or value"
        )
    return key


def _selection(select: Select, seal: Seal) -> dict[str, Any]:
    made: dict[str, Any] = {
        "question_key": select.name,
        "option_list": [
            {"id": seal.option(select.name, option.value), "text": option.text} for option in select.options
        ],
    }
    if title := select.label or select.placeholder:
        made["title"] = title
    if select.initial:
        made["selected_id"] = seal.option(select.name, select.initial[0])
    return made
