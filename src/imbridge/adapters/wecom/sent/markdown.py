"""The Markdown that WeCom shows: of apps and group robots (`markdown`), of robots (`markdown_v2`), of smart bots. Pure.

Sources: developer.work.weixin.qq.com, "send messages of an app" (path/90236), "message push" (path/99110), "passive
replies" of smart bots (path/101031). `markdown` has headings, bold, links, code within a line, quotes and three
colours, and shows the rest as it was typed; a robot's calls members by `<@userid>`. `markdown_v2` has italics, lists,
nested quotes, pictures, lines across, code blocks and tables, too, but neither colours nor mentions; clients before
4.1.36 (Android: 4.1.38) show it as plain text. A smart bot's page says "common Markdown"; its stream takes `<think>`
for what it is thinking. How a character is escaped is documented nowhere.
"""

import re

from imbridge.rendering.markdown.dialect import Dialect
from imbridge.rendering.markdown.literal import ZERO_WIDTH, unescaped

USERID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_AT = re.compile(r"<(?=@)")
_TAG = re.compile(r"<(?=@|/?think\b)", re.IGNORECASE)
_COLOUR = re.compile(r"<(?=/?font\b)", re.IGNORECASE)


def without_mentions(text: str) -> str:
    """A text in which the platform finds nobody to call: an invisible character after each `<` that an `@` follows."""
    return _AT.sub(f"<{ZERO_WIDTH}", text) if "<@" in text else text


def without_tags(text: str) -> str:
    """The same, and nothing that a smart bot's stream takes for thoughts."""
    return _TAG.sub(f"<{ZERO_WIDTH}", text) if "<" in text else text


def _literal(text: str, start: bool) -> str:
    """Text that nobody coloured: `<font color="warning">` that somebody typed is broken like any other tag."""
    return unescaped(_COLOUR.sub(f"<{ZERO_WIDTH}", text) if "<" in text else text, start)


def mention(identity: str, name: str) -> str:
    """A member is called; what is no userid is a name."""
    if USERID.fullmatch(identity) and identity.casefold() != "all":
        return f"<@{identity}>"
    return ""


MARKDOWN = Dialect(
    name="WeCom markdown",
    shows=frozenset({"heading", "bold", "code", "link", "quote", "color"}),
    escape=_literal,
    guard=without_mentions,
    colors=frozenset({"info", "comment", "warning"}),
)
"""Of an app."""

ROBOT = Dialect(
    name="WeCom robot markdown",
    shows=MARKDOWN.shows,
    escape=_literal,
    guard=without_mentions,
    colors=MARKDOWN.colors,
    mention=mention,
)

ROBOT_V2 = Dialect(
    name="WeCom robot markdown_v2",
    shows=frozenset(
        {"heading", "bold", "italics", "code", "code block", "link", "image", "quote", "nested quote", "list", "table",
         "rule"}
    ),
    guard=without_mentions,
    embeds=True,
)  # fmt: skip

BOT = Dialect(
    name="WeCom smart bot",
    shows=frozenset(
        {"heading", "bold", "italics", "strikethrough", "code", "code block", "link", "image", "quote", "nested quote",
         "list", "table", "rule"}
    ),
    guard=without_tags,
)  # fmt: skip
