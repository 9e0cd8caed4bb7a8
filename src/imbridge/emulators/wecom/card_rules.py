"""What a template card must have: the five kinds, their required fields, the lengths of their lists.

Rule: https://developer.work.weixin.qq.com/document/path/90236 (template_card). Lengths of texts are advice there
("建议不超过") and not checked. That all mistakes are 40058 is unverified.
"""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from imbridge.emulators.wecom.errors import ApiError

ROBOT_KINDS = frozenset({"text_notice", "news_notice"})
KINDS = ROBOT_KINDS | {"button_interaction", "vote_interaction", "multiple_interaction"}
TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
LISTS = {"horizontal_content_list": 6, "vertical_content_list": 4, "jump_list": 3, "button_list": 6}
KEY = 1024
OPTION_ID = 128
COMMON = frozenset({"card_type", "source", "action_menu", "main_title", "task_id", "quote_area", "replace_text"})
LINKED = frozenset({"horizontal_content_list", "jump_list", "card_action"})
OWN = {
    "text_notice": COMMON | LINKED | {"emphasis_content", "sub_title_text"},
    "news_notice": COMMON | LINKED | {"image_text_area", "card_image", "vertical_content_list"},
    "button_interaction": COMMON | LINKED | {"sub_title_text", "button_selection", "button_list"},
    "vote_interaction": COMMON | {"checkbox", "submit_button"},
    "multiple_interaction": COMMON | {"select_list", "submit_button"},
}
URL_OR_PROGRAM = {1: ("url",), 2: ("appid",)}
"""What a jump of type 1 or 2 must have."""


def checked_card(card: Mapping[str, Any], *, robot: bool = False, update: bool = False) -> None:
    """Refuses a card that is not as documented.

    Args:
        card: The `template_card`.
        robot: Whether a group robot sends it: two kinds, nothing to click.
        update: Whether it takes another card's place: it needs no task_id.

    Raises:
        ApiError: 40058, with what is wrong.
    """
    kind = card.get("card_type")
    if kind not in (ROBOT_KINDS if robot else KINDS):
        _wrong(f"card_type {kind!r} unknown")
    unknown = sorted(set(card) - OWN[kind])
    if unknown:
        _wrong(f"{', '.join(unknown)} no field of {kind}")
    _shapes(card)
    title = (card.get("main_title") or {}).get("title")
    if not title and (kind != "text_notice" or not card.get("sub_title_text")):
        _wrong("main_title.title missing")
    _jump(card.get("quote_area"), "quote_area")
    for item in card.get("jump_list") or ():
        _need(item, "jump_list", "title")
        _jump(item, "jump_list")
    for item in card.get("horizontal_content_list") or ():
        _need(item, "horizontal_content_list", "keyname", *_linked_fields(item))
    for item in card.get("vertical_content_list") or ():
        _need(item, "vertical_content_list", "title")
    if kind in ROBOT_KINDS:
        _action(card)
    if kind == "news_notice":
        _pictures(card)
    _menu(card, robot)
    _task(card, kind, update)
    if kind == "button_interaction":
        _buttons(card)
    elif kind == "vote_interaction":
        _question(card.get("checkbox"), "checkbox", 20)
        _submit(card)
    elif kind == "multiple_interaction":
        questions = card.get("select_list")
        if not isinstance(questions, list) or not 1 <= len(questions) <= 3:
            _wrong("select_list must have 1 to 3 items")
        for question in questions:
            _question(question, "select_list", 10)
        _distinct([question["question_key"] for question in questions], "select_list.question_key")
        _submit(card)


def _shapes(card: Mapping[str, Any]) -> None:
    for name, value in card.items():
        if name in LISTS:
            if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
                _wrong(f"{name} not a list of objects")
            if len(value) > LISTS[name]:
                _wrong(f"{name} exceed max length {LISTS[name]}")
        elif name in {"card_type", "task_id", "sub_title_text", "replace_text"}:
            if not isinstance(value, str):
                _wrong(f"{name} not a string")
        elif name != "select_list" and not isinstance(value, dict):
            _wrong(f"{name} not an object")


def _action(card: Mapping[str, Any]) -> None:
    action = card.get("card_action")
    if not action or action.get("type") not in URL_OR_PROGRAM:
        _wrong("card_action.type must be 1 or 2")
    _jump(action, "card_action")


def _jump(item: Mapping[str, Any] | None, where: str) -> None:
    if item:
        if item.get("type", 0) not in {0, 1, 2, 3}:
            _wrong(f"{where}.type unknown")
        _need(item, where, *URL_OR_PROGRAM.get(item.get("type", 0), ()))


def _linked_fields(item: Mapping[str, Any]) -> tuple[str, ...]:
    kind = item.get("type", 0)
    if kind not in {0, 1, 2, 3}:
        _wrong("horizontal_content_list.type unknown")
    return {1: ("url",), 2: ("media_id",), 3: ("userid",)}.get(kind, ())


def _pictures(card: Mapping[str, Any]) -> None:
    picture, area = card.get("card_image"), card.get("image_text_area")
    if not picture and not area:
        _wrong("card_image and image_text_area both missing")
    if picture:
        _need(picture, "card_image", "url")
        ratio = picture.get("aspect_ratio", 1.3)
        if not isinstance(ratio, int | float) or not 1.3 <= ratio <= 2.25:
            _wrong("card_image.aspect_ratio must be between 1.3 and 2.25")
    if area:
        _need(area, "image_text_area", "image_url")
        _jump(area, "image_text_area")


def _menu(card: Mapping[str, Any], robot: bool) -> None:
    menu = card.get("action_menu")
    if menu is None:
        return
    if robot:
        _wrong("action_menu no field of a robot's card")
    items = menu.get("action_list")
    if not isinstance(items, list) or not 1 <= len(items) <= 3:
        _wrong("action_menu.action_list must have 1 to 3 items")
    for item in items:
        _need(item, "action_menu.action_list", "text", "key")
        _short(item["key"], KEY, "action_menu.action_list.key")
    _distinct([item["key"] for item in items], "action_menu.action_list.key")


def _task(card: Mapping[str, Any], kind: str, update: bool) -> None:
    task_id = card.get("task_id", "")
    if task_id and not TASK_ID.fullmatch(task_id):
        _wrong("task_id has other than 128 digits, letters and _-@")
    if not task_id and not update and (kind not in ROBOT_KINDS or card.get("action_menu")):
        _wrong("task_id missing")


def _buttons(card: Mapping[str, Any]) -> None:
    buttons = card.get("button_list") or []
    if not buttons:
        _wrong("button_list missing")
    for button in buttons:
        kind = button.get("type", 0)
        if kind not in {0, 1}:
            _wrong("button_list.type must be 0 or 1")
        if button.get("style", 1) not in {1, 2, 3, 4}:
            _wrong("button_list.style must be 1 to 4")
        _need(button, "button_list", "text", "url" if kind else "key")
        _short(button.get("key", ""), KEY, "button_list.key")
    _distinct([button["key"] for button in buttons if button.get("key")], "button_list.key")
    if card.get("button_selection"):
        _question(card["button_selection"], "button_selection", 10)


def _question(question: Any, where: str, most: int) -> None:
    if not isinstance(question, dict):
        _wrong(f"{where} missing")
    _need(question, where, "question_key")
    _short(question["question_key"], KEY, f"{where}.question_key")
    options = question.get("option_list")
    if not isinstance(options, list) or not 1 <= len(options) <= most:
        _wrong(f"{where}.option_list must have 1 to {most} items")
    for option in options:
        _need(option, f"{where}.option_list", "id", "text")
        _short(option["id"], OPTION_ID, f"{where}.option_list.id")
    _distinct([option["id"] for option in options], f"{where}.option_list.id")


def _submit(card: Mapping[str, Any]) -> None:
    button = card.get("submit_button")
    if not button:
        _wrong("submit_button missing")
    _need(button, "submit_button", "text", "key")
    _short(button["key"], KEY, "submit_button.key")


def _need(item: Any, where: str, *names: str) -> None:
    if not isinstance(item, dict):
        _wrong(f"{where} not an object")
    for name in names:
        if not isinstance(item.get(name), str) or not item[name]:
            _wrong(f"{where}.{name} missing")


def _short(text: str, limit: int, where: str) -> None:
    if len(text.encode()) > limit:
        _wrong(f"{where} exceed max length {limit}")


def _distinct(keys: list[str], where: str) -> None:
    if len(set(keys)) < len(keys):
        _wrong(f"{where} repeated")


def _wrong(what: str) -> NoReturn:
    raise ApiError(40058, f"template_card.{what}")
