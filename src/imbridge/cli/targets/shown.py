"""Chats that are gone, as a person or a script reads them."""

from collections.abc import Sequence
from typing import Any

from imbridge.cli import table
from imbridge.cli.letters.moments import full, short
from imbridge.cli.table import Column
from imbridge.runtime.outbox.dead_targets import DeadTarget

_COLUMNS = (Column("CHAT"), Column("UNTIL"), Column("CODE", elastic=True), Column("WHY", elastic=True))


def as_data(dead: DeadTarget) -> dict[str, Any]:
    """All of it, for JSON."""
    return {
        "address": dead.address,
        "account": dead.account,
        "until": full(dead.until),
        "code": dead.code,
        "why": dead.why,
    }


def write_table(found: Sequence[DeadTarget], *, terminal: bool) -> None:
    """A table of them on a terminal; elsewhere lines."""
    moment = short if terminal else full
    rows = [[dead.address, moment(dead.until), "" if dead.code is None else str(dead.code), dead.why] for dead in found]
    table.write_table(_COLUMNS, rows, terminal=terminal)
