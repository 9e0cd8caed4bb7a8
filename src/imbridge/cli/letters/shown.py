"""Entries as a person or a script reads them."""

import shutil
import unicodedata
from collections.abc import Sequence
from typing import Any

import click

from imbridge.cli.letters.moments import full, short
from imbridge.rendering.markdown.widths import padded, width
from imbridge.storage import EntryState, Kept

_JOINER = "\u200d"
_COLORS = {"at work": "green", "left": "red", "dead": "red", "put off": "yellow"}


def visible(text: str) -> str:
    """The text on one line. What could change the terminal, or the order in which it is read, is written as a code."""
    return "".join(map(_visible, " ".join(text.split())))


def _visible(char: str) -> str:
    if char.isprintable() or char in " " + _JOINER or unicodedata.category(char) in ("Mn", "Zs"):
        return char
    return f"\\u{ord(char):04x}"


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
    """A table on a terminal; elsewhere a line for each with tabs between its fields, not cut."""
    if not terminal:
        for kept in found:
            click.echo("\t".join(visible(field) for field in _fields(kept, at=full(kept.created_at))))
        return
    rows = [[visible(field) for field in _fields(kept, at=short(kept.created_at))] for kept in found]
    names = ["ID", "BOX", "TAKEN IN", "STATE", "TRIES", "CONVERSATION", "TEXT", "WHY"]
    used = [index for index, _ in enumerate(names) if index < _TEXT or any(row[index] for row in rows)]
    widths = [max(width(row[index]) for row in [names, *rows]) for index in range(_TEXT)]
    room = max(20, shutil.get_terminal_size().columns - sum(widths) - 2 * len(widths))
    widths += [room] if len(used) == _TEXT + 1 else [room // 2 - 1, room - room // 2 - 1]
    click.secho("  ".join(padded(names[index], widths[index]) for index in used).rstrip(), bold=True)
    for row in rows:
        cells = [padded(cut(row[index], widths[index]), widths[index]) for index in used]
        cells[_STATE] = click.style(cells[_STATE], fg=_COLORS.get(row[_STATE]))
        click.echo("  ".join(cells).rstrip())


_STATE = 3
_TEXT = 6


def _fields(kept: Kept, *, at: str) -> list[str]:
    why = str(kept.history[-1].get("why", "")) if kept.history else ""
    return [str(kept.uid), kept.box.value, at, state_of(kept), str(kept.attempts), kept.lane, kept.text, why]


def cut(text: str, columns: int) -> str:
    """The text, no wider than so many columns."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[: max(columns - 1, 0)] if len(text) > columns else text[:-1]
    return f"{text}…"


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
