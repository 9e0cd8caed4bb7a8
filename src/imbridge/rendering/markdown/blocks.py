"""Blocks as a dialect has them."""

import re
from collections.abc import Iterator, Sequence

from imbridge.rendering.markdown.dialect import Dialect
from imbridge.rendering.markdown.inline import InlineWriter
from imbridge.rendering.markdown.literal import ZERO_WIDTH
from imbridge.rendering.markdown.tables import aligned, as_list
from imbridge.rendering.markdown.tree import (
    Block,
    CodeBlock,
    Heading,
    Item,
    List,
    Paragraph,
    Quote,
    Rule,
    Strong,
    Table,
)

_TICKS = re.compile("^[ \t]*(`{3,})[ \t]*$", re.MULTILINE)
_CLOSING = re.compile(r"(?:^|[ \t])#+\Z")
_INFO = re.compile(r"[^\s`]{1,40}")
_RULE = "─" * 12
_BOXES = {True: "☑ ", False: "☐ "}


class BlockWriter:
    """Writes the blocks of one document as lines.

    Attributes:
        tables: How many tables it has written as such.
    """

    def __init__(self, dialect: Dialect, changed: dict[str, str], *, growing: bool = False) -> None:
        self._dialect = dialect
        self._changed = changed
        self._shows = dialect.shows
        self._inline = InlineWriter(dialect, changed)
        self._growing = growing
        self.tables = 0

    def lines(self, blocks: Sequence[Block], *, quoted: bool = False, last: bool = True) -> list[str]:
        """The lines of some blocks.

        Args:
            blocks: What to write.
            quoted: They are in a quotation.
            last: Nothing stands behind them, so what grows grows here.
        """
        out: list[str] = []
        before: Block | None = None
        for number, block in enumerate(blocks):
            made = self._block(block, quoted=quoted, last=last and number == len(blocks) - 1)
            if not made:
                continue
            if before is not None and (block.gap or _needs_gap(before, block) or self._stands_apart(before, block)):
                out.append("")
            out += made
            before = block
        return out

    def _stands_apart(self, before: Block, block: Block) -> bool:
        word = "list" if isinstance(block, List) else "table" if isinstance(block, Table) else ""
        return word in self._dialect.apart and not isinstance(before, Heading)

    def _block(self, block: Block, *, quoted: bool, last: bool) -> list[str]:
        if isinstance(block, Paragraph):
            return self._inline.written(block.children).split("\n")
        if isinstance(block, Heading):
            return self._heading(block)
        if isinstance(block, Quote):
            return self._quote(block, quoted=quoted, last=last)
        if isinstance(block, List):
            return self._list(block, quoted=quoted, last=last)
        if isinstance(block, CodeBlock):
            return self._code(block, opened=last and self._growing)
        if isinstance(block, Rule):
            if "rule" in self._shows:
                return ["---"]
            self._changed["rule"] = "a line of dashes"
            return [_RULE]
        return self._table(block, quoted=quoted, last=last)

    def _heading(self, heading: Heading) -> list[str]:
        if "heading" in self._shows:
            text = self._inline.written(heading.children, start=False).replace("\n", " ")
            if _CLOSING.search(text) is not None:
                text += ZERO_WIDTH  # else it would end the heading, and not be seen
            return [f"{'#' * min(heading.level, self._dialect.deepest_heading)} {text}"]
        self._changed["heading"] = "bold" if "bold" in self._shows else "a line of its own"
        return self._inline.written((Strong(heading.children),)).split("\n")

    def _quote(self, quote: Quote, *, quoted: bool, last: bool) -> list[str]:
        inner = self.lines(quote.children, quoted=True, last=last)
        if "quote" not in self._shows:
            self._changed["quote"] = "lines with marks"
        elif quoted and "nested quote" not in self._shows:
            self._changed["nested quote"] = "a quote"
            return inner
        return [f"> {line}".rstrip(" ") if not line else f"> {line}" for line in inner or [""]]

    def _list(self, block: List, *, quoted: bool, last: bool) -> list[str]:
        if "list" not in self._shows:
            self._changed["list"] = "lines with marks"
        out: list[str] = []
        for number, item in enumerate(block.items):
            mark = "- " if block.start is None else f"{block.start + number}. "
            if number and item.gap:
                out.append("")
            out += self._item(item, mark, quoted=quoted, last=last and number == len(block.items) - 1)
        return out

    def _item(self, item: Item, mark: str, *, quoted: bool, last: bool) -> list[str]:
        indent = " " * (len(mark) if self._dialect.indent is None else self._dialect.indent)
        inner = self.lines(item.children, quoted=quoted, last=last) or [""]
        if item.checked is not None:
            if "task list" in self._shows:
                inner[0] = f"[{'x' if item.checked else ' '}] {inner[0]}"
            else:
                self._changed["task list"] = "☐ and ☑"
                inner[0] = _BOXES[item.checked] + inner[0]
        first = mark + inner[0] if inner[0] else mark.rstrip()
        return [first, *(indent + line if line else "" for line in inner[1:])]

    def _code(self, block: CodeBlock, *, opened: bool = False) -> list[str]:
        lines = block.text.split("\n")
        if "code block" not in self._shows:
            self._changed["code block"] = "code line by line"
            return list(self._code_lines(lines))
        fence = "`" * max(block.ticks, 1 + max(map(len, _TICKS.findall(block.text)), default=0))
        body = lines if block.text else []
        return [fence + self._info(block), *body, *([] if opened else [fence])]

    def _info(self, block: CodeBlock) -> str:
        """What stands behind a fence: its language; the rest is as a title, which hardly anybody shows."""
        found = _INFO.match(block.info)
        language = "" if found is None else found[0]
        if language == block.info:
            return language
        if "title" in self._shows and "`" not in block.info:
            return block.info
        self._changed["code block"] = "without what stands behind its language"
        return language

    def _code_lines(self, lines: Sequence[str]) -> Iterator[str]:
        """Each marked as code, so that nothing in it is taken for markup."""
        for line in lines:
            marked = "code" in self._shows and line.strip() and "`" not in line
            yield f"`{line}`" if marked else self._dialect.escape(line, True)

    def _table(self, table: Table, *, quoted: bool, last: bool) -> list[str]:
        if self._fits(table):
            self.tables += 1
            rows = [table.head, *table.rows]
            head, *body = (
                "| " + " | ".join(self._inline.written(cell, start=False, cell=True) for cell in row) + " |"
                for row in rows
            )
            return [head, "|" + "|".join(map(_delimiter, table.alignments)) + "|", *body]
        text = aligned(table, self._dialect.narrow) if "code block" in self._shows else None
        if text is not None:
            self._changed["table"] = "aligned text"
            return self._code(CodeBlock(text))
        self._changed["table"] = "list"
        changed = dict(self._changed)
        made = self._block(as_list(table), quoted=quoted, last=last)
        if "list" not in changed:
            self._changed.pop("list", None)
        return made

    def _fits(self, table: Table) -> bool:
        dialect = self._dialect
        return (
            "table" in self._shows
            and self.tables < dialect.tables
            and (dialect.columns is None or len(table.head) <= dialect.columns)
            and (dialect.rows is None or len(table.rows) <= dialect.rows)
        )


def _needs_gap(before: Block, block: Block) -> bool:
    """Whether the two would be read as one, or otherwise, without an empty line between them."""
    if isinstance(before, Paragraph | List | Quote | Table) and isinstance(block, Paragraph):
        return True
    if isinstance(block, Table | Rule) or type(before) is type(block):
        return not isinstance(block, Heading | CodeBlock)
    return isinstance(before, Paragraph) and isinstance(block, List) and block.start not in (None, 1)


def _delimiter(alignment: str) -> str:
    return {"left": ":--", "right": "--:", "center": ":-:"}.get(alignment, "---")
