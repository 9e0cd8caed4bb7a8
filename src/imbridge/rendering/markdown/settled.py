"""How much of a growing Markdown is read as it will be in the end: for streams that can only be appended to."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imbridge.rendering.markdown.parsing import parser
from imbridge.rendering.markdown.scanning import open_code, open_link, open_marks

if TYPE_CHECKING:
    from markdown_it.token import Token

_TRIES = 8
_UNDECIDED = re.compile(
    r"[ \t]*(?:\[[ xX]\][ \t]+)?(?:[-+*_=~`#>|:\\][-+*_=~`#>|:\\ \t]*|\d{1,9}(?:[.)][ \t]*)?|(?:`{3}|~{3}).*)?"
)
"""The beginning of a line from which several blocks could come."""
_BOX = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[[ xX]?(?:\][ \t]*)?")
_DELIMITERS = re.compile(r"[ \t>]*[-:| \t]*")
_HALF = re.compile(
    r"(?:&#?[A-Za-z0-9]{0,32};?|<[^<>\s]{0,200}|<font[^<>\n]{0,40}|<br ?/?"
    r"|(?<![A-Za-z0-9])h(?:t(?:t(?:ps?(?::/?/?)?)?)?)?)\Z",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br[ ]?/?>", re.IGNORECASE)
_LOOSE = frozenset("\\*_~`![]()<&#|:@ \t\n")
"""What a text must not end with to be sure of how it is read."""


def settled(text: str) -> int:
    """How many characters of a text that grows are read as they will be in the end, whatever follows them.

    What they are written as (`write(parse(text[:n], growing=True), dialect, growing=True)`) then stands at the
    beginning of what every longer text is written as. Everything up to the last block is settled; of a paragraph or an
    entry of a list that is being written, what no mark is open in; of a piece of code, its lines; of a table, nothing
    until something follows it.

    Args:
        text: Markdown, the beginning of a longer one.
    """
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    tokens = parser(True).parse(text)
    leaf = _last_leaf(tokens)
    if leaf is None or leaf.map is None:
        return 0
    first, end = leaf.map
    last = len(lines) - 1
    goes_on = first == last > 0 and lines[last - 1].strip() and _UNDECIDED.fullmatch(lines[last])
    if goes_on or any(line.strip() for line in lines[end:]) or (leaf.type in ("fence", "hr") and first == last):
        return _without_last_line(text)  # which may become a list, a quotation, or go on with what is above
    if leaf.type == "table_open":
        return starts[first]
    if leaf.type == "fence":
        return _in_fence(leaf, lines, starts)
    if leaf.type in ("code_block", "hr"):
        return starts[first]
    return _in_lines(leaf, text, lines[: max(end, first + 1)], starts, first)


def settled_literal(text: str) -> int:
    """The same for a growing text in which nothing is markup, so that it has to be escaped as it comes."""
    line = text.rfind("\n") + 1
    end = line if _UNDECIDED.fullmatch(text, line) else len(text)
    return _cut(text, end)


def _without_last_line(text: str) -> int:
    at = text.rfind("\n")
    return settled(text[:at]) if at > 0 else 0


def _last_leaf(tokens: "Sequence[Token]") -> "Token | None":
    """The last block that holds no other; a table counts as one."""
    found: Token | None = None
    in_table = False
    for token in tokens:
        if token.type == "table_open":
            found, in_table = token, True
        elif token.type == "table_close":
            in_table = False
        elif not in_table and (token.type in ("inline", "fence", "code_block", "hr")):
            found = token
    return found


def _in_fence(fence: "Token", lines: list[str], starts: list[int]) -> int:
    first, end = fence.map or (0, 0)
    inner = fence.content.count("\n") + (fence.content[-1:] not in ("", "\n"))
    closed = inner < end - first - 1
    last = len(lines) - 1
    if not closed and fence.markup[0] == "~":
        return starts[first]  # how it is fenced depends on all of its lines
    if closed:
        return starts[end] if end <= last and lines[last].strip() == "" else starts[max(end - 1, first)]
    bare = lines[last].strip(" \t>")
    if not bare or fence.markup.startswith(bare):
        return starts[last] - 1
    half = _HALF.search(lines[last])
    return starts[last] + (len(lines[last]) if half is None else half.start())


def _in_lines(leaf: "Token", text: str, lines: list[str], starts: list[int], first: int) -> int:
    """Within a paragraph or a heading."""
    content = leaf.content.split("\n")
    offsets: list[int] = []
    for number, line in enumerate(content):
        source = lines[first + number] if first + number < len(lines) else ""
        within = source.rfind(line) if line else len(source)
        if within < 0:
            return starts[first]
        offsets.append(starts[first + number] + within)
    open_ended = first + len(content) > text.removesuffix("\n").count("\n")
    end = len(leaf.content)
    if open_ended:
        end -= _undecided(lines[first + len(content) - 1], content)
    known = _known(leaf.content[: max(end, 0)])
    if known <= 0:
        return starts[first]
    number = leaf.content.count("\n", 0, known)
    column = known - (leaf.content.rfind("\n", 0, known) + 1)
    return offsets[number] + column


def _undecided(line: str, content: list[str]) -> int:
    """Characters at the end of a paragraph of which more is needed to know what block they are of."""
    last = content[-1]
    if "|" in last or _UNDECIDED.fullmatch(last) or _BOX.fullmatch(line):
        held = len(last) + 1
        if len(content) > 1 and "|" in content[-2] and _DELIMITERS.fullmatch(last):
            held += len(content[-2]) + 1
        return held
    return 0


def _known(text: str) -> int:
    """Characters of a paragraph in which nothing is open."""
    end = len(text)
    for _ in range(_TRIES):
        end = _cut(text, end)
        if end <= 0:
            return 0
        opened = _first_open(text[:end])
        if opened is None:
            return end
        end = opened
    return 0


def _cut(text: str, end: int) -> int:
    """The last place before which a cut leaves nothing in doubt."""
    while end > 0:
        half = _HALF.search(text, max(0, end - 240), end)
        if half is not None:
            end = half.start()
        elif text[end - 1] in _LOOSE:
            end -= 1
        elif (line := _line(text, end)) < end and _UNDECIDED.fullmatch(text, line, end):
            end = line
        else:
            return end
    return 0


def _line(text: str, end: int) -> int:
    """Where the line begins that ends there."""
    broken = [found.end() for found in _BREAK.finditer(text, text.rfind("\n", 0, end) + 1, end)]
    return broken[-1] if broken else text.rfind("\n", 0, end) + 1


def _first_open(text: str) -> int | None:
    found = [one.at for one in (open_code(text), open_link(text)) if one is not None]
    found += [one.at for one in open_marks(text)[:1]]
    return min(found) if found else None
