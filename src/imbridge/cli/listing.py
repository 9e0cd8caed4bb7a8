"""A list of things, as a person or a script reads it."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import click

ItemT = TypeVar("ItemT")
ItemT_contra = TypeVar("ItemT_contra", contravariant=True)


class TableOf(Protocol[ItemT_contra]):
    """Writes things as a table on a terminal, elsewhere as lines."""

    def __call__(self, found: Sequence[ItemT_contra], /, *, terminal: bool) -> None:
        """Write them."""


def write_list(
    found: Sequence[ItemT], as_data: Callable[[ItemT], dict[str, Any]], write_table: TableOf[ItemT], *, as_json: bool
) -> None:
    """Write all of them: as JSON where that is asked for, else as a table; that there are none goes to stderr."""
    if as_json:
        click.echo(json.dumps([as_data(item) for item in found], ensure_ascii=False, indent=2))
    elif found:
        write_table(found, terminal=sys.stdout.isatty())
    else:
        click.echo("there is nothing", err=True)
