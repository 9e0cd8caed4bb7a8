"""Where to cut a text that is too long: after a paragraph if there is one, else a line, a sentence, a word."""

import re
from collections.abc import Callable, Iterator
from itertools import chain

from imbridge.rendering.characters import is_boundary, last_boundary

Release = Callable[[int, int], int]
"""`release(start, index)`: the index itself when a cut there breaks nothing, else where what it breaks begins
(or, when that is not after `start`, the nearest place that gets on)."""

_PARAGRAPH = re.compile(r"(?:\n[ \t\r]*+)+\n")
# Chinese ends a sentence without a space after it, English does not end one without.
_SENTENCE = re.compile(r"(?<=[.!?])[\"'”’)\]]{0,3}\s++|[。！？…][”’」』）\"')\]]{0,3}\s*+")
_WORD = re.compile(r"\s++|[，、；：]")


def choose(text: str, start: int, end: int, release: Release) -> int:
    """The best place to cut in `(start, end]`.

    White space stays before the cut, so that nothing is lost. A place earlier than half of what fits is not taken (a
    quarter, for words): half-empty messages read worse than a sentence that goes on, and some platforms count messages.
    """
    end = release(start, end)
    half = start + (end - start) // 2
    for places, low in (
        (_matches(_PARAGRAPH, text, half, end), half),
        (_lines(text, half, end), half),
        (_matches(_SENTENCE, text, half, end), half),
        (_words(text, half - (half - start) // 2, end), start),
    ):
        for index in places:
            if index > low and release(start, index) == index and is_boundary(text, index, start):
                return index
    index = release(start, last_boundary(text, start, end))
    if not is_boundary(text, index, start):  # what is to stay whole begins inside of a character
        index = release(start, last_boundary(text, start, index))
    return index


def _matches(pattern: re.Pattern[str], text: str, low: int, high: int) -> Iterator[int]:
    """Ends of matches, last first."""
    return reversed([match.end() for match in pattern.finditer(text, low, high)])


def _lines(text: str, low: int, high: int) -> Iterator[int]:
    """After each line break, last first."""
    while (found := text.rfind("\n", low, high)) >= 0:
        yield found + 1
        high = found


def _words(text: str, low: int, high: int) -> Iterator[int]:
    """After each gap between words, last first; the very end when the next word begins after it."""
    at_end = (high,) if high < len(text) and text[high].isspace() else ()
    return chain(at_end, _matches(_WORD, text, low, high))
