"""A Markdown text to be cut: fences are closed and opened again, rows of tables and marks of lines stay whole."""

from imbridge.protocol import Markdown
from imbridge.rendering.blocks import Blocks, Fence
from imbridge.rendering.parts import Part, PartKind
from imbridge.rendering.spans import markdown_spans
from imbridge.rendering.split import Measure


class MarkdownText:
    """One Markdown element. Implements `imbridge.rendering.split.Content`.

    A table that is cut goes on without its header, so it is only cut when it does not fit into a message of its own.
    """

    def __init__(self, text: str, limit: int, measure: Measure) -> None:
        self.text = text
        self._limit = limit
        self._measure = measure
        self._blocks = Blocks(text)
        self._inline = markdown_spans(text)
        self._repairable: dict[str, bool] = {}

    def release(self, start: int, index: int) -> int:
        """Out of rows, marks, links and the edges of fences, where possible."""
        for spans in (self._blocks.whole, self._inline, self._blocks.whole):
            around = spans.around(index)
            if around is not None and around[0] > start:
                index = around[0]
        return index

    def least(self, start: int) -> int:
        """One character."""
        return start + 1

    def block(self, start: int, end: int) -> int | None:
        """Before a table that fits whole into the next message; before a fence that begins late in this one."""
        table = self._blocks.table_around(end)
        if table is not None and table.start > start and table.end - table.start <= end - start:
            return table.start
        fence = self._blocks.fence_around(end)
        if fence is not None and fence.start > start + (end - start) // 2:
            return fence.start
        return None

    def part(self, start: int, end: int) -> Part:
        """The stretch as Markdown of its own."""
        text = self.text[start:end]
        opened = self._fence_cut_at(start)
        if opened is not None:
            text = f"{opened.opening}\n{text}"
        closed = self._fence_cut_at(end)
        if closed is not None:
            text += closed.closing if text.endswith("\n") else f"\n{closed.closing}"
        return Part(PartKind.MARKDOWN, (Markdown(text),))

    def rest(self, end: int) -> str:
        """All that comes after a part that ends there, as Markdown of its own."""
        cut = self._fence_cut_at(end)
        if cut is None:
            return self.text[end:]
        if end >= cut.code_end:  # all of the code has been shown, and perhaps a piece of what closes it
            return self.text[cut.end :]
        return f"{cut.opening}\n{self.text[end:]}"

    def _fence_cut_at(self, index: int) -> Fence | None:
        """The fence whose code a cut before `index` breaks, if there is room to repair it."""
        fence = self._blocks.fence_around(index)
        if fence is None or index < fence.body or index >= len(self.text):
            return None
        fits = self._repairable.get(fence.opening)
        if fits is None:
            frame = Part(PartKind.MARKDOWN, (Markdown(f"{fence.opening}\n\n{fence.closing}"),))
            fits = self._repairable[fence.opening] = 2 * self._measure(frame) <= self._limit
        return fence if fits else None
