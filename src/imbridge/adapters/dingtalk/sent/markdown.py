"""The part of Markdown that DingTalk shows. Pure.

Source: open.dingtalk.com, "custom robots: message types", Markdown: headings, quotes, bold, italics, links, pictures,
lists. Clients show code as well. They differ in tables (newer ones on computers show them, phones may not), so these
become lines. Tags of HTML are taken for HTML, on phones up to an empty message, and a single line break is none.
"""

import re

from imbridge.adapters.markdown_dialect import without

_MISSING = frozenset({"table", "strikethrough"})
_TAG = re.compile(r"\\?<(?!(?:/font|br ?/?|font(?: [a-z]+=[\"']?[#\w]{1,20}[\"']?)?)>)(?=[A-Za-z/!?])", re.IGNORECASE)
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_BEGINS_BLOCK = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]|[-*+][ \t]|\d{1,9}[.)][ \t]|`{3,}|~{3,}|\||(?:-{3,}|\*{3,}|_{3,})[ \t]*$)"
)
_STANDS_ALONE = re.compile(r"[ \t]*(?:#{1,6}[ \t]|\||(?:-{3,}|\*{3,}|_{3,}|={1,})[ \t]*$)")
_QUOTE = re.compile(r"[ \t]*>")
_MARKUP = re.compile(r"[*_`~\[\]<>#|\\]|^[ \t]*(?:[-+=]|\d{1,9}[.)][ \t])|^(?: {4}|\t)", re.MULTILINE)
BREAK = "  "
"""At the end of a line: it ends here."""


def shown(text: str) -> tuple[str, dict[str, str]]:
    """The text as DingTalk can show it, and what became of what it cannot: `{"table": "lines of text"}`."""
    kept, changed = without(text, _MISSING)
    return _broken(_TAG.sub("&lt;", kept)), changed


def is_plain(text: str) -> bool:
    """Whether a text reads the same in Markdown."""
    return _MARKUP.search(text) is None


def _broken(text: str) -> str:
    """The text with its line breaks marked: clients would join the lines of a paragraph."""
    lines = text.split("\n")
    fence = ""
    for number, line in enumerate(lines[:-1]):
        opened = _FENCE.match(line)
        if fence:
            fence = "" if opened is not None and opened[1].startswith(fence) else fence
        elif opened is not None:
            fence = opened[1]
        elif _continues(line, lines[number + 1]):
            lines[number] = line.rstrip(" ") + BREAK
    return "\n".join(lines)


def _continues(line: str, following: str) -> bool:
    """Whether a client would join these two."""
    if not line.strip() or not following.strip() or line.endswith("\\") or _STANDS_ALONE.match(line):
        return False
    quoted = _QUOTE.match(line) is not None
    if quoted or _QUOTE.match(following):
        return quoted and _QUOTE.match(following) is not None
    return _BEGINS_BLOCK.match(following) is None
