"""Cuts what is too long for one message into parts that fit."""

from collections.abc import Callable
from typing import Protocol

from imbridge.protocol import Element, NotSupportedError
from imbridge.rendering.characters import utf8_prefix
from imbridge.rendering.cuts import choose
from imbridge.rendering.parts import Part

Measure = Callable[[Part], int]
"""Bytes of a part as the platform counts them, in the form in which the adapter sends it."""

Build = Callable[[tuple[Element, ...]], Part]
"""The part that shows some elements, with all that has to be written for it."""


class Content(Protocol):
    """Something long, as the text a person reads, with its own idea of where it must not be cut."""

    @property
    def text(self) -> str:
        """All of it."""

    def release(self, start: int, index: int) -> int:
        """See `imbridge.rendering.cuts.Release`."""

    def least(self, start: int) -> int:
        """The end of the smallest stretch from `start` that can be a part."""

    def block(self, start: int, end: int) -> int | None:
        """A place in `(start, end)` that beats all others when `end` does not fit whole, if there is one."""

    def part(self, start: int, end: int) -> tuple[Element, ...]:
        """The elements of the stretch."""


def split(content: Content, limit: int, measure: Measure, build: Build) -> list[Part]:
    """Cut into parts of at most `limit` bytes each, as few as good places to cut allow.

    Every try measures a part no longer than `limit`, and a part takes a handful of tries, so the work grows with the
    length of the content and no faster.

    Raises:
        NotSupportedError: not even one character fits.
    """
    parts = []
    start = 0
    while start < len(content.text):
        start, part = fill(content, start, limit, measure, build)
        parts.append(part)
    return parts


def fill(content: Content, start: int, limit: int, measure: Measure, build: Build) -> tuple[int, Part]:
    """The longest good part from `start` on, and where it ends.

    Raises:
        NotSupportedError: not even one character fits.
    """
    text = content.text
    least = content.least(start)
    budget, tries = limit, 0
    while True:
        end = max(start + utf8_prefix(text, start, budget), least)
        if end < len(text):
            preferred = content.block(start, end)
            end = choose(text, start, end, content.release) if preferred is None else preferred
        part = build(content.part(start, end))
        weight = measure(part)
        if weight <= limit:
            return end, part
        if end <= least:
            raise NotSupportedError(
                f"one message may have {limit} bytes, but its form takes {weight} bytes around a single character; "
                "raise text_bytes or markdown_bytes in the adapter's capabilities"
            )
        # Escaping inflates evenly, so the first guess is in proportion; a fixed frame around the text makes that guess
        # too high, so after a few of them halve.
        size = len(text[start:end].encode())
        tries += 1
        budget = max(1, min(size - 1, size * limit // weight) if tries < 6 else size // 2)
