"""Running the official SDK.

It runs in processes of its own: it takes the event loop at import, cannot be stopped, and warns when imported.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from imbridge.emulators.feishu import App, FeishuEmulator

SCRIPTS = Path(__file__).parent / "scripts"
STARTUP = 30.0  # importing the SDK takes seconds on a busy machine


@asynccontextmanager
async def running(
    script: str, feishu: FeishuEmulator, app: App, *args: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        SCRIPTS / script,
        feishu.base_url,
        app.app_id,
        app.app_secret,
        *args,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
