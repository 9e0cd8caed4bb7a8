"""Tree → the Markdown of a platform."""

from dataclasses import dataclass, field

from imbridge.rendering.markdown.blocks import BlockWriter
from imbridge.rendering.markdown.dialect import Dialect
from imbridge.rendering.markdown.tree import Document


@dataclass(frozen=True, slots=True)
class Written:
    """A document as a platform's Markdown.

    Attributes:
        text: What is sent.
        changed: What of the document the platform does not show as it is, and what became of it:
            `{"table": "aligned text"}`.
        dialect: Whose Markdown it is.
        tables: How many tables are in it.
    """

    text: str
    changed: dict[str, str] = field(default_factory=dict)
    dialect: Dialect = field(default_factory=lambda: Dialect(""))
    tables: int = 0


def write(document: Document, *dialects: Dialect, growing: bool = False) -> Written:
    """Write a document in the first dialect that shows all of it, else in the one that changes least.

    Args:
        document: What `parse` read.
        dialects: At least one, the one to prefer first.
        growing: More follows: code that is open at the end stays open.
    """
    made: list[Written] = []
    for dialect in dialects:
        one = _write(document, dialect, growing=growing)
        if not one.changed:
            return one
        made.append(one)
    return min(made, key=lambda one: len(one.changed))


def _write(document: Document, dialect: Dialect, *, growing: bool) -> Written:
    changed: dict[str, str] = {}
    writer = BlockWriter(dialect, changed, growing=growing)
    return Written(dialect.guard("\n".join(writer.lines(document.blocks))), changed, dialect, writer.tables)
