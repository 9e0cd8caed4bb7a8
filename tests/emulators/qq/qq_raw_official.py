"""The official Python client, in a process of its own: importing it changes the whole process."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from imbridge.emulators.qq import Bot, QQEmulator

SCRIPTS = Path(__file__).parents[1] / "scripts"
STARTUP = 30.0  # importing the client takes its time on a busy machine


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
async def official_client(qq: QQEmulator, bot: Bot, cwd: Path, *args: str) -> AsyncIterator[OfficialClient]:
    """Runs the client from READY on; it writes its log file where it is started."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        SCRIPTS / "qq_echo.py",
        qq.base_url,
        bot.app_id,
        bot.secret,
        *args,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        cwd=cwd,
    )
    try:
        client = OfficialClient(process)
        note = await client.notes("ready")
        assert note == {"what": "ready", "name": bot.name, "id": bot.bot_id}
        yield client
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
