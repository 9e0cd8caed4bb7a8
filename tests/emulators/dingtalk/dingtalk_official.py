"""The official Python client, from its first connection on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dingtalk_raw_stream import until
from official_client import STARTUP, OfficialClient, running

from imbridge.emulators.dingtalk import App, DingTalkEmulator


@asynccontextmanager
async def official_client(script: str, ding: DingTalkEmulator, app: App, *args: str) -> AsyncIterator[OfficialClient]:
    """Runs a script that uses the client."""
    where = {"DINGTALK_OPENAPI_ENDPOINT": ding.base_url}
    async with running(script, app.client_id, app.client_secret, *args, **where) as process:
        client = OfficialClient(process)
        await client.notes("starting")
        async with asyncio.timeout(STARTUP):
            await until(lambda: ding.connections(app) == 1)
        yield client
