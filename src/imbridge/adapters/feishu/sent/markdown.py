"""The Markdown that Feishu shows: in a post, and in a card. Pure.

Sources: open.feishu.cn, im-v1 "content of sent messages", `md` (post), and "card JSON 2.0, rich text" (card). A post's
page knows links, lists (four spaces for each level), code blocks, quotes, lines across, bold, italics and
strikethrough, and says that these three hold text alone. Headings, tables and code within a line are not on it. A card
knows these; its pictures are keys of uploaded images, and a card with any other is refused. How a character is escaped
is documented for cards only, by entities.
"""

import re
from typing import Any

from imbridge.rendering.markdown.dialect import Dialect
from imbridge.rendering.markdown.literal import ZERO_WIDTH, as_entities

MOST_TABLES = 3
"""In one card: one too many loses all of it (230099 with 11310). The table component's page says five; three in
Markdown are what always passed (openclaw-lark, 2026-03)."""

_CALLS = re.compile(r"<(?=/?\s*(?:at|person|link_card)\b)", re.IGNORECASE)
_KEY = re.compile(r"img_[\w-]{1,200}\Z")
_COLORS = frozenset(
    {"blue", "carmine", "green", "grey", "indigo", "lime", "neutral", "orange", "purple", "red", "sunflower",
     "turquoise", "violet", "wathet", "white", "yellow"}
)  # fmt: skip


def without_mentions(text: str) -> str:
    """Tags that call somebody or show somebody's card, made inert by an invisible character after the `<`."""
    return _CALLS.sub(f"<{ZERO_WIDTH}", text) if "<" in text else text


def _quoted(value: str) -> str:
    return re.sub(r'[<>"&]', "", value)


POST = Dialect(
    name="Feishu post",
    shows=frozenset({"bold", "italics", "strikethrough", "code block", "link", "quote", "list", "rule"}),
    indent=4,
    flat=True,
    beside=True,
    guard=without_mentions,
    mention=lambda identity, name: f'<at user_id="{_quoted(identity)}">{_quoted(name)}</at>',
    mention_all=lambda: '<at user_id="all"></at>',
)

CARD = Dialect(
    name="Feishu card",
    shows=frozenset(
        {"heading", "bold", "italics", "strikethrough", "code", "code block", "link", "image", "quote", "list", "table",
         "rule", "color"}
    ),
    tables=MOST_TABLES,
    indent=4,
    escape=as_entities,
    guard=without_mentions,
    bar="&#124;",
    colors=_COLORS,
    images=_KEY,
    embeds=True,
    mention=lambda identity, name: f"<at id={_quoted(identity)}></at>",
    mention_all=lambda: "<at id=all></at>",
)  # fmt: skip


def markdown_card(text: str) -> dict[str, Any]:
    """A card with nothing but a text in it, which is written in `CARD`."""
    return {
        "schema": "2.0",
        "config": {"update_multi": True},
        "body": {"elements": [{"tag": "markdown", "content": text}]},
    }
