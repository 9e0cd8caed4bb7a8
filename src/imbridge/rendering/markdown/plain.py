"""A document as plain text: as a person would type it where there is no markup."""

from collections.abc import Sequence

from imbridge.rendering.markdown.plain_inline import said
from imbridge.rendering.markdown.tables import aligned, as_list
from imbridge.rendering.markdown.tree import (
    Block,
    CodeBlock,
    Document,
    Heading,
    Item,
    List,
    Paragraph,
    Quote,
    Rule,
)

_NARROW = 40
_BOXES = {True: "[x] ", False: "[ ] "}


def plain(document: Document) -> str:
    """Everything that it says; links have their address behind them, lists and quotes their marks.

    A narrow table is aligned text, a wide one a list with an entry for each row.
    """
    return "\n".join(_lines(document.blocks))


def _lines(blocks: Sequence[Block]) -> list[str]:
    out: list[str] = []
    for block in blocks:
        made = _block(block)
        if out and block.gap:
            out.append("")
        out += made
    return out


def _block(block: Block) -> list[str]:
    if isinstance(block, Paragraph | Heading):
        return said(block.children).split("\n")
    if isinstance(block, CodeBlock):
        return block.text.split("\n")
    if isinstance(block, Quote):
        return [f"> {line}" if line else ">" for line in _lines(block.children) or [""]]
    if isinstance(block, List):
        return [line for number, item in enumerate(block.items) for line in _item(item, _mark(block, number), number)]
    if isinstance(block, Rule):
        return ["---"]
    text = aligned(block, _NARROW, " | ")
    return _block(as_list(block)) if text is None else text.split("\n")


def _item(item: Item, mark: str, number: int) -> list[str]:
    inner = _lines(item.children) or [""]
    if item.checked is not None:
        inner[0] = _BOXES[item.checked] + inner[0]
    lines = [(mark + inner[0]).rstrip(), *(" " * len(mark) + line if line else "" for line in inner[1:])]
    return ["", *lines] if item.gap and number else lines


def _mark(block: List, number: int) -> str:
    return "- " if block.start is None else f"{block.start + number}. "
