"""Entries as a person or a script reads them."""

from collections.abc import Sequence
from typing import Any

import click

from imbridge.cli import table
from imbridge.cli.letters.moments import full, short
from imbridge.cli.table import Column, visible
from imbridge.storage import EntryState, Kept

_COLORS = {"at work": "green", "left": "red", "dead": "red", "put off": "yellow"}
_COLUMNS = (
    Column("ID"),
    Column("BOX"),
    Column("TAKEN IN"),
    Column("STATE", color=_COLORS.get),
    Column("TRIES"),
    Column("CONVERSATION"),
    Column("TEXT", elastic=True),
    Column("WHY", elastic=True),
)


def state_of(kept: Kept) -> str:
    """What becomes of it at the moment, in a word or two."""
    if kept.state is EntryState.DEAD:
        return "dead"
    if not kept.in_hand:
        return "left"
    if kept.started_at is not None:
        return "at work"
    return "waiting" if kept.not_before is None else "put off"


def as_json(kept: Kept) -> dict[str, Any]:
    """All of it. Its id is text: many readers of JSON have no numbers that are so long."""
    return {
        "id": str(kept.uid),
        "box": kept.box.value,
        "state": state_of(kept),
        "account": kept.account,
        "lane": kept.lane,
        "text": kept.text,
        "attempts": kept.attempts,
        "taken_in": full(kept.created_at),
        "changed": full(kept.changed_at),
        "begun": None if kept.started_at is None else full(kept.started_at),
        "not_before": None if kept.not_before is None else full(kept.not_before),
        "history": [{**event, "at": full(event["at"])} for event in kept.history],
    }


def write_table(found: Sequence[Kept], *, terminal: bool) -> None:
    """A table of them on a terminal; elsewhere lines."""
    moment = short if terminal else full
    table.write_table(_COLUMNS, [_fields(kept, at=moment(kept.created_at)) for kept in found], terminal=terminal)


def _fields(kept: Kept, *, at: str) -> list[str]:
    why = str(kept.history[-1].get("why", "")) if kept.history else ""
    return [str(kept.uid), kept.box.value, at, state_of(kept), str(kept.attempts), kept.lane, kept.text, why]


def write_details(kept: Kept) -> None:
    """All that is known of one, and what happened to it."""
    facts = {
        "id": f"{kept.uid} ({kept.box.value})",
        "state": state_of(kept),
        "account": kept.account,
        "conversation": kept.lane,
        "taken in": full(kept.created_at),
        "begun": "" if kept.started_at is None else full(kept.started_at),
        "not before": "" if kept.not_before is None else full(kept.not_before),
        "tries": str(kept.attempts),
        "text": kept.text,
    }
    for name, fact in facts.items():
        if fact:
            click.echo(f"{click.style(name.ljust(12), bold=True)}  {visible(fact)}")
    for event in kept.history:
        what = " ".join(str(event.get(part, "")) for part in ("what", "why")).strip()
        click.echo(f"{full(event['at'])}  {visible(what)}")
