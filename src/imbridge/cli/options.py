"""Options that several commands share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_FILE = Path("imbridge.yaml")

config_option = click.option(
    "-c",
    "--config",
    "file",
    type=click.Path(path_type=Path),
    help="Settings file (YAML or JSON).  [default: ./imbridge.yaml if there is one, else the environment]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")


@dataclass
class Invocation:
    """What one call of the command line keeps for after its command: how to report an error.

    Attributes:
        debug: `--debug` was given: show tracebacks.
    """

    debug: bool = False


def _set_debug(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Invocation).debug = True


debug_option = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_set_debug,
    help="Show the traceback of an error.",
)


def settings_file(given: Path | None) -> Path | None:
    """The file to read: what was given, else `./imbridge.yaml` if it exists, else none."""
    if given is not None:
        return given
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def log_options(command: Command) -> Command:
    """Add `--log-level` and `--log-format`."""
    levels = click.Choice(["debug", "info", "warning", "error"], case_sensitive=False)
    formats = click.Choice(["text", "json"], case_sensitive=False)
    command = click.option("--log-format", type=formats, help="Form of the log on stderr.  [default: text]")(command)
    return click.option("--log-level", type=levels, help="How much to log.  [default: info]")(command)
