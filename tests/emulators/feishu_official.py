"""Running the official SDK.

It runs in processes of its own: it takes the event loop at import, cannot be stopped, and warns when imported.
"""

import asyncio
from contextlib import AbstractAsyncContextManager

import official_client

from imbridge.emulators.feishu import App, FeishuEmulator


def running(
    script: str, feishu: FeishuEmulator, app: App, *args: str
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """A script that uses the SDK."""
    return official_client.running(script, feishu.base_url, app.app_id, app.app_secret, *args)
