"""The official Python client, in a process of its own: it can neither be stopped nor cancelled."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from dingtalk_raw_stream import until

from imbridge.emulators.dingtalk import App, DingTalkEmulator

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
            if note["what"] == what:
                assert isinstance(note, dict)
                return note
        raise AssertionError(f"the client ended: {''.join(seen)}")


@asynccontextmanager
async def official_client(script: str, ding: DingTalkEmulator, app: App, *args: str) -> AsyncIterator[OfficialClient]:
    """Runs a script that uses the client, from its first connection on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        SCRIPTS / script,
        app.client_id,
        app.client_secret,
        *args,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "DINGTALK_OPENAPI_ENDPOINT": ding.base_url},
    )
    try:
        client = OfficialClient(process)
        await client.notes("starting")
        async with asyncio.timeout(STARTUP):
            await until(lambda: ding.connections(app) == 1)
        yield client
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
