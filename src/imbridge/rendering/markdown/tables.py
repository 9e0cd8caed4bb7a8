"""Tables where there are none: aligned text, which wants code, or a list with an entry for each row."""

from imbridge.rendering.markdown.plain_inline import said
from imbridge.rendering.markdown.tree import Break, Cell, Inline, Item, List, Paragraph, Strong, Table, Text
from imbridge.rendering.markdown.widths import padded, width

_GAP = "  "


def aligned(table: Table, most: int, gap: str = _GAP) -> str | None:
    """The table as lines of text whose columns are below each other; None when they are wider than that."""
    rows = [[said(cell).replace("\n", " ") for cell in row] for row in (table.head, *table.rows)]
    widths = [max(width(row[number]) for row in rows) for number in range(len(table.head))]
    if sum(widths) + len(gap) * (len(widths) - 1) > most:
        return None
    return "\n".join(
        gap.join(
            padded(cell, columns, alignment)
            for cell, columns, alignment in zip(row, widths, table.alignments, strict=True)
        ).rstrip()
        for row in rows
    )


def as_list(table: Table) -> List:
    """The table as a list: an entry for each row, a line for each of its cells."""
    if not table.rows:
        return List((Item((Paragraph(_joined(table.head)),)),), None, table.gap)
    items = tuple(Item((Paragraph(_entry(table.head, row)),)) for row in table.rows)
    return List(items, None, table.gap)


def _entry(head: tuple[Cell, ...], row: tuple[Cell, ...]) -> tuple[Inline, ...]:
    lines: list[Inline] = []
    for title, cell in zip(head, row, strict=True):
        if not cell and not title:
            continue
        if lines:
            lines.append(Break())
        if title:
            lines += Strong(title), Text(": ")
        lines += (one if not isinstance(one, Break) else Text(" ") for one in cell)
    return tuple(lines)


def _joined(cells: tuple[Cell, ...]) -> tuple[Inline, ...]:
    made: list[Inline] = []
    for cell in cells:
        if made:
            made.append(Text(" | "))
        made.append(Strong(cell))
    return tuple(made)
