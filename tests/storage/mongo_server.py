"""A MongoDB server for tests: the one that is there, or SecantusDB, which speaks its protocol, as a process of ours."""

import asyncio
import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from reaching import free_port

VARIABLE, DEFAULT = "IMBRIDGE_TEST_MONGODB_URL", "mongodb://127.0.0.1:27017/?directConnection=true"
_PATIENCE = 60.0


_UNTIL_WE_END = """
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
runpy.run_module("secantus", run_name="__main__", alter_sys=True)
"""
"""Tests that are killed leave no server behind: its input ends with them."""


_ours: set[str] = set()


def ends_with_us(url: str) -> bool:
    """Whether this server, and all that it keeps, is gone when our tests end."""
    return url in _ours


class Secantus:
    """A server of ours, on a port of its own; it keeps what it has when it is stopped and started again.

    It is another program, under the GPL: it is run, and never imported.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        _ours.add(self.url)

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def start(self) -> None:
        """Return when it can be reached."""
        storage = ("--storage-path", str(self._folder / "data"))
        command = (sys.executable, "-c", _UNTIL_WE_END, "--port", str(self.port), *storage, *self._options)
        with (self._folder / "server.log").open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=output, stderr=output, cwd=self._folder
            )
        end = time.monotonic() + _PATIENCE
        while not _listens("127.0.0.1", self.port):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"SecantusDB did not start: {(self._folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, *, kill: bool = False) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill() if kill else process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            if process.stdin is not None:
                process.stdin.close()

    async def starting(self) -> None:
        await asyncio.to_thread(self.start)

    async def stopping(self, *, kill: bool = False) -> None:
        await asyncio.to_thread(lambda: self.stop(kill=kill))


def needs_secantus() -> None:
    """For a test that starts and stops a server of its own."""
    if find_spec("secantus") is None:
        pytest.skip("no SecantusDB to start and stop; pip install secantusdb")


def server_url() -> str:
    """Where a server is: one for all tests of this process."""
    url = os.environ.get(VARIABLE)
    if url is not None:
        return url
    if _listens("127.0.0.1", 27017):
        return DEFAULT
    if find_spec("secantus") is None:
        pytest.skip(f"no MongoDB at 127.0.0.1:27017, and no SecantusDB; name one in {VARIABLE} or install secantusdb")
    return _our_own().url


@cache
def _our_own() -> Secantus:
    folder = Path(tempfile.mkdtemp(prefix="imbridge-secantus-"))
    server = Secantus(folder)
    server.start()

    def end() -> None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return server


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True
