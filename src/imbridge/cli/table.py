"""Rows as a person or a script reads them."""

import shutil
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click

from imbridge.rendering.markdown.widths import padded, width

_JOINER = "\u200d"
_NARROWEST = 20


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: Its head.
        elastic: It is left out where it is empty, and cut where there is no room.
        color: The color of a cell; None: as all others.
    """

    name: str
    elastic: bool = False
    color: Callable[[str], str | None] | None = None


def write_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, terminal: bool) -> None:
    """A table on a terminal; elsewhere a line for each row with tabs between its fields, not cut."""
    rows = [[visible(field) for field in row] for row in rows]
    if not terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    used = [index for index, column in enumerate(columns) if not column.elastic or any(row[index] for row in rows)]
    heads = [column.name for column in columns]
    widths = {index: max(width(row[index]) for row in [heads, *rows]) for index in used}
    elastic = [index for index in used if columns[index].elastic]
    if elastic:
        fixed = sum(widths[index] for index in used if index not in elastic) + 2 * (len(used) - 1)
        room = max(_NARROWEST, shutil.get_terminal_size().columns - fixed)
        widths |= dict.fromkeys(elastic, room // len(elastic))
    click.secho("  ".join(padded(heads[index], widths[index]) for index in used).rstrip(), bold=True)
    for row in rows:
        click.echo("  ".join(_cell(columns[index], row[index], widths[index]) for index in used).rstrip())


def _cell(column: Column, text: str, columns: int) -> str:
    cell = padded(_cut(text, columns), columns)
    color = None if column.color is None else column.color(text)
    return cell if color is None else click.style(cell, fg=color)


def visible(text: str) -> str:
    """The text on one line. What could change the terminal, or the order in which it is read, is written as a code."""
    return "".join(map(_visible, " ".join(text.split())))


def _visible(char: str) -> str:
    if char.isprintable() or char in " " + _JOINER or unicodedata.category(char) in ("Mn", "Zs"):
        return char
    return f"\\u{ord(char):04x}"


def _cut(text: str, columns: int) -> str:
    """The text, no wider than so many columns."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[: max(columns - 1, 0)] if len(text) > columns else text[:-1]
    return f"{text}…"
