"""How the command line says that something went wrong."""

import os
import sys
import traceback

import click

from imbridge.protocol import ConfigError, ImbridgeError, SkillError

FAILED, WRONG_SETTINGS, INTERRUPTED = 1, 2, 130


def exit_status(error: BaseException) -> int:
    """1 for failures, 2 for wrong settings or usage, 130 for an interruption."""
    if isinstance(error, click.Abort):
        return INTERRUPTED
    if isinstance(error, click.ClickException):
        return error.exit_code
    return WRONG_SETTINGS if isinstance(error, (ConfigError, SkillError)) else FAILED


def problem(text: str) -> None:
    """Write a line about something that went wrong to stderr, while the command goes on."""
    click.echo(click.style("error:", fg="red", bold=True) + f" {text}", err=True)


def report(error: Exception, *, debug: bool) -> None:
    """Write an error to stderr: a line for each problem, and the traceback only if `debug` asks for it."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return
    if debug and not isinstance(error, (click.ClickException, click.Abort)):
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, click.Abort):
        return
    for line in _lines(error, debug=debug):
        # What follows an error (a snippet to paste) is indented or empty.
        mark = click.style("error:", fg="red", bold=True) + " " if line.strip() and not line.startswith(" ") else ""
        click.echo(mark + line, err=True, color=False if os.environ.get("NO_COLOR") else None)


def _lines(error: Exception, *, debug: bool) -> list[str]:
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "imbridge"
        return [f"{error.format_message().rstrip('.')} (see {command} --help)"]
    if isinstance(error, click.ClickException):
        return [error.format_message()]
    if isinstance(error, ImbridgeError):
        return str(error).split("\n")
    hint = "" if debug else " (--debug shows where)"
    return [f"{type(error).__name__}: {error}{hint}"]
