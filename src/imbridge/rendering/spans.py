"""Stretches of a text that are to stay whole: sorted, disjoint, found by position."""

import re
from bisect import bisect_left
from collections.abc import Iterable


class Spans:
    """Disjoint `[start, end)` stretches; those given overlapping are united."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def around(self, index: int) -> tuple[int, int] | None:
        """The stretch that a cut before `index` would break."""
        found = bisect_left(self._starts, index) - 1
        if found < 0 or self._ends[found] <= index:
            return None
        return self._starts[found], self._ends[found]


# Bounded repetitions throughout: whatever the text, matching stays linear in its length.
_URL = r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,4000}"
_MENTION = r"<at\ [^<>\n]{0,300}>[^<>\n]{0,300}</at>|<[^<>\n]{1,300}>|@[\w.\-]{1,64}"
_PLAIN = re.compile(f"{_URL}|{_MENTION}", re.VERBOSE)
_MARKDOWN = re.compile(
    rf"""!?\[[^\[\]\n]{{0,1000}}\]\((?:[^()\s]|\([^()\s]{{0,200}}\)){{0,4000}}(?:[ ]"[^"\n]{{0,300}}")?\)
    |{_MENTION}
    |{_URL}
    |`[^`\n]{{1,300}}`
    |\*\*[^*\n]{{1,300}}\*\*""",
    re.VERBOSE,
)


def plain_spans(text: str) -> Spans:
    """Bare addresses of pages and mentions written as text."""
    return Spans(match.span() for match in _PLAIN.finditer(text))


def markdown_spans(text: str) -> Spans:
    """Links, images, mention tags, code and bold inside a line of Markdown."""
    return Spans(match.span() for match in _MARKDOWN.finditer(text))
