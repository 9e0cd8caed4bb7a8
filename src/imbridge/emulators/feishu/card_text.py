"""The text a person reads in a card."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_KEYS = ("header", "title", "subtitle", "content", "text", "label", "fields", "body", "elements", "columns", "actions")
_AT = re.compile(r"<at\s+(?:id|ids|user_id)=[\"']?(?P<ids>[^\"'>\s]+)[\"']?\s*>(?:</at>)?")
_INSTEAD = {"img": "[image]", "img_combination": "[images]", "chart": "[chart]", "audio": "[audio]", "hr": "---"}
"""What stands for components that are no text."""


def card_text(card: dict[str, Any], names: Mapping[str, str]) -> str:
    """The card as lines: title, then every component from top to bottom.

    Args:
        card: The card's JSON, or a reference to a template.
        names: Display names of the people it mentions, by the id it mentions them with.
    """
    if card.get("type") == "template" and isinstance(card.get("data"), dict):
        return f"[template {card['data'].get('template_id', '')}]"
    lines = "\n".join(_lines(_in_reading_order(card)))
    if "<at" not in lines:
        return lines
    return _AT.sub(lambda match: " ".join("@" + names.get(one, one) for one in match["ids"].split(",")), lines)


def _in_reading_order(card: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {key: card[key] for key in ("header", "title", "body", "elements") if key in card}
    by_locale = card.get("i18n_elements")
    if not shown.get("elements") and isinstance(by_locale, dict) and by_locale:
        shown["elements"] = next(iter(by_locale.values()))
    # Anything else, as in cards that are no cards of the platform's: whatever text is in them.
    return shown or card


def _lines(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        if node:
            yield node
    elif isinstance(node, list):
        for item in node:
            yield from _lines(item)
    elif isinstance(node, dict):
        tag = node.get("tag")
        if isinstance(tag, str) and tag in _INSTEAD:
            yield _INSTEAD[tag]
        elif tag == "table":
            yield from _table(node)
        else:
            for key in _KEYS:
                if key in node:
                    yield from _lines(node[key])
            yield from _of_input(node, tag)


def _of_input(node: dict[str, Any], tag: Any) -> Iterator[str]:
    yield from _lines(node.get("placeholder"))
    if tag in {"overflow", "select_static", "multi_select_static"} and isinstance(node.get("options"), list):
        for option in node["options"]:
            if isinstance(option, dict):
                yield from (f"- {line}" for line in _lines(option.get("text")))


def _table(table: dict[str, Any]) -> Iterator[str]:
    columns = [one for one in table.get("columns", ()) if isinstance(one, dict)]
    yield " | ".join(str(one.get("display_name") or one.get("name", "")) for one in columns)
    for row in table.get("rows", ()):
        if isinstance(row, dict):
            yield " | ".join(_cell(row.get(one.get("name"))) for one in columns)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(one.get("text", "")) if isinstance(one, dict) else str(one) for one in value)
    return str(value)
