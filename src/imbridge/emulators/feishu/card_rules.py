"""What the platform accepts as the JSON of a card.

Rules: https://open.feishu.cn/document/feishu-cards/card-json-v2-structure, its pages on the single components, and the
list of sub-codes at https://open.feishu.cn/document/server-docs/im-v1/message/create. Properties are checked at the
root of a 2.0 card only; the platform checks those of every component.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from imbridge.emulators.feishu.card_tree import Card, is_v2, places
from imbridge.emulators.feishu.markdown_tables import count_tables

TEXTS = frozenset({"plain_text", "lark_md"})
DECORATION = frozenset({"standard_icon", "custom_icon", "text_tag", "fallback_text"})
SHOWING = frozenset(
    {
        "div",
        "markdown",
        "img",
        "img_combination",
        "person",
        "person_list",
        "chart",
        "table",
        "hr",
        "column_set",
        "column",
    }
)
INTERACTIVE = frozenset(
    {"button", "overflow", "input", "select_static", "select_person", "multi_select_static", "multi_select_person"}
    | {"date_picker", "picker_time", "picker_datetime", "select_img", "checker"}
)
CONTAINING = frozenset({"form", "interactive_container", "collapsible_panel"})
BOTH = TEXTS | DECORATION | SHOWING | INTERACTIVE | CONTAINING
V2_TAGS = BOTH | {"audio"}
V1_TAGS = BOTH | {"action", "note"}

ROOT_PROPERTIES = frozenset({"schema", "config", "card_link", "header", "body", "fallback"})
ROOT_ONLY = frozenset({"form", "table"})
ELEMENT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,19}")
IMAGE_FIELDS = ("img_key", "image_key")
MARKDOWN = frozenset({"markdown", "lark_md"})
_AT = re.compile(r"<at\s+(?P<kind>id|ids|user_id)=[\"']?(?P<ids>[^\"'>\s]+)[\"']?\s*>")
_MARKDOWN_IMAGE = re.compile(r"!\[[^\]]*\]\((?P<key>img_[^)\s]+)\)")


class CardError(Exception):
    """A card is refused.

    Args:
        code: The platform's code of what is wrong, a sub-code where the API's own code is 230099.
        message: The platform's text for it.
        value: What is wrong, if the platform names it.
        path: Where, if the platform says so.
    """

    def __init__(self, code: int, message: str, value: str = "", path: str = "") -> None:
        parts = [f"ErrCode: {code}"]
        if path:
            parts.append(f"ErrPath: {path}")
        parts.append(f"ErrMsg: {message}")
        if value:
            parts.append(f"ErrorValue: {value}")
        self.code = code
        self.ext = "; ".join(parts) + "; "
        super().__init__(self.ext)


def parse_card(text: Any) -> Card:
    """The card in a JSON text.

    Raises:
        CardError: 200621, it is none.
    """
    try:
        card = json.loads(text) if isinstance(text, str) else None
    except ValueError as error:
        raise not_a_card(str(error)) from None
    if not isinstance(card, dict):
        raise not_a_card("the card is not a JSON object")
    return card


def not_a_card(value: str) -> CardError:
    """The refusal of something that is no card."""
    return CardError(200621, "parse card json err, please check whether the card json is correct", value)


def check_card(
    card: Card,
    *,
    tables: int,
    components: int,
    knows_image: Callable[[str], bool],
    knows_person: Callable[[str], bool],
) -> None:
    """Checks a card's JSON.

    Args:
        card: The card.
        tables: How many tables it may have, those in Markdown counted (the platform documents 5).
        components: How many components and elements a 2.0 card may have (200).
        knows_image: Whether there is an image with this key.
        knows_person: Whether the app knows somebody by this id.

    Raises:
        CardError: It is refused.
    """
    v2 = is_v2(card)
    _check_root(card, v2=v2)
    known = V2_TAGS if v2 else V1_TAGS
    ids: set[str] = set()
    count = table_count = 0
    for place in places(card):
        element, tag = place.element, place.element["tag"]
        count += 1
        if tag not in known:
            _refuse_tag(tag, place.path, v2=v2)
        if tag in ROOT_ONLY and place.inside:
            # The rule is in the component's page; that its code is this one is unverified.
            raise CardError(11310, f"element {tag} can not be nested", tag, place.path)
        if "element_id" in element:
            _check_id(element["element_id"], ids)
        if tag == "table":
            table_count += 1
            _check_rows(element, place.path)
        elif tag in MARKDOWN:
            table_count += count_tables(str(element.get("content", "")))
        _check_images(element, knows_image)
        for person in people_of(element):
            if not knows_person(person):
                raise CardError(100290, "There is an invalid user resource(at/person) in your card", person)
    if v2 and count > components:
        raise CardError(300305, f"The number of card components exceeds {components}")
    if table_count > tables:
        raise CardError(11310, "card table number over limit", "table")


def people_of(element: dict[str, Any]) -> Iterable[str]:
    """The user ids a component names: `<at>` in Markdown, people shown. `all` is left out."""
    tag = element["tag"]
    if tag in MARKDOWN:
        content = element.get("content")
        if isinstance(content, str) and "<at" in content:
            for match in _AT.finditer(content):
                yield from (one for one in match["ids"].split(",") if one and one != "all")
    elif tag == "person" and isinstance(element.get("user_id"), str):
        yield element["user_id"]
    elif tag == "person_list" and isinstance(element.get("persons"), list):
        yield from (one["id"] for one in element["persons"] if isinstance(one, dict) and isinstance(one.get("id"), str))


def _check_root(card: Card, *, v2: bool) -> None:
    if not v2:
        schema = card.get("schema", "1.0")
        if schema != "1.0":
            raise not_a_card(f"unknown schema {schema!r}")
        elements = card.get("elements", [])
    else:
        for key in card:
            if key not in ROOT_PROPERTIES:
                raise not_a_card(f"unknown property: {key}, path: []")
        body = card.get("body", {})
        if not isinstance(body, dict):
            raise not_a_card("body is not an object")
        elements = body.get("elements", [])
    for key in ("config", "header", "card_link"):
        if not isinstance(card.get(key, {}), dict):
            raise not_a_card(f"{key} is not an object")
    if "header" in card and v2 and not isinstance(card["header"].get("title"), dict):
        raise not_a_card("header.title is missing")
    if not isinstance(elements, list):
        raise not_a_card("elements is not a list")
    for index, element in enumerate(elements):
        if not isinstance(element, dict) or not isinstance(element.get("tag"), str):
            raise not_a_card(f"element {index} has no tag")


def _refuse_tag(tag: str, path: str, *, v2: bool) -> None:
    if v2:
        text = "cards of schema V2 no longer support this capability"
        raise CardError(200861, text, f"unsupported tag {tag}", path)
    raise not_a_card(f"unknown tag {tag}, path: {path}")


def _check_id(element_id: Any, ids: set[str]) -> None:
    if not isinstance(element_id, str) or not ELEMENT_ID.fullmatch(element_id):
        # The rule is the platform's; its code for it is unverified.
        raise not_a_card(f"element_id {element_id!r} is not 1 to 20 letters, digits or underscores after a letter")
    if element_id in ids:
        raise CardError(300301, "Duplicate element_id in card component.", element_id)
    ids.add(element_id)


def _check_rows(table: dict[str, Any], path: str) -> None:
    columns, rows = table.get("columns", []), table.get("rows", [])
    if not isinstance(columns, list) or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CardError(200914, "table rows is invalid", path=path)
    for row_number, row in enumerate(rows):
        for column_number, column in enumerate(columns):
            value = row.get(column.get("name")) if isinstance(column, dict) else None
            kinds = _CELLS.get(column.get("data_type", "text") if isinstance(column, dict) else "")
            if kinds is None or (value is not None and (not isinstance(value, kinds) or isinstance(value, bool))):
                text = f"table rows is invalid, row {row_number}, column {column_number}"
                raise CardError(200914, text, path=path)


_CELLS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "lark_md": (str,),
    "markdown": (str,),
    "number": (int, float),
    "date": (int, float),
    "options": (list, str),
    "persons": (list, str),
}
"""The types of a cell's value by the column's data type."""


def _check_images(element: dict[str, Any], knows_image: Callable[[str], bool]) -> None:
    keys = [element[field] for field in IMAGE_FIELDS if element.get(field)]
    icon = element.get("icon")
    if isinstance(icon, dict) and icon.get("tag") == "custom_icon":
        keys.append(icon.get("img_key"))
    if isinstance(element.get("img_list"), list):
        keys += [item.get("img_key") if isinstance(item, dict) else None for item in element["img_list"]]
    if element["tag"] in MARKDOWN:
        keys += [match["key"] for match in _MARKDOWN_IMAGE.finditer(str(element.get("content", "")))]
    for key in keys:
        if not isinstance(key, str) or not knows_image(key):
            raise CardError(200570, "card contains invalid image keys", f"image key {key}")
