"""Rows of tables that have more cells than the head: CommonMark's tables leave the rest out, here it is read."""

from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_block.table import escapedSplit

from imbridge.rendering.markdown.scanning import open_code

Rule = Callable[[StateBlock, int, int, bool], bool]


def whole_rows(md: MarkdownIt) -> None:
    """Put it in: a `|` within code ends no cell where the row has too many; what is too much is in the last cell."""
    md.block.ruler.at("table", table_with_whole_rows, {"alt": ["paragraph", "reference"]})


def table_with_whole_rows(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The rule for tables."""
    made = len(state.tokens)
    if not table(state, start, end, silent):
        return False
    row: int | None = None
    contents: list[int] = []
    for number in range(made, len(state.tokens)):
        token = state.tokens[number]
        if token.type == "tr_open":
            row, contents = (token.map or [start])[0], []
        elif token.type == "inline":
            contents.append(number)
        elif token.type == "tr_close" and row is not None:
            line = state.src[state.bMarks[row] + state.tShift[row] : state.eMarks[row]]
            cells = _cells(line)
            if len(cells) > len(contents):
                for index, cell in zip(contents, _gathered(cells, len(contents)), strict=True):
                    state.tokens[index].content = cell.strip()
    return True


def _cells(line: str) -> list[str]:
    cells = escapedSplit(line.strip(" \t\n"))
    if cells and not cells[0]:
        cells.pop(0)
    if cells and not cells[-1]:
        cells.pop()
    return cells


def _gathered(cells: list[str], columns: int) -> list[str]:
    """As many cells as there are columns."""
    made: list[str] = []
    left = len(cells) - columns
    for cell in cells:
        if made and left and open_code(made[-1]) is not None:
            made[-1] += f"|{cell}"
            left -= 1
        else:
            made.append(cell)
    return [*made[: columns - 1], " | ".join(one.strip() for one in made[columns - 1 :])]
