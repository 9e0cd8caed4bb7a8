"""Which of a robot's two kinds of Markdown a text needs. Pure.

Source: developer.work.weixin.qq.com, path/99110. `markdown` knows headings, bold, links, inline code, quotes, font
colours and `<@userid>`; `markdown_v2` knows italics, lists, nested quotes, images, rules, fenced code and tables too,
but neither colours nor mentions, and clients before 4.1.36 (Android: 4.1.38) show it as plain text.
"""

import re

from imbridge.rendering.blocks import Blocks

_USERID = r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"
_ANY_AT = re.compile(r"<@")
_MENTION = re.compile(rf"<@{_USERID}>")
_OTHER_AT = re.compile(rf"<@(?!{_USERID}>)|<@(?=all>)", re.IGNORECASE)
_COLOUR = re.compile(r"<font\s", re.IGNORECASE)
_INLINE_CODE = re.compile(r"`[^`\n]*+`")
_BEYOND: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an image", re.compile(r"!\[[^\]\n]*+\]\(")),
    ("a list", re.compile(r"^[ \t]*+(?:[-*+]|\d{1,9}[.)])[ \t]+\S", re.MULTILINE)),
    ("a rule", re.compile(r"^[ \t]{0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*+$", re.MULTILINE)),
    ("a nested quote", re.compile(r"^[ \t]{0,3}>[ \t]*+>", re.MULTILINE)),
    ("italics", re.compile(r"(?<![*\w\\])\*(?![*\s])[^*\n]*+(?<!\s)\*(?![*\w])")),
)
_ZERO_WIDTH = "\u200b"
USERID = re.compile(_USERID)


def without_mentions(text: str) -> str:
    """A text in which the platform finds nobody to call: an invisible character after each `<` that an `@` follows."""
    return _ANY_AT.sub(f"<{_ZERO_WIDTH}@", text)


def with_known_mentions(markdown: str) -> str:
    """The same Markdown in which `<@userid>` calls that member, and `<@all>` calls nobody.

    Everybody is called by a `MentionAll` only.
    """
    return _OTHER_AT.sub(f"<{_ZERO_WIDTH}@", markdown)


def kind_for(markdown: str) -> tuple[str, str]:
    """`markdown` or `markdown_v2`, and what in the text the chosen one cannot show; empty for nothing.

    Somebody who is to be called is called, whatever else the text holds: `markdown_v2` could not.
    """
    beyond = _beyond_basic(markdown)
    if not beyond:
        return "markdown", ""
    if _MENTION.search(markdown) or _COLOUR.search(markdown):
        return "markdown", beyond
    return "markdown_v2", ""


def _beyond_basic(markdown: str) -> str:
    blocks = Blocks(markdown)
    if blocks.tables:
        return "a table"
    if blocks.fences:
        return "a block of code"
    plain = _INLINE_CODE.sub("", markdown)
    return next((word for word, pattern in _BEYOND if pattern.search(plain)), "")
