"""The command as a process: exit status, streams, colour, and what it imports."""

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from imbridge import __version__
from imbridge.cli.main import cli, run_command_line
from imbridge.cli.options import Invocation
from imbridge.protocol import ConfigError, ImbridgeError, SkillError

LAZY = ("aiohttp", "lark_oapi", "yaml", "uvloop", "imbridge.runtime", "imbridge.adapters", "imbridge.transport",
        "imbridge.config", "imbridge.emulators")  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["run", "--help"], ["config", "show", "--help"], ["bogus"]]
)
def test_nothing_heavy_is_imported_before_a_command_runs(arguments, clean_environ):
    code = (
        "import sys, json; from imbridge.cli.main import run_command_line; "
        f"run_command_line({arguments!r}); print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(  # our own code
        [sys.executable, "-c", code], env=clean_environ, capture_output=True, text=True, timeout=50, check=True
    )
    imported = json.loads(done.stderr.splitlines()[-1])
    assert [name for name in imported if name in LAZY] == []
    assert "imbridge.cli.main" in imported


def test_version(imbridge):
    done = imbridge("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"imbridge {__version__}\n", "")


def test_the_console_script_is_the_same_command():
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="imbridge")
    assert script.value == "imbridge.cli.main:main"


def test_help_names_every_command():
    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    for command in ("run", "probe", "config", "skills"):
        assert f"\n  {command}" in result.output
        assert cli.commands[command].help


def test_without_arguments_the_help_is_shown_on_stderr(imbridge):
    done = imbridge()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: imbridge")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["bogus"], "error: No such command 'bogus' (see imbridge --help)\n"),
        (["run", "--bogus"], "error: No such option '--bogus' (see imbridge run --help)\n"),
        (
            ["run", "--log-level", "loud"],
            (
                "error: Invalid value for '--log-level': 'loud' is not one of 'debug', 'info', 'warning', 'error' "
                "(see imbridge run --help)\n"
            ),
        ),
        (["config", "check", "-c", "nowhere.yaml"], "error: nowhere.yaml: there is no such file\n"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(imbridge, arguments, says):
    done = imbridge(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", says)


@pytest.fixture
def failing(monkeypatch):
    """A command that raises."""

    def add(error: BaseException) -> None:
        @click.command()
        @click.pass_context
        def fail(context: click.Context) -> None:
            raise error

        monkeypatch.setitem(cli.commands, "fail", fail)

    return add


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (ConfigError("a: wrong\nb: wrong\n\n    paste: me"), 2, "error: a: wrong\nerror: b: wrong\n\n    paste: me\n"),
        (SkillError("no skill"), 2, "error: no skill\n"),
        (ImbridgeError("refused"), 1, "error: refused\n"),
        (RuntimeError("oops"), 1, "error: RuntimeError: oops (--debug shows where)\n"),
        (KeyboardInterrupt(), 130, "\n"),
        (BrokenPipeError(32, "Broken pipe"), 1, ""),
    ],
)
def test_errors_become_lines_and_a_status(failing, capfd, error, status, says):
    failing(error)
    try:
        got = run_command_line(["fail"])
    except SystemExit as left:
        got = left.code
    assert (got, *capfd.readouterr()) == (status, "", says)


def test_a_traceback_is_shown_only_on_demand(failing, capfd):
    failing(RuntimeError("oops"))
    assert run_command_line(["fail"]) == 1
    assert "Traceback" not in capfd.readouterr().err
    assert run_command_line(["--debug", "fail"]) == 1
    shown = capfd.readouterr().err
    assert "Traceback (most recent call last)" in shown
    assert shown.endswith("error: RuntimeError: oops\n")


def test_debug_of_one_call_does_not_leak_into_the_next(failing, capfd):
    failing(RuntimeError("oops"))
    run_command_line(["--debug", "fail"])
    capfd.readouterr()
    run_command_line(["fail"])
    assert "Traceback" not in capfd.readouterr().err


def test_a_reader_that_leaves_is_no_error(tmp_path, clean_environ):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "imbridge", "skills", "list"],
            env=clean_environ, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=50, check=False,
        )  # fmt: skip
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("extra", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_on_a_terminal_unless_it_is_unwanted(tmp_path, clean_environ, extra, coloured):
    master, slave = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "imbridge", "skills", "list"],
            env={**clean_environ, **extra}, cwd=tmp_path, stdout=slave, stderr=slave, timeout=50, check=False,
        )  # fmt: skip
        shown = os.read(master, 10_000)
    finally:
        os.close(slave)
        os.close(master)
    assert done.returncode == 0
    assert b"echo" in shown
    assert (b"\x1b[" in shown) is coloured


def test_no_colour_in_a_pipe(imbridge):
    assert "\x1b[" not in imbridge("skills", "list").stdout


def test_a_command_can_be_called_without_main():
    assert CliRunner().invoke(cli, ["--debug", "config", "check", "-c", "nowhere"], obj=Invocation()).exit_code == 1
