"""`imbridge probe`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imbridge.cli.options import config_option, debug_option, json_option, log_options, settings_file

if TYPE_CHECKING:
    from imbridge.adapters.base import Probe


@click.command()
@config_option
@json_option
@log_options
@debug_option
@click.pass_context
def probe(
    context: click.Context, file: Path | None, as_json: bool, log_level: str | None, log_format: str | None
) -> None:
    """Ask every account's platform who we are there.

    Checks the credentials without receiving or sending anything. Exit status 1 if an account does not work.
    """
    import asyncio
    import os
    import sys

    from imbridge.cli.bridge import load_settings
    from imbridge.cli.log import configure_logging
    from imbridge.runtime import Bridge
    from imbridge.storage import MemoryStorage

    color = context.color is not False and sys.stderr.isatty()
    configure_logging(log_level or "warning", log_format or "text", color=color)
    settings = load_settings(settings_file(file), dict(os.environ))

    async def ask() -> "dict[str, Probe]":
        return await Bridge(settings.accounts, options=settings.bridge, storage=MemoryStorage()).probe()

    found = asyncio.run(ask())
    if as_json:
        click.echo(json.dumps({key: asdict(answer) for key, answer in found.items()}, ensure_ascii=False, indent=2))
    else:
        width = max(len(key) for key in found)
        for key, answer in found.items():
            state = click.style("ok    ", fg="green") if answer.ok else click.style("failed", fg="red")
            name = (
                f"{answer.bot_name or 'a bot without a name'} ({answer.bot_id})" if answer.bot_id else answer.bot_name
            )
            click.echo(f"{key:<{width}}  {state}  {name}".rstrip())
            for problem in answer.problems:
                click.echo(f"{'':<{width}}  {problem}")
    context.exit(0 if all(answer.ok for answer in found.values()) else 1)
