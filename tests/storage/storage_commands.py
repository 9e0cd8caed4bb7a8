"""The command line on a database, in the test's own process."""

import asyncio
import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from databases import Place

from imbridge.cli.main import run_command_line


@dataclass
class Said:
    status: int
    out: str
    err: str

    @property
    def table(self) -> list[list[str]]:
        return [line.split("\t") for line in self.out.splitlines()]


Imbridge = Callable[..., "asyncio.Future[Said]"]


def command_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Imbridge:
    """The command line in a folder, in a thread of its own: it runs an event loop."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("IMBRIDGE_STORAGE", raising=False)
    monkeypatch.delenv("IMBRIDGE_DURABILITY", raising=False)

    def run(arguments: tuple[str, ...]) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = run_command_line(arguments)
        return Said(status, out.getvalue(), err.getvalue())

    def call(*arguments: object) -> "asyncio.Future[Said]":
        return asyncio.ensure_future(asyncio.to_thread(run, tuple(map(str, arguments))))

    return call


def name_in_settings(made: Place, folder: Path, *more: str) -> None:
    """Have ./imbridge.yaml name a database."""
    lines = ["storage:", f"  url: {made.url}", *([f"  schema: {made.schema}"] if made.schema else []), *more]
    (folder / "imbridge.yaml").write_text("\n".join(lines))
