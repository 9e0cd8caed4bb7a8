"""A process that serves the app."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Node:
    """A process that is started again when it was killed."""

    def __init__(self, settings: dict[str, Any], log: Path) -> None:
        self._settings = settings
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Back when it is up."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.nodes.child", json.dumps(self._settings),
                stdout=asyncio.subprocess.PIPE, stderr=log, cwd=ROOT,
            )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            if await self._process.stdout.readline() != b"ready\n":
                raise RuntimeError(f"a process did not start; see {self._log}")

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    async def killed(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        if self._process.returncode is None:
            self.send(signal.SIGKILL)
        await self._process.communicate()

    async def ended(self) -> None:
        """SIGTERM, and an orderly end."""
        assert self._process is not None
        self.send(signal.SIGTERM)
        async with asyncio.timeout(60):
            await self._process.communicate()
