"""`imbridge run`."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imbridge.cli.options import config_option, debug_option, log_options, settings_file

if TYPE_CHECKING:
    from imbridge.runtime import Bridge

logger = logging.getLogger(__name__)


@click.command()
@click.argument("names", metavar="[SKILL]...", nargs=-1)
@config_option
@click.option("--listen", metavar="ADDRESS:PORT", help="Where callbacks are served, instead of bridge.listen.")
@log_options
@debug_option
@click.pass_context
def run(
    context: click.Context,
    names: tuple[str, ...],
    file: Path | None,
    listen: str | None,
    log_level: str | None,
    log_format: str | None,
) -> None:
    """Run skills on all accounts until Ctrl-C.

    A SKILL is a Python file (weather.py), module:Class (my_bot.weather:Weather) or the name of a built-in skill (echo);
    it comes on top of those in the settings file. Without a settings file the accounts come from the environment
    (FEISHU_APP_ID, FEISHU_APP_SECRET).

    Accounts that get callbacks are served at the address `bridge.listen` (127.0.0.1:8000, or --listen).

    The first Ctrl-C lets running answers finish, the second one does not.
    """
    from imbridge.cli.bridge import load_bridge
    from imbridge.cli.log import configure_logging
    from imbridge.cli.named_skills import find_modules_here, load_skill

    color = context.color is not False and sys.stderr.isatty()
    configure_logging(log_level or "info", log_format or "text", color=color)
    path = settings_file(file)
    find_modules_here()
    skills = [skill for name in names for skill in load_skill(name)]
    bridge = load_bridge(path, skills)
    configure_logging(
        log_level or bridge.options.log_level.value, log_format or bridge.options.log_format.value, color=color
    )
    if not len(bridge.skills):
        raise click.UsageError(
            "no skill to run; name one (imbridge run echo, imbridge run my_skill.py)"
            + (f" or list it under skills: in {path}" if path else ""),
            context,
        )
    _say_hello(bridge)
    context.exit(bridge.run(listen=listen))


def _say_hello(bridge: "Bridge") -> None:
    skills = ", ".join(skill.name for skill in bridge.skills)
    logger.info("%s with %s; Ctrl-C stops", ", ".join(bridge.accounts), skills)
