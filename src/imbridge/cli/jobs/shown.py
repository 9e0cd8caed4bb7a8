"""Jobs as a person or a script reads them."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from imbridge.cli.letters.shown import cut, visible
from imbridge.rendering.markdown.widths import padded, width
from imbridge.runtime.scheduling.view import ScheduledJob

_NAMES = ["NAME", "NEXT", "TO", "WHEN", "WHAT", "FAILED"]
_CUT = 4
"""From this one on, fields are cut where there is no room."""


def as_data(job: ScheduledJob) -> dict[str, Any]:
    """All of it, for JSON."""
    return {**asdict(job), "next_at": job.next_at.isoformat(timespec="seconds")}


def write_table(found: Sequence[ScheduledJob], *, terminal: bool) -> None:
    """A table on a terminal; elsewhere a line for each with tabs between its fields, not cut."""
    rows = [[visible(field) for field in _fields(job)] for job in found]
    if not terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    used = [index for index in range(len(_NAMES)) if index <= _CUT or any(row[index] for row in rows)]
    widths = [max(width(row[index]) for row in [_NAMES, *rows]) for index in range(_CUT)]
    room = max(20, shutil.get_terminal_size().columns - sum(widths) - 2 * len(widths))
    widths += [room] if len(used) == _CUT + 1 else [room // 2 - 1, room - room // 2 - 1]
    click.secho("  ".join(padded(_NAMES[index], widths[index]) for index in used).rstrip(), bold=True)
    for row in rows:
        cells = [padded(cut(row[index], widths[index]), widths[index]) for index in used]
        if len(cells) > _CUT + 1:
            cells[-1] = click.style(cells[-1], fg="red")
        click.echo("  ".join(cells).rstrip())


def _fields(job: ScheduledJob) -> list[str]:
    return [job.name, f"{job.next_at:%Y-%m-%d %H:%M:%S%z}", job.to, job.when, job.what, job.error]
