"""Elements side by side that belong into one message."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from imbridge.protocol import Element, Markdown, Text
from imbridge.rendering.markdown_text import Fits, MarkdownText
from imbridge.rendering.spans import Spans, plain_spans


class Run:
    """Elements to be cut; `Text` and `Markdown` can be cut within. Implements `imbridge.rendering.split.Content`."""

    def __init__(self, elements: Sequence[Element], fits: Fits) -> None:
        """`fits` is for the Markdown in it: see `imbridge.rendering.markdown_text.Fits`."""
        self._elements = elements
        shown = [element.as_text() for element in elements]
        self.text = "".join(shown)
        self._starts = [0, *accumulate(map(len, shown))]
        self._atoms = Spans(
            (start, start + len(text))
            for element, text, start in zip(elements, shown, self._starts, strict=False)
            if not isinstance(element, Text | Markdown)
        )
        # What an element shows is not searched: a line break in its place ends whatever stands before it.
        self._soft = plain_spans(
            "".join(
                text if isinstance(element, Text) else "\n" * len(text)
                for element, text in zip(elements, shown, strict=True)
            )
        )
        self._markdown = {
            number: MarkdownText(element.text, fits)
            for number, element in enumerate(elements)
            if isinstance(element, Markdown)
        }

    def release(self, start: int, index: int) -> int:
        """Out of elements always, out of what should stay whole where possible."""
        if (found := self._markdown_around(index)) is not None:
            markdown, begin = found
            return begin + markdown.release(start - begin, index - begin)
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
        """Of Markdown: before a table or a fence that would be cut."""
        found = self._markdown_around(end)
        if found is None:
            return None
        markdown, begin = found
        place = markdown.block(start - begin, end - begin)
        return begin + place if place is not None and begin + place > start else None

    def part(self, start: int, end: int) -> tuple[Element, ...]:
        """The elements of the stretch, its first and last one cut to it."""
        elements: list[Element] = []
        index = bisect_right(self._starts, start) - 1
        while index < len(self._elements) and (begin := self._starts[index]) < end:
            element, after = self._elements[index], self._starts[index + 1]
            markdown = self._markdown.get(index)
            index += 1
            if not isinstance(element, Text | Markdown) or (start <= begin and after <= end):
                elements.append(element)
                continue
            low, high = max(begin, start), min(after, end)
            if markdown is None:
                elements.append(Text(self.text[low:high]))
            else:
                elements.append(Markdown(markdown.piece(low - begin, high - begin)))
        return tuple(elements)

    def rest(self, end: int) -> str:
        """Of a single element: what comes after a part that ends there; of Markdown, as Markdown of its own."""
        markdown = self._markdown.get(0)
        return self.text[end:] if markdown is None else markdown.rest(end)

    def _markdown_around(self, index: int) -> tuple[MarkdownText, int] | None:
        """The Markdown that a cut before `index` breaks, and where it begins."""
        number = bisect_right(self._starts, index) - 1
        markdown = self._markdown.get(number)
        if markdown is None or self._starts[number] >= index:
            return None
        return markdown, self._starts[number]
