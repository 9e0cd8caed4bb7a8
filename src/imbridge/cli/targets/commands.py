"""The commands: `list` and `revive`."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imbridge.cli.failure import FAILED, problem
from imbridge.cli.listing import write_list
from imbridge.cli.options import Command, config_option, debug_option, json_option

if TYPE_CHECKING:
    from imbridge.runtime.outbox.dead_targets import DeadTarget

_account = click.option("--account", metavar="ACCOUNT", help="Of this account: feishu:work.")


def _common(command: Command) -> Command:
    return _account(config_option(json_option(debug_option(command))))


def _read_chats(context: click.Context, parameter: click.Parameter, addresses: tuple[str, ...]) -> tuple[str, ...]:
    """The chats of addresses, without their threads."""
    from imbridge.protocol import Address
    from imbridge.runtime.outbox.dead_targets import chat_of

    chats = []
    for address in addresses:
        try:
            chats.append(chat_of(Address(address).channel))
        except ValueError as error:
            raise click.BadParameter(str(error), context, parameter) from None
    return tuple(dict.fromkeys(chats))


@click.group()
def targets() -> None:
    """Look at chats that are gone, as the platform says: nothing is sent there for a time."""


@targets.command("list")
@_common
def list_targets(file: Path | None, account: str | None, as_json: bool) -> None:
    """List them, the one that is tried again first: address, until when nothing is sent, code, and what was said."""
    from imbridge.cli.targets.shown import as_data, write_table
    from imbridge.cli.targets.work import all_targets

    write_list(asyncio.run(all_targets(file, account)), as_data, write_table, as_json=as_json)


@targets.command()
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, callback=_read_chats)
@click.option("--all", "every", is_flag=True, help="All of them, or all of the account.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_common
@click.pass_context
def revive(
    context: click.Context,
    /,
    file: Path | None,
    account: str | None,
    as_json: bool,
    addresses: tuple[str, ...],
    every: bool,
    yes: bool,
) -> None:
    """Send to chats again: somebody has put the bot back into its group, for example.

    A bot that runs notices it with the next thing that it has to say there. What was refused meanwhile is not said.
    """
    from imbridge.cli.targets.work import all_targets, revived

    if bool(addresses) == every:
        raise click.UsageError("name the addresses, or give --all" + (" with the account" if account else ""))
    if addresses and account is not None:
        raise click.UsageError("--account goes with --all; addresses stand alone")
    if every and not yes:
        total = len(asyncio.run(all_targets(file, account)))
        if not sys.stdin.isatty():
            raise click.UsageError(f"revive --all would revive {total}; where nobody can answer, give --yes")
        click.confirm(f"Revive {total} chats?", abort=True, err=True)
    done = asyncio.run(revived(file, account, addresses))
    there = {dead.address for dead in done}
    missing = [chat for chat in addresses if chat not in there]
    _tell(done, missing, as_json=as_json)
    context.exit(FAILED if missing else 0)


def _tell(done: "list[DeadTarget]", missing: list[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"revived": [dead.address for dead in done], "missing": missing}, ensure_ascii=False))
    else:
        click.echo(f"{len(done)} revived")
    if missing:
        problem(f"{', '.join(missing)}: not among them; things are sent there, or its time is over")
