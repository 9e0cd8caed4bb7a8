"""The commands: `list`, `run` and `drop`."""

import asyncio
import json
from pathlib import Path

import click

from imbridge.cli.listing import write_list
from imbridge.cli.options import Command, config_option, debug_option, json_option

_account = click.option("--account", metavar="ACCOUNT", help="Of this account: feishu:work.")


def _common(command: Command) -> Command:
    return _account(config_option(json_option(debug_option(command))))


@click.group()
def jobs() -> None:
    """Look at jobs: what is said at which times."""


@jobs.command("list")
@_common
def list_jobs(file: Path | None, account: str | None, as_json: bool) -> None:
    """List them, the next first: name, when it is due, address, times, what is said, and why it failed the last time.

    Those of the settings and the code are here once a bot that declares them has been started.
    """
    from imbridge.cli.jobs.shown import as_data, write_table
    from imbridge.cli.jobs.work import all_jobs

    write_list(asyncio.run(all_jobs(file, account)), as_data, write_table, as_json=as_json)


@jobs.command()
@click.argument("name")
@_common
def run(file: Path | None, account: str | None, as_json: bool, name: str) -> None:
    """Have the job NAME done now, by a bot that runs (within seconds) or the next that starts.

    A job that is due once is over then; others are due at their usual times, too. One that skips what it missed is done
    by a bot that runs, or starts within a minute.
    """
    from imbridge.cli.jobs.work import make_due

    job = asyncio.run(make_due(file, account, name))
    click.echo(json.dumps({"due_now": job.name}) if as_json else f"{job.name} is due now")


@jobs.command()
@click.argument("name")
@_common
def drop(file: Path | None, account: str | None, as_json: bool, name: str) -> None:
    """Forget the job NAME. One that is declared in the settings or the code is back at the next start."""
    from imbridge.cli.jobs.work import forget

    job = asyncio.run(forget(file, account, name))
    click.echo(json.dumps({"dropped": job.name, "declared": job.declared}) if as_json else f"{job.name} is dropped")
    if job.declared:
        click.echo("it is declared in the settings or the code: take it out there too", err=True)
