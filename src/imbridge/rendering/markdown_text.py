"""A Markdown text to be cut: fences are closed and opened again, rows of tables and marks of lines stay whole."""

import re
from collections.abc import Callable

from imbridge.rendering.markdown.scanning import cut_within
from imbridge.rendering.outline import Fence, Outline, Table
from imbridge.rendering.spans import markdown_spans

_INDENT = re.compile(r"((?:[ ]{0,3}>[ ]?)*)([ ]*)")

_CODE = 4
"""Spaces that make code of a line where no list explains them."""

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
        self._outline = Outline(text)
        self._inline = markdown_spans(text)
        self._repeatable: dict[str, bool] = {}

    def release(self, start: int, index: int) -> int:
        """Out of rows, marks, links and the edges of fences, where possible; see `imbridge.rendering.cuts.Release`."""
        for spans in (self._outline.whole, self._inline, self._outline.whole):
            around = spans.around(index)
            if around is not None and around[0] > start:
                index = around[0]
        return index

    def block(self, start: int, end: int) -> int | None:
        """Before a table that fits whole into the next message; before a fence that begins late in this one."""
        table = self._outline.table_around(end)
        if table is not None and table.start > start and table.end - table.start <= end - start:
            return table.start
        fence = self._outline.fence_around(end)
        if fence is not None and fence.start > start + (end - start) // 2:
            return fence.start
        return None

    def piece(self, start: int, end: int) -> str:
        """The stretch as Markdown of its own."""
        text = self.text[start:end]
        closed = self._fence_cut_at(end)
        if closed is not None:
            text += closed.closing if text.endswith("\n") else f"\n{closed.closing}"
        return self._begun(start, text)

    def rest(self, end: int) -> str:
        """All that comes after a piece that ends there, as Markdown of its own."""
        cut = self._fence_cut_at(end)
        if cut is not None and end >= cut.code_end:
            end = cut.end  # all of the code has been shown, and perhaps a piece of what closes it
        text = self.text[end:]
        if text and self._outline.fence_around(end) is None and not self._outline.begins_line(end):
            start = self.text.rfind("\n", 0, end) + 1
            line, after, others = self.text[start:].partition("\n")
            text = cut_within(line, end - start) + after + others
        return self._begun(end, text)

    def _begun(self, start: int, text: str) -> str:
        """A text that begins there, out of the list, the quote, the table or the fence that it is cut out of."""
        if not start or not text:
            return text
        fence, table = self._fence_cut_at(start), self._table_cut_at(start)
        if fence is not None:
            text = f"{fence.opening}\n{text}"
        elif table is not None:
            text = table.head + text
        lead = self._outline.lead_at(start)
        if not self._outline.begins_line(start) and fence is None and lead.quote and self._may_repeat(lead.quote):
            text = lead.quote + text
        return _dedented(text, lead.indent) if lead.indent >= _CODE else text

    def _fence_cut_at(self, index: int) -> Fence | None:
        """The fence whose code a cut before `index` breaks, if there is room to repair it."""
        fence = self._outline.fence_around(index)
        if fence is None or index < fence.body or index >= len(self.text):
            return None
        return fence if self._may_repeat(f"{fence.opening}\n{fence.closing}") else None

    def _table_cut_at(self, index: int) -> Table | None:
        """The table between whose rows a cut before `index` is, if there is room for its head."""
        table = self._outline.table_around(index)
        if table is None or index < table.body or index >= table.end or not self._outline.begins_line(index):
            return None
        return table if self._may_repeat(table.head) else None

    def _may_repeat(self, text: str) -> bool:
        fits = self._repeatable.get(text)
        if fits is None:
            fits = self._repeatable[text] = self._fits(text)
        return fits


def _dedented(text: str, most: int) -> str:
    """The text without the indentation that its first lines have because of the list that they were in."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        found = _INDENT.match(line)
        quote, spaces = found.groups() if found is not None else ("", "")
        if number and len(spaces) < most and line[len(quote) :].strip():
            break
        lines[number] = f"{quote}{spaces[most:]}{line[len(quote) + len(spaces) :]}"
    return "\n".join(lines)
