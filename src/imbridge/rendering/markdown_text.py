"""A Markdown text to be cut: fences are closed and opened again, rows of tables and marks of lines stay whole."""

from collections.abc import Callable

from imbridge.rendering.blocks import Blocks, Fence, Table
from imbridge.rendering.spans import markdown_spans

Fits = Callable[[str], bool]
"""Whether something that is said again in each message leaves room enough for what is new in it."""


class MarkdownText:
    """One Markdown element, with what makes a stretch of it Markdown of its own.

    A fence that is cut is closed and opened again with the language it had, a table that is cut begins again with its
    head, unless these take more than half of a message.
    """

    def __init__(self, text: str, fits: Fits) -> None:
        self.text = text
        self._fits = fits
        self._blocks = Blocks(text)
        self._inline = markdown_spans(text)
        self._repeatable: dict[str, bool] = {}

    def release(self, start: int, index: int) -> int:
        """Out of rows, marks, links and the edges of fences, where possible; see `imbridge.rendering.cuts.Release`."""
        for spans in (self._blocks.whole, self._inline, self._blocks.whole):
            around = spans.around(index)
            if around is not None and around[0] > start:
                index = around[0]
        return index

    def block(self, start: int, end: int) -> int | None:
        """Before a table that fits whole into the next message; before a fence that begins late in this one."""
        table = self._blocks.table_around(end)
        if table is not None and table.start > start and table.end - table.start <= end - start:
            return table.start
        fence = self._blocks.fence_around(end)
        if fence is not None and fence.start > start + (end - start) // 2:
            return fence.start
        return None

    def piece(self, start: int, end: int) -> str:
        """The stretch as Markdown of its own."""
        text = self._begun(start, self.text[start:end])
        closed = self._fence_cut_at(end)
        if closed is not None:
            text += closed.closing if text.endswith("\n") else f"\n{closed.closing}"
        return text

    def rest(self, end: int) -> str:
        """All that comes after a piece that ends there, as Markdown of its own."""
        cut = self._fence_cut_at(end)
        if cut is not None and end >= cut.code_end:
            return self.text[cut.end :]  # all of the code has been shown, and perhaps a piece of what closes it
        return self._begun(end, self.text[end:])

    def _begun(self, start: int, text: str) -> str:
        """A text that begins there, with the head of the table or the opening of the fence that it is cut out of."""
        opened = self._fence_cut_at(start)
        if opened is not None:
            return f"{opened.opening}\n{text}"
        table = self._table_cut_at(start)
        return text if table is None else self.text[table.start : table.body] + text

    def _fence_cut_at(self, index: int) -> Fence | None:
        """The fence whose code a cut before `index` breaks, if there is room to repair it."""
        fence = self._blocks.fence_around(index)
        if fence is None or index < fence.body or index >= len(self.text):
            return None
        return fence if self._may_repeat(f"{fence.opening}\n\n{fence.closing}") else None

    def _table_cut_at(self, index: int) -> Table | None:
        """The table between whose rows a cut before `index` is, if there is room for its head."""
        table = self._blocks.table_around(index)
        if table is None or index < table.body or index >= table.end or self.text[index - 1] != "\n":
            return None
        return table if self._may_repeat(self.text[table.start : table.body]) else None

    def _may_repeat(self, text: str) -> bool:
        fits = self._repeatable.get(text)
        if fits is None:
            fits = self._repeatable[text] = self._fits(text)
        return fits
