"""The block structure of a Markdown text, as far as cutting it needs to know: fences, tables, the marks of a line."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from imbridge.rendering.spans import Spans

# CommonMark allows three spaces before a fence; inside a list there are more, and bots write lists.
_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)\n?")
_MARKS = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)]|#{1,6}|>)[ \t]+)+\S?")
_CELL = r"[ \t]*+:?-++:?[ \t]*+"
DELIMITER_ROW = re.compile(rf"[ \t]*+\|?{_CELL}(?:\|{_CELL})*+\|?[ \t]*+\r?\n?")
"""The second row of a table. Possessive throughout: a long row of blanks must not be tried again and again."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block of code.

    Attributes:
        start: Where its opening line begins.
        body: Where its code begins.
        code_end: Where its closing line begins, or the end of the text when it is not closed.
        end: After its closing line, or the end of the text when it is not closed.
        opening: The opening line without its end.
        closing: What closes it, as long as what opens it.
    """

    start: int
    body: int
    code_end: int
    end: int
    opening: str
    closing: str


@dataclass(frozen=True, slots=True)
class Table:
    """Header row, delimiter row and what follows.

    Attributes:
        start: Where its header row begins.
        body: Where what follows its delimiter row begins.
        end: After its last row.
    """

    start: int
    body: int
    end: int


class Blocks:
    """Where the fences and tables of a text are, and which stretches of its lines stay whole."""

    __slots__ = ("_fence_starts", "_table_starts", "fences", "tables", "whole")

    def __init__(self, text: str) -> None:
        self.fences: list[Fence] = []
        self.tables: list[Table] = []
        self.whole = Spans(self._read(text))
        self._fence_starts = [fence.start for fence in self.fences]
        self._table_starts = [table.start for table in self.tables]

    def fence_around(self, index: int) -> Fence | None:
        """The fence that a cut before `index` would break."""
        found = bisect_left(self._fence_starts, index) - 1
        return self.fences[found] if found >= 0 and index < self.fences[found].end else None

    def table_around(self, index: int) -> Table | None:
        """The table that a cut before `index` would break."""
        found = bisect_left(self._table_starts, index) - 1
        return self.tables[found] if found >= 0 and index < self.tables[found].end else None

    def _read(self, text: str) -> Iterator[tuple[int, int]]:
        """Go through the lines once; gives the stretches that stay whole."""
        position = previous = 0
        row_before = False
        while position < len(text):
            end = _line_end(text, position)
            fence = _fence_at(text, position)
            if fence is not None:
                self.fences.append(fence)
                yield fence.start, _line_end(text, fence.body)
                last_line = text.rfind("\n", fence.body, max(fence.body, text.rfind("\n", fence.body, fence.end - 1)))
                yield max(fence.body, last_line + 1), fence.end
                end = fence.end
                row_before = False
            elif row_before and DELIMITER_ROW.fullmatch(text, position, end):
                yield previous, end  # a header without its delimiter row is no table
                begin, body = previous, end
                while end < len(text) and (line := text[end : _line_end(text, end)]).strip() and "|" in line:
                    yield end, end + len(line)
                    end += len(line)
                self.tables.append(Table(begin, body, end))
                row_before = False
            else:
                marks = _MARKS.match(text, position, end)
                if marks is not None:
                    yield marks.span()
                row_before = text.find("|", position, end) >= 0
            previous, position = position, end


def _line_end(text: str, start: int) -> int:
    """After the line break that ends the line at `start`."""
    found = text.find("\n", start)
    return len(text) if found < 0 else found + 1


def _fence_at(text: str, start: int) -> Fence | None:
    opened = _FENCE.match(text, start)
    if opened is None or (opened["mark"][0] == "`" and "`" in opened["info"]):
        return None
    mark = opened["mark"]
    closes = re.compile(rf"^[ \t]*{mark[0]}{{{len(mark)},}}[ \t\r]*$\n?", re.MULTILINE)
    closed = closes.search(text, opened.end())
    return Fence(
        start=start,
        body=opened.end(),
        code_end=len(text) if closed is None else closed.start(),
        end=len(text) if closed is None else closed.end(),
        opening=opened[0].rstrip("\r\n"),
        closing=opened["indent"] + mark,
    )
