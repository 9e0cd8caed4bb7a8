"""Jobs as a person or a script reads them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from imbridge.cli import table
from imbridge.cli.table import Column
from imbridge.protocol import ScheduledJob

_COLUMNS = (
    Column("NAME"),
    Column("NEXT"),
    Column("TO"),
    Column("WHEN"),
    Column("WHAT", elastic=True),
    Column("FAILED", elastic=True, color=lambda _: "red"),
)


def as_data(job: ScheduledJob) -> dict[str, Any]:
    """All of it, for JSON."""
    return {**asdict(job), "next_at": job.next_at.isoformat(timespec="seconds")}


def write_table(found: Sequence[ScheduledJob], *, terminal: bool) -> None:
    """A table of them on a terminal; elsewhere lines."""
    table.write_table(_COLUMNS, [_fields(job) for job in found], terminal=terminal)


def _fields(job: ScheduledJob) -> list[str]:
    return [job.name, f"{job.next_at:%Y-%m-%d %H:%M:%S%z}", job.to, job.when, job.what, job.error]
