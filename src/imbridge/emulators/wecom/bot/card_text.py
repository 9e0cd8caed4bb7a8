"""What a person reads on a template card."""

from collections.abc import Iterator
from typing import Any


def card_text(card: dict[str, Any]) -> str:
    """Titles, texts, options and buttons, line by line."""
    return "\n".join(line for line in _lines(card) if line)


def _lines(card: dict[str, Any]) -> Iterator[str]:
    yield _of(card.get("source"), "desc")
    yield from _pair(card.get("main_title"))
    yield from _pair(card.get("emphasis_content"))
    yield from _pair(card.get("quote_area"), "title", "quote_text")
    yield from _pair(card.get("image_text_area"))
    yield str(card.get("sub_title_text") or "")
    for item in _items(card.get("vertical_content_list")):
        yield from _pair(item)
    for item in _items(card.get("horizontal_content_list")):
        yield f"{item.get('keyname', '')}: {item.get('value', '')}"
    for chooser in (card.get("button_selection"), card.get("checkbox"), *_items(card.get("select_list"))):
        if isinstance(chooser, dict):
            yield _of(chooser, "title")
            yield " / ".join(_of(option, "text") for option in _items(chooser.get("option_list")))
    yield " ".join(f"[{_of(button, 'text')}]" for button in _items(card.get("button_list")))
    if isinstance(card.get("submit_button"), dict):
        yield f"[{_of(card['submit_button'], 'text')}]"
    for jump in _items(card.get("jump_list")):
        yield _of(jump, "title")


def _pair(value: object, first: str = "title", second: str = "desc") -> Iterator[str]:
    yield _of(value, first)
    yield _of(value, second)


def _of(value: object, name: str) -> str:
    return str(value.get(name) or "") if isinstance(value, dict) else ""


def _items(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
