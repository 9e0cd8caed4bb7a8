"""What our reading of Markdown has beyond CommonMark, as rules of markdown-it.

- An address in the text is one, whatever marks are in it: `https://x.example/_a_*b`.
- `<br>` ends a line, and `<font color="red">...</font>` colours; every other tag is text.
- `**` beside Chinese, Japanese or Korean letters opens and closes also next to punctuation, as people who write these
  languages mean it (`这是**“重点”**内容`); a star between two digits or Latin letters is a star (`2*3*4`).
- Each line of a quotation has its `>`: one without ends it.
- A row of a table has a `|`; a line without one ends the table.
- A row of a table that has more cells than the head is read to its end (`rows`), and so is a `[label]: address`
  that no link refers to (`definitions`).
- Quotes and lists nest so many deep; what is typed deeper is text, so none of it is lost.
"""

import re
from collections.abc import Callable
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, lheading, list_block
from markdown_it.rules_inline import StateInline, strikethrough
from markdown_it.rules_inline.state_inline import Delimiter

from imbridge.rendering.markdown.definitions import kept_definitions
from imbridge.rendering.markdown.rows import table_with_whole_rows, whole_rows

MOST_LEVELS = 16
"""Levels of blocks in blocks; a quote is one, an item of a list is two."""
_BARE = re.compile(r"://[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%\[\]]{1,4000}")
_ANGLE = re.compile(r"&(?:[lg]t|#0*6[02]|#x0*3[ce]);", re.IGNORECASE)
"""`<` or `>` as an entity: no address goes on behind it."""
_SCHEME = re.compile(r"(?<![A-Za-z0-9])https?\Z", re.IGNORECASE)
_NOT_AT_THE_END = "?!.,:;*_~'\"[]"
_EQUALS = re.compile(r"={3,}[ \t]*")
_BREAK = re.compile(r"<br[ ]?/?>", re.IGNORECASE)
_FONT = re.compile(
    r"<(?:font color=(?P<quote>[\"']?)(?P<color>#?[A-Za-z0-9_-]{1,20})(?P=quote)|(?P<end>/font))>", re.IGNORECASE
)


def extend(md: MarkdownIt) -> None:
    """Put them in."""
    md.inline.ruler.before("autolink", "imbridge_tag", _tag)
    md.inline.ruler.before("link", "imbridge_bare", _bare)
    md.inline.ruler.at("emphasis", _emphasis)
    md.inline.ruler.at("strikethrough", _strikethrough)
    quote: Any = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    md.block.ruler.at("blockquote", _bounded(blockquote), quote)
    md.block.ruler.before("blockquote", "imbridge_after_block", _after_block, {"alt": ["blockquote"]})
    whole_rows(md)
    kept_definitions(md)
    md.block.ruler.at("list", _bounded(list_block), {"alt": ["paragraph", "reference", "blockquote"]})


def _after_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if not silent or state.parentType not in ("blockquote", "table"):
        return False
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    row = line.startswith("|") if state.md.options.get("growing") else "|" in line
    return state.parentType == "blockquote" or not row


def _bounded(rule: Callable[[StateBlock, int, int, bool], bool]) -> Callable[[StateBlock, int, int, bool], bool]:
    def within(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        return state.level < MOST_LEVELS and rule(state, start, end, silent)

    return within


def _tag(state: StateInline, silent: bool) -> bool:
    found = _BREAK.match(state.src, state.pos) or _FONT.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        if found.re is _BREAK:
            state.push("hardbreak", "br", 0)
        else:
            token = state.push("font_close" if found["end"] else "font_open", "font", 0)
            token.content = found[0]
            token.info = found["color"] or ""
            token.meta["at"] = state.pos
    state.pos = found.end()
    return True


def _bare(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != ":" or state.linkLevel:
        return False
    scheme = _SCHEME.search(state.pending, max(0, len(state.pending) - 6))
    found = _BARE.match(state.src, state.pos)
    if scheme is None or found is None:
        return False
    rest = _trimmed(_ANGLE.split(found[0], maxsplit=1)[0])
    if len(rest) <= len("://"):
        return False
    if not silent:
        state.pending = state.pending[: scheme.start()]
        token = state.push("bare_link", "a", 0)
        token.content = scheme[0] + rest
    state.pos += len(rest)
    return True


def _trimmed(address: str) -> str:
    """Without what belongs to the sentence around it."""
    end = len(address)
    opened, closed = address.count("("), address.count(")")
    while end and (address[end - 1] in _NOT_AT_THE_END or (address[end - 1] == ")" and closed > opened)):
        closed -= address[end - 1] == ")"
        end -= 1
    return address[:end]


def _emphasis(state: StateInline, silent: bool) -> bool:
    start, marker = state.pos, state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(start, marker == "*")
    before = state.src[start - 1 : start] if start else ""
    after = state.src[start + scanned.length : start + scanned.length + 1]
    opens, closes = scanned.can_open, scanned.can_close
    if marker == "*":
        if scanned.length == 1 and _is_latin(before) and _is_latin(after):
            opens = closes = False
        else:
            opens = opens or bool(_is_east_asian(before) and after and not after.isspace())
            closes = closes or bool(_is_east_asian(after) and before and not before.isspace())
    for _ in range(scanned.length):
        token = state.push("text", "", 0)
        token.content, token.meta["at"] = marker, start
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=scanned.length,
                token=len(state.tokens) - 1,
                end=-1,
                open=opens,
                close=closes,
            )
        )
    state.pos += scanned.length
    return True


def _strikethrough(state: StateInline, silent: bool) -> bool:
    made, start = len(state.tokens), state.pos
    if not strikethrough.tokenize(state, silent):
        return False
    for token in state.tokens[made:]:
        token.meta["at"] = start
    return True


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _is_east_asian(char: str) -> bool:
    """Ideographs, kana, hangul, and their punctuation."""
    return bool(char) and (
        "\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af" or "\uf900" <= char <= "\ufaff"
        or "\uff00" <= char <= "\uffef" or "\U00020000" <= char <= "\U0003ffff"
    )  # fmt: skip


def only_barred(md: MarkdownIt) -> None:
    """The head of a table begins with a bar: any other line would have to wait for the next one to be known."""

    def barred(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        begins = state.bMarks[start] + state.tShift[start]
        return state.src.startswith("|", begins) and table_with_whole_rows(state, start, end, silent)

    md.block.ruler.at("table", barred, {"alt": ["paragraph", "reference"]})


def equals_signs_are_rules(md: MarkdownIt) -> None:
    """`===` below a text is a line across: what it would make a heading of is shown already."""

    def underline(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
        if state.is_code_block(start) or _EQUALS.fullmatch(line) is None:
            return False
        if not silent:
            state.line = start + 1
            token = state.push("hr", "hr", 0)
            token.map, token.markup = [start, state.line], line
        return True

    md.block.ruler.before("hr", "imbridge_equals", underline, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def only_equals_signs(md: MarkdownIt) -> None:
    """Below a text, `===` makes a heading of it and `---` is a line across: in chats nobody means the other."""

    def underlined(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        made, line, parent = len(state.tokens), state.line, state.parentType
        if not lheading(state, start, end, silent):
            return False
        if len(state.tokens) > made and state.tokens[made].markup == "-":
            del state.tokens[made:]
            state.line = line
            state.parentType = parent
            return False
        return True

    md.block.ruler.at("lheading", underlined)
