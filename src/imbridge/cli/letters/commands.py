"""The commands: each box has `list`, `show`, `retry` and `drop`."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imbridge.cli.failure import problem
from imbridge.cli.letters.moments import read_moment
from imbridge.cli.options import Command, config_option, debug_option, json_option

if TYPE_CHECKING:
    from imbridge.cli.letters.work import Asked

_FILTERS = (
    ("--account", "ACCOUNT", None, "Of this account: feishu:work."),
    ("--lane", "ADDRESS", None, "Of this conversation, as it is listed."),
    ("--text", "TEXT", None, "Part of what it says; upper and lower case do not matter."),
    ("--since", "MOMENT", read_moment, "Taken in since: 2026-11-26, '2026-11-26 14:30', or 15m, 2h, 7d ago."),
    ("--until", "MOMENT", read_moment, "Taken in before this moment."),
)
_HELP = {
    "inbox": "Look at what was taken in and is not handled yet.",
    "outbox": "Look at what is to be said and is not said yet.",
    "dead": "Look at dead letters: what nobody works on any more, until you say so.",
}


def _filters(command: Command) -> Command:
    for name, metavar, callback, meaning in reversed(_FILTERS):
        command = click.option(name, metavar=metavar, callback=callback, help=meaning)(command)
    return command


def _common(command: Command) -> Command:
    return config_option(json_option(debug_option(command)))


_ids = click.argument("ids", metavar="[ID]...", nargs=-1, type=click.IntRange(1, 2**63 - 1))
_all = click.option("--all", "every", is_flag=True, help="All of them, or all that the filters leave.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_force = click.option(
    "--force",
    is_flag=True,
    help="Also what a running bot has. It goes on with it; should it end before that is done, nobody takes it up.",
)


def _box(name: str) -> click.Group:
    group = click.Group(name, help=_HELP[name])
    which = click.option("--box", type=click.Choice(["inbox", "outbox"]), help="Only deliveries, or only answers.")
    boxed: Callable[[Any], Any] = which if name == "dead" else _unchanged
    forced: Callable[[Any], Any] = _unchanged if name == "dead" else _force

    @group.command("list")
    @_filters
    @boxed
    @click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
    @_common
    @click.pass_context
    def list_entries(context: click.Context, /, file: Path | None, as_json: bool, limit: int, **sought: Any) -> None:
        """List them, oldest first: id, box, since when, state, tries, conversation, text, and why."""
        from imbridge.cli.letters.shown import as_json as shown_as_json
        from imbridge.cli.letters.shown import write_table

        asked = _asked(name, file, **sought)
        found, total = asyncio.run(asked.listed(limit))
        if as_json:
            click.echo(json.dumps([shown_as_json(kept) for kept in found], ensure_ascii=False, indent=2))
        elif found:
            write_table(found, terminal=sys.stdout.isatty())
        if total > len(found):
            click.echo(f"{len(found)} of {total}; --limit shows more", err=True)
        elif not found and not as_json:
            click.echo("there is nothing", err=True)

    @group.command("show")
    @click.argument("ids", metavar="ID...", nargs=-1, required=True, type=click.IntRange(1, 2**63 - 1))
    @_common
    @click.pass_context
    def show_entries(context: click.Context, /, file: Path | None, as_json: bool, ids: tuple[int, ...]) -> None:
        """Show all that is known of entries, and what happened to them."""
        from imbridge.cli.letters.shown import as_json as shown_as_json
        from imbridge.cli.letters.shown import write_details

        found, _ = asyncio.run(_asked(name, file, uids=ids).listed(len(ids)))
        if as_json:
            click.echo(json.dumps([shown_as_json(kept) for kept in found], ensure_ascii=False, indent=2))
        else:
            for number, kept in enumerate(found):
                click.echo("\n" * bool(number), nl=False)
                write_details(kept)
        there = {kept.uid for kept in found}
        context.exit(_not_there(name, [uid for uid in ids if uid not in there]))

    @group.command()
    @_ids
    @_all
    @_filters
    @boxed
    @_yes
    @_common
    @click.pass_context
    def retry(context: click.Context, /, **given: Any) -> None:
        """Have entries worked on again, as if they had never been tried.

        A bot that uses this storage takes them up: one that runs, or the next that starts.
        """
        context.exit(_change(name, "retry", **given))

    @group.command()
    @_ids
    @_all
    @_filters
    @boxed
    @forced
    @_yes
    @_common
    @click.pass_context
    def drop(context: click.Context, /, **given: Any) -> None:
        """Forget entries: nobody handles or says them any more."""
        context.exit(_change(name, "drop", **given))

    return group


def _unchanged(command: Any) -> Any:
    return command


def _asked(name: str, file: Path | None, box: str | None = None, **sought: Any) -> "Asked":
    from imbridge.cli.letters.work import Asked

    given = {key: value for key, value in sought.items() if value is not None}
    return Asked.of(name, file, box, given)


def _change(
    name: str,
    what: str,
    *,
    file: Path | None,
    as_json: bool,
    ids: tuple[int, ...],
    every: bool,
    yes: bool,
    force: bool = False,
    **sought: Any,
) -> int:
    """Retry or drop; the exit status."""
    filtered = any(value is not None for value in sought.values())
    if bool(ids) == every:
        raise click.UsageError("name the ids, or give --all" + (" with the filters" if filtered else ""))
    if ids and filtered:
        raise click.UsageError("filters go with --all; ids stand alone")
    asked = _asked(name, file, **({"uids": ids} if ids else sought))
    if every and not yes:
        total = asyncio.run(asked.count())
        if not sys.stdin.isatty():
            raise click.UsageError(f"{what} --all would {what} {total}; where nobody can answer, give --yes")
        click.confirm(f"{what.capitalize()} {total} of {name}?", abort=True, err=True)
    outcome = asyncio.run(asked.changed(what, ids, in_hand=force))
    if as_json:
        click.echo(json.dumps(outcome.as_json()))
    else:
        click.echo(f"{len(outcome.done)} {'dropped' if what == 'drop' else 'to be tried again'}")
    if outcome.in_hand:
        problem(f"{_listed(outcome.in_hand)}: a running bot has it and works on it itself"
                + ("; stop the bot first, or give --force" if what == "drop" else ""))  # fmt: skip
    return _not_there(name, outcome.missing) or int(bool(outcome.in_hand))


def _not_there(name: str, uids: Sequence[int]) -> int:
    if uids:
        where = "among the dead letters" if name == "dead" else f"in the {name}"
        problem(f"{_listed(uids)}: not {where}; it is done with, or never was there")
    return int(bool(uids))


def _listed(uids: Sequence[int], most: int = 5) -> str:
    rest = f" and {len(uids) - most} more" if len(uids) > most else ""
    return ", ".join(map(str, uids[:most])) + rest


inbox, outbox, dead = _box("inbox"), _box("outbox"), _box("dead")
