"""A run of text, mentions, links and pictures that belongs into one message."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from imbridge.protocol import Element, Text
from imbridge.rendering.parts import Part, PartKind
from imbridge.rendering.spans import Spans, plain_spans


class Run:
    """Elements side by side; all but `Text` stay whole. Implements `imbridge.rendering.split.Content`."""

    def __init__(self, kind: PartKind, elements: Sequence[Element]) -> None:
        self._kind = kind
        self._elements = elements
        shown = [element.as_text() for element in elements]
        self.text = "".join(shown)
        self._starts = [0, *accumulate(map(len, shown))]
        self._atoms = Spans(
            (start, start + len(text))
            for element, text, start in zip(elements, shown, self._starts, strict=False)
            if not isinstance(element, Text)
        )
        # What an element shows is not searched: a line break in its place ends whatever stands before it.
        self._soft = plain_spans(
            "".join(
                text if isinstance(element, Text) else "\n" * len(text)
                for element, text in zip(elements, shown, strict=True)
            )
        )

    def release(self, start: int, index: int) -> int:
        """Out of elements always, out of what should stay whole where possible."""
        soft = self._soft.around(index)
        if soft is not None and soft[0] > start:
            index = soft[0]
        atom = self._atoms.around(index)
        if atom is None:
            return index
        return atom[0] if atom[0] > start else atom[1]

    def least(self, start: int) -> int:
        """One character, or the element that begins here."""
        atom = self._atoms.around(start + 1)
        return start + 1 if atom is None else atom[1]

    def block(self, start: int, end: int) -> int | None:
        """A run has no blocks."""
        return None

    def part(self, start: int, end: int) -> Part:
        """The elements of the stretch, its first and last text cut to it."""
        elements: list[Element] = []
        index = bisect_right(self._starts, start) - 1
        while index < len(self._elements) and (begin := self._starts[index]) < end:
            element = self._elements[index]
            index += 1
            if not isinstance(element, Text) or (start <= begin and self._starts[index] <= end):
                elements.append(element)
            else:
                elements.append(Text(self.text[max(begin, start) : min(self._starts[index], end)]))
        return Part(self._kind, tuple(elements))
