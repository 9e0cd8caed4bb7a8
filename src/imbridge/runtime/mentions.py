"""Where a text calls somebody by name: `@Name`. Pure.

What stands in code or in a quotation calls nobody: it tells of a call. Nor does a part of a longer name, of an e-mail
address or of a page's address.
"""

import re
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass

from markdown_it import MarkdownIt

_AT = re.compile("[@\uff20]")
_FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_QUOTED_LINE = re.compile(r"^[ \t]*>[^\n]*$", re.MULTILINE)
_TICKS = re.compile(r"`+")
_ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s<>\"'，。；）】]{1,4000}")
_LINK = re.compile(r"\[[^\[\]\n]{0,1000}\]\([^()\s]{0,2000}\)")
_TAG = re.compile(r"<[A-Za-z!/][^<>\n]{0,1000}>(?:[^<>\n]{0,300}</[A-Za-z]+>)?")
# Scripts that are written without blanks between words: `请@助手` is a call, `me@example` is none.
_UNSPACED = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]")
_JOINTS = "._-+%/\\"
_BETWEEN = "/+&"
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Call:
    """`@Name` in a text.

    Attributes:
        start: Where its `@` stands.
        end: Where the text goes on.
        name: The name, as it was given to the finder.
    """

    start: int
    end: int
    name: str


def find_calls(text: str, names: Collection[str], *, markdown: bool = False) -> list[Call]:
    """The calls of these names in a text, in order; they do not overlap.

    The longest name counts. Upper and lower case make a difference only between names that differ in nothing else.
    Both `@` and the full-width `＠` call.

    Args:
        text: What is said.
        names: Who can be called; without `@`.
        markdown: The text is Markdown; else only fences, back quotes and lines with `>` are taken for code and
            quotations, as people and models write them in plain texts.
    """
    by_length = sorted({name for name in names if name}, key=len, reverse=True)
    calls: list[Call] = []
    after = 0
    for match in _AT.finditer(text):
        at = match.start()
        if at < after or not (_may_begin(text, at) or (calls and at - after == 1 and text[after] in _BETWEEN)):
            continue
        name = _name_at(text, match.end(), by_length)
        if name is not None:
            after = match.end() + len(name)
            calls.append(Call(at, after, name))
    if not calls:
        return []
    told = _Stretches([*(_blocks(text) if markdown else _plain_blocks(text)), *_inline(text)])
    return [call for call in calls if call.start not in told]


def _name_at(text: str, start: int, by_length: list[str]) -> str | None:
    """The longest name that stands here whole: the one that is written exactly so, else the only one but for case."""
    found: list[str] = []
    for name in by_length:
        if found and len(name) < len(found[0]):
            break
        there = text[start : start + len(name)]
        if not _may_end(text, start + len(name)):
            continue
        if there == name:
            return name
        if there.casefold() == name.casefold():
            found.append(name)
    return found[0] if len(found) == 1 else None


def _may_begin(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    return not before or _UNSPACED.match(before) is not None or not (before.isalnum() or before in "._%+-@/\\\uff20")


def _may_end(text: str, end: int) -> bool:
    """No letter, digit or joint goes on with the name; Chinese may follow a Latin one without a blank."""
    last, following = text[end - 1 : end], text[end : end + 1]
    if not following:
        return True
    if following.isalnum() or following == "_":
        return _UNSPACED.match(following) is not None and _UNSPACED.match(last) is None
    if following in _JOINTS:
        beyond = text[end + 1 : end + 2]
        return not (beyond.isalnum() or beyond == "_")
    return following not in "@\uff20"


class _Stretches:
    """Stretches of a text, that may overlap."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, stretches: list[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(stretches):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __contains__(self, index: int) -> bool:
        found = bisect_right(self._starts, index) - 1
        return found >= 0 and index < self._ends[found]


def _plain_blocks(text: str) -> list[tuple[int, int]]:
    """Fences as far as they go, and quoted lines."""
    found = [match.span() for match in _QUOTED_LINE.finditer(text)] if ">" in text else []
    opened: tuple[int, str] | None = None
    for match in _FENCE.finditer(text) if "```" in text or "~~~" in text else ():
        mark = match[1]
        if opened is None:
            if mark[0] == "~" or "`" not in match[2]:
                opened = (match.start(), mark)
        elif mark.startswith(opened[1]) and not match[2].strip():
            found.append((opened[0], match.end()))
            opened = None
    if opened is not None:
        found.append((opened[0], len(text)))
    return found


def _blocks(text: str) -> list[tuple[int, int]]:
    """Code, quotations and HTML, by whole lines, as a Markdown parser sees them."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text)), len(text)]
    kinds = ("fence", "code_block", "blockquote_open", "html_block")
    return [
        (starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)])
        for token in MarkdownIt("commonmark").disable("inline").parse(text)
        if token.type in kinds and token.map is not None
    ]


def _inline(text: str) -> list[tuple[int, int]]:
    """Code between back quotes, addresses of pages, links and tags."""
    found = [match.span() for pattern in (_ADDRESS, _LINK, _TAG) for match in pattern.finditer(text)]
    runs = [match.span() for match in _TICKS.finditer(text)] if "`" in text else []
    closing: dict[int, list[int]] = {}
    for number, (start, end) in enumerate(runs):
        closing.setdefault(end - start, []).append(number)
    number = 0
    while number < len(runs):
        start, end = runs[number]
        same = closing[end - start]
        later = bisect_right(same, number)
        if later < len(same) and "\n\n" not in text[end : runs[same[later]][0]]:
            found.append((start, runs[same[later]][1]))
            number = same[later]
        number += 1
    return found
