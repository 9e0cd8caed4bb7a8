"""A platform's official Python client, in a process of its own: it can neither be stopped nor cancelled in ours."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "scripts"
STARTUP = 30.0  # importing a client takes its time on a busy machine


class OfficialClient:
    """The client, by what it prints."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def notes(self, what: str) -> dict[str, Any]:
        """The next line that says so."""
        assert self._process.stdout is not None
        seen = []
        while line := await asyncio.wait_for(self._process.stdout.readline(), STARTUP):
            seen.append(line.decode())
            try:
                note = json.loads(line)
            except ValueError:
                continue
            if isinstance(note, dict) and note["what"] == what:
                return note
        raise AssertionError(f"the client ended: {''.join(seen)}")


@asynccontextmanager
async def running(
    script: str, *args: str, cwd: Path | None = None, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A script that uses a client; it is killed in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        SCRIPTS / script,
        *args,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment},
        cwd=cwd,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
