"""The command `imbridge`."""

import os
import sys
from collections.abc import Sequence

import click

from imbridge import __version__
from imbridge.cli.config import config
from imbridge.cli.demo import demo
from imbridge.cli.failure import exit_status, report
from imbridge.cli.jobs import jobs
from imbridge.cli.letters import dead, inbox, outbox
from imbridge.cli.options import Invocation, debug_option
from imbridge.cli.probe import probe
from imbridge.cli.render import render
from imbridge.cli.run import run
from imbridge.cli.skills import skills
from imbridge.cli.targets import targets

_HELP = """Run one skill on every IM that China works in.

\b
imbridge demo               see skills answer, with no account anywhere
imbridge run my_skill.py    with FEISHU_APP_ID and FEISHU_APP_SECRET set
imbridge render text.md     what each platform makes of a text, and what is lost
imbridge run                with the accounts and skills of ./imbridge.yaml
"""


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="imbridge", message="%(prog)s %(version)s")
@debug_option
@click.pass_context
def cli(context: click.Context) -> None:
    """Settle what holds for every command."""
    if os.environ.get("NO_COLOR"):  # https://no-color.org
        context.color = False


for command in (demo, run, probe, config, skills, render, inbox, outbox, dead, targets, jobs):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process.

    Exit status: 0 done; 1 something failed; 2 wrong settings or usage; 130 interrupted.
    """
    sys.exit(run_command_line(sys.argv[1:] if arguments is None else arguments))


def run_command_line(arguments: Sequence[str]) -> int:
    """Run the command line; gives its exit status instead of raising."""
    invocation = Invocation()
    try:
        status = cli.main(args=list(arguments), prog_name="imbridge", standalone_mode=False, obj=invocation)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough (`imbridge skills list | head -1`). Without this, Python would
        # complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001  # the last place to turn an error into a line for people
        report(error, debug=invocation.debug)
        return exit_status(error)
    except KeyboardInterrupt:
        return 130
    return status if isinstance(status, int) else 0
