"""What a template card must be: https://developer.work.weixin.qq.com/document/path/101032.

Which code the platform answers for a wrong card is not documented; here it is 40058 for all of them.
"""

import re
from typing import Any

from imbridge.emulators.wecom.bot.errors import RefusedError

CARD_TYPES = frozenset({"text_notice", "news_notice", "button_interaction", "vote_interaction", "multiple_interaction"})
CLICKABLE = frozenset({"button_interaction", "vote_interaction"})
TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
KEY_LIMIT = 1024
OPTION_LIMIT = 128


def check_card(value: object) -> dict[str, Any]:
    """The card, if it is one.

    Raises:
        RefusedError: 40058, it is not.
    """
    card = _object(value, "template_card")
    kind = card.get("card_type")
    if kind not in CARD_TYPES:
        raise RefusedError(40058, f"card_type {kind!r}")
    _length(card, "horizontal_content_list", 6)
    _length(card, "jump_list", 3)
    _length(card, "vertical_content_list", 4)
    for item in card.get("horizontal_content_list") or []:
        _text(_object(item, "horizontal_content_list"), "keyname")
    for item in card.get("jump_list") or []:
        _text(_object(item, "jump_list"), "title")
    if card.get("action_menu") is not None:
        menu = _object(card["action_menu"], "action_menu")
        _keys(_list(menu, "action_list", 1, 3), "key", KEY_LIMIT)
    _task_id(card, str(kind))
    _CHECKS[kind](card)
    return card


def keys_of(card: dict[str, Any]) -> list[str]:
    """The keys of everything that can be clicked: buttons, the submit button, the entries of the menu."""
    return [button["key"] for button in _to_click(card)]


def texts_of(card: dict[str, Any]) -> dict[str, str]:
    """The same by what stands on it; the first, where two have one text."""
    return {button.get("text", ""): button["key"] for button in reversed(_to_click(card))}


def _to_click(card: dict[str, Any]) -> list[dict[str, Any]]:
    buttons = list(card.get("button_list") or [])
    if card.get("submit_button"):
        buttons.append(card["submit_button"])
    menu = card.get("action_menu") or {}
    return [*buttons, *(menu.get("action_list") or [])]


def menu_keys(card: dict[str, Any]) -> list[str]:
    """The keys of the menu in the corner."""
    return [entry["key"] for entry in (card.get("action_menu") or {}).get("action_list") or []]


def questions_of(card: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The ids of the options by their texts, by question key; questions that are disabled left out."""
    choosers = [card.get("button_selection"), card.get("checkbox"), *(card.get("select_list") or [])]
    return {
        chooser["question_key"]: {option["text"]: option["id"] for option in chooser["option_list"]}
        for chooser in choosers
        if chooser and not chooser.get("disable")
    }


def preset_of(card: dict[str, Any]) -> dict[str, list[str]]:
    """What is chosen in each question before anybody touched it."""
    preset: dict[str, list[str]] = {}
    for chooser in (card.get("button_selection"), *(card.get("select_list") or [])):
        if chooser and not chooser.get("disable"):
            ids = [option["id"] for option in chooser["option_list"]]
            preset[chooser["question_key"]] = [chooser["selected_id"] if chooser.get("selected_id") in ids else ids[0]]
    box = card.get("checkbox")
    if box and not box.get("disable"):
        preset[box["question_key"]] = [option["id"] for option in box["option_list"] if option.get("is_checked")]
    return preset


def _text_notice(card: dict[str, Any]) -> None:
    _object(card.get("card_action"), "card_action")
    title = card.get("main_title") or {}
    if not (isinstance(title, dict) and title.get("title")) and not card.get("sub_title_text"):
        raise RefusedError(40058, "text_notice needs main_title.title or sub_title_text")


def _news_notice(card: dict[str, Any]) -> None:
    _object(card.get("main_title"), "main_title")
    _object(card.get("card_action"), "card_action")
    if card.get("card_image") is None and card.get("image_text_area") is None:
        raise RefusedError(40058, "news_notice needs card_image or image_text_area")
    if card.get("card_image") is not None:
        _text(_object(card["card_image"], "card_image"), "url")
    if card.get("image_text_area") is not None:
        _text(_object(card["image_text_area"], "image_text_area"), "image_url")


def _button_interaction(card: dict[str, Any]) -> None:
    _object(card.get("main_title"), "main_title")
    buttons = _list(card, "button_list", 1, 6)
    _keys(buttons, "key", KEY_LIMIT)
    if card.get("button_selection") is not None:
        _choice(_object(card["button_selection"], "button_selection"), 10)


def _vote_interaction(card: dict[str, Any]) -> None:
    _object(card.get("main_title"), "main_title")
    _choice(_object(card.get("checkbox"), "checkbox"), 20)
    _keys([_object(card.get("submit_button"), "submit_button")], "key", KEY_LIMIT)


def _multiple_interaction(card: dict[str, Any]) -> None:
    _object(card.get("main_title"), "main_title")
    choosers = _list(card, "select_list", 1, 3)
    _keys(choosers, "question_key", KEY_LIMIT, text=False)
    for chooser in choosers:
        _choice(chooser, 10)
    _keys([_object(card.get("submit_button"), "submit_button")], "key", KEY_LIMIT)


_CHECKS = {
    "text_notice": _text_notice,
    "news_notice": _news_notice,
    "button_interaction": _button_interaction,
    "vote_interaction": _vote_interaction,
    "multiple_interaction": _multiple_interaction,
}


def _task_id(card: dict[str, Any], kind: str) -> None:
    task_id = card.get("task_id")
    if task_id is None:
        if kind in CLICKABLE or card.get("action_menu"):
            raise RefusedError(40058, "task_id is missing")
    elif not isinstance(task_id, str) or not TASK_ID.fullmatch(task_id):
        raise RefusedError(40058, f"task_id {task_id!r}")


def _choice(chooser: dict[str, Any], most: int) -> None:
    _text(chooser, "question_key", KEY_LIMIT)
    _keys(_list(chooser, "option_list", 1, most), "id", OPTION_LIMIT)


def _keys(items: list[dict[str, Any]], name: str, limit: int, *, text: bool = True) -> None:
    keys = []
    for item in items:
        keys.append(_text(item, name, limit))
        if text:
            _text(item, "text")
    if len(set(keys)) != len(keys):
        raise RefusedError(40058, f"{name} repeated")


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RefusedError(40058, f"{name} is missing")
    return value


def _list(owner: dict[str, Any], name: str, least: int, most: int) -> list[dict[str, Any]]:
    items = owner.get(name)
    if not isinstance(items, list) or not least <= len(items) <= most:
        raise RefusedError(40058, f"{name} needs {least} to {most} entries")
    return [_object(item, name) for item in items]


def _length(card: dict[str, Any], name: str, most: int) -> None:
    items = card.get(name)
    if items is not None and (not isinstance(items, list) or len(items) > most):
        raise RefusedError(40058, f"{name} has at most {most} entries")


def _text(owner: dict[str, Any], name: str, limit: int = 0) -> str:
    value = owner.get(name)
    if not isinstance(value, str) or not value or (limit and len(value.encode()) > limit):
        raise RefusedError(40058, f"{name} {value!r}")
    return value
