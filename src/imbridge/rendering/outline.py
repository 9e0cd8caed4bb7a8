"""Where the blocks of a Markdown text are, as far as cutting it needs to know: fences, tables, the marks of a line."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from imbridge.rendering.markdown.parsing import parser
from imbridge.rendering.spans import Spans

if TYPE_CHECKING:
    from markdown_it.token import Token

_LINE_END = re.compile(r"\r\n|\r|\n")
_LIST_MARK = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$)")
_MARKS = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)]|#{1,6}|>)[ \t]+)+\S?")
_QUOTED = re.compile(r"(?:[ ]{0,3}>[ ]?)*")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block of code.

    Attributes:
        start: Where its opening line begins.
        body: Where its code begins.
        code_end: Where its closing line begins, or the end of the code when it is not closed.
        end: After its closing line.
        opening: What opens it, as a line of its own.
        closing: What closes it, as a line of its own.
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
        head: The header row and the delimiter row, as lines of their own.
    """

    start: int
    body: int
    end: int
    head: str


@dataclass(frozen=True, slots=True)
class Lead:
    """What a line begins with because of the quotes and lists that it is in.

    Attributes:
        quote: The marks of its quotes.
        indent: By how many spaces it is indented behind them.
    """

    quote: str
    indent: int


class Outline:
    """The fences and tables of a text, and which stretches of its lines stay whole."""

    __slots__ = ("_code", "_fence_starts", "_starts", "_table_starts", "_text", "fences", "tables", "whole")

    def __init__(self, text: str) -> None:
        """Reads the blocks of the text, and nothing within its lines."""
        self._text = text
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
        if self._starts[-1] < len(text) or len(self._starts) == 1:
            self._starts.append(len(text))
        self.fences: list[Fence] = []
        self.tables: list[Table] = []
        self._code: list[tuple[int, int]] = []
        self.whole = Spans(self._read(_block_tokens(text)))
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

    def lead_at(self, index: int) -> Lead:
        """What the line of a character begins with; of indented code nothing, for there the spaces make the code."""
        line = max(bisect_right(self._starts, index) - 1, 0)
        found = bisect_right(self._code, (line, len(self._starts))) - 1
        if found >= 0 and line < self._code[found][1]:
            return Lead("", 0)
        fence = self.fence_around(index)
        text = fence.opening if fence is not None and index >= fence.body else self._line(line)
        quote = _QUOTED.match(text)
        quoted = "" if quote is None else quote[0]
        rest = text[len(quoted) :]
        return Lead("> " * quoted.count(">"), len(rest) - len(rest.lstrip(" ")))

    def begins_line(self, index: int) -> bool:
        """Whether a line begins there."""
        found = bisect_left(self._starts, index)
        return found < len(self._starts) and self._starts[found] == index

    def _line(self, number: int) -> str:
        return self._text[self._starts[number] : self._starts[number + 1]].rstrip("\r\n")

    def _read(self, tokens: "list[Token]") -> Iterator[tuple[int, int]]:
        """Go through the blocks once; gives the stretches that stay whole."""
        covered = [(0, 0)]
        for token in tokens:
            if token.map is None:
                continue
            first, after = token.map[0], min(token.map[1], len(self._starts) - 1)
            if token.type == "fence":
                yield from self._read_fence(token, first, after)
            elif token.type == "table_open":
                yield from self._read_table(first, after)
            elif token.type == "code_block":
                self._code.append((first, after))
            else:
                if token.type == "heading_open" and token.markup == "=":
                    yield self._starts[first], self._starts[after]
                continue
            covered.append((first, after))
        covered.append((len(self._starts) - 1, 0))
        for (_, after), (first, _) in pairwise(covered):
            for line in range(after, first):
                marks = _MARKS.match(self._text, self._starts[line], self._starts[line + 1])
                if marks is not None:
                    yield marks.span()

    def _read_fence(self, token: "Token", first: int, after: int) -> Iterator[tuple[int, int]]:
        starts, opened = self._starts, self._line(first)
        lead = _spaces(opened[: opened.find(token.markup)])
        last = self._line(after - 1)
        closed = after - 1 > first and re.fullmatch(
            rf"(?:[ ]{{0,3}}>)*[ \t]*{token.markup[0]}{{{len(token.markup)},}}[ \t]*", last
        )
        code_end = starts[after - 1] if closed else starts[after]
        end = starts[after]
        body = starts[first + 1]
        self.fences.append(
            Fence(starts[first], body, code_end, end, f"{lead}{token.markup}{token.info}", f"{lead}{token.markup}")
        )
        yield starts[first], min(starts[min(first + 2, len(starts) - 1)], max(end, body))
        yield starts[max(first + 1, after - 2 if closed else after - 1)], end

    def _read_table(self, first: int, after: int) -> Iterator[tuple[int, int]]:
        starts = self._starts
        header = self._line(first)
        marks = _MARKS.match(header)
        lead = _spaces(header[: marks.end() - 1]) if marks is not None else ""
        head = f"{lead}{header[len(lead) :]}\n{self._line(first + 1)}\n"
        self.tables.append(Table(starts[first], starts[first + 2], starts[after], head))
        yield starts[first], starts[first + 2]  # a header without its delimiter row is no table
        for row in range(first + 2, after):
            yield starts[row], starts[row + 1]


def _block_tokens(text: str) -> "list[Token]":
    tokens: list[Token] = []
    md = parser()
    md.block.parse(_LINE_END.sub("\n", text), md, {}, tokens)
    return tokens


def _spaces(lead: str) -> str:
    """The same without marks of lists: what follows is no entry of its own."""
    return _LIST_MARK.sub(lambda mark: " " * len(mark[0]), lead)
