"""A received card → `Card` with the platform's JSON, and what it says as text.

What arrives is not what was sent: cards of the older structure come flattened into rows of tags, of structure 2.0
nothing comes but a line that asks to update the client (open.feishu.cn, im-v1 "content of received messages", card).
Clients report that some events carry the real card beside it, as `user_dsl`. Asked for with
`card_msg_content_type=user_card_content`, a message has the card as its sender wrote it; with `raw_card_content` it has
`json_card`, in which each tag keeps its fields below `property`.
"""

from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from imbridge.adapters.feishu.received.mentions import MentionTable
from imbridge.protocol import Card, Mention

UNSEEN = frozenset({"请升级至最新版本客户端，以查看内容"})
"""What stands in the place of a card that the platform does not tell."""

_DEEPEST = 40
_SHOWN = (
    "header", "title", "subtitle", "text_tag_list", "body", "elements", "i18n_elements", "text", "content", "fields",
    "actions", "columns", "extra",
)  # fmt: skip
"""Where a tag keeps what it shows, in the order in which it is shown."""

_INLINE = frozenset({"text", "a", "at", "img", "button"})
"""What stands side by side in a row of the flattened form."""

_CHOICES = frozenset({
    "select_static", "multi_select_static", "select_person", "multi_select_person", "overflow", "date_picker",
    "picker_time", "picker_datetime", "input", "checker",
})  # fmt: skip

_WHOLE = frozenset({"schema", "header", "body", "config", "i18n_elements", "card_link"})
"""What a card has that is not flattened."""


def received_card(body: dict[str, Any], mentions: MentionTable) -> Card:
    """The card, with its own JSON where that is told.

    Raises:
        ValueError: there is no card in it.
    """
    card = next((own for key in ("user_dsl", "json_card", "card") if (own := _parsed(body.get(key)))), body)
    if card.get("type") in ("card", "template"):  # a reference to one, which says nothing itself
        return Card(content=card, text="[card]")
    if not isinstance(card.get("elements"), list) and not card.keys() & _WHOLE:
        raise ValueError("not a card")
    header = card.get("header")
    shown = header.get("title") if isinstance(header, dict) and "title" in header else card.get("title", header)
    title = " ".join(_lines(shown, mentions, 0)).strip()
    lines = [line for line in _lines(card, mentions, 0) if line and line not in UNSEEN]
    text = "\n".join(lines if not title or (lines and lines[0] == title) else [title, *lines])
    return Card(title=title, content=card, text=text or "[card]")


def is_flattened(card: Card) -> bool:
    """It is not the card as it was sent, which can be asked for."""
    return not card.content.keys() & _WHOLE


def _parsed(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str):
        try:
            value = from_json(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


def _lines(node: Any, mentions: MentionTable, depth: int) -> Iterator[str]:
    """What is read in a node, line by line. What is nested absurdly deep is not read."""
    if depth > _DEEPEST:
        return
    if isinstance(node, str):
        yield node.strip()
    elif isinstance(node, dict):
        yield from _of_tag(node, mentions, depth)
    elif isinstance(node, list):
        if all(isinstance(each, dict) and each.get("tag") in _INLINE for each in node):
            yield "".join(line for each in node for line in _of_tag(each, mentions, depth)).strip()
        else:
            for each in node:
                yield from _lines(each, mentions, depth + 1)


def _of_tag(node: dict[str, Any], mentions: MentionTable, depth: int) -> Iterator[str]:
    tag, inner = node.get("tag"), node.get("property")
    facts = {**node, **inner} if isinstance(inner, dict) else node

    def line(*keys: str) -> str:
        return " ".join(said for key in keys for said in _lines(facts.get(key), mentions, depth + 1))

    if tag == "hr":
        yield "---"
    elif tag == "img":
        yield f"[image: {alt}]" if (alt := line("alt", "title")) else "[image]"
    elif tag == "at":
        found = mentions.find(str(facts.get("user_id") or ""), str(facts.get("user_name") or ""))
        yield f"@{found.name or found.id}" if isinstance(found, Mention) else "@all"
    elif tag == "button":
        yield f"[{line('text')}]"
    elif tag in _CHOICES:
        said = line("label") or line("placeholder") or line("text") or str(tag)
        options = facts.get("options")
        shown = [" ".join(_lines(each, mentions, depth + 1)) for each in options] if isinstance(options, list) else []
        yield f"[{said}: {' / '.join(shown)}]" if shown else f"[{said}]"
    elif tag == "a":
        text, url = line("text"), str(facts.get("href") or "")
        yield f"{text} ({url})" if text and url and text != url else text or url
    elif tag == "table":
        yield from _table(facts)
    elif isinstance(written := facts.get("content", facts.get("text")), str) and tag is not None:
        yield "".join(element.as_text() for element in mentions.split(written))
    else:
        for key in _SHOWN:
            value = facts.get(key)
            if key.startswith("i18n_") and isinstance(value, dict):
                value = next(iter(value.values()), None)
            yield from _lines(value, mentions, depth + 1)


def _table(facts: dict[str, Any]) -> Iterator[str]:
    columns, rows = facts.get("columns"), facts.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return
    named = [column for column in columns if isinstance(column, dict)]
    yield " | ".join(str(column.get("display_name") or column.get("name") or "") for column in named)
    for row in rows:
        if isinstance(row, dict):
            yield " | ".join(_cell(row.get(column.get("name"))) for column in named)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_cell(each) for each in value)
    if isinstance(value, dict):
        return str(value.get("text") or value.get("content") or value.get("data") or "")
    return "" if value is None else str(value)
