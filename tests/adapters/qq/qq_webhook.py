"""An adapter in mode `webhook` behind a web server, and the emulator that posts to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from qq_rig import Rig
from served import served

from imbridge.adapters.qq import QQAdapter
from imbridge.transport import WebhookApp


class WebhookRig:
    """A bot that gets everything by HTTP."""

    def __init__(self, rig: Rig, adapter: QQAdapter, url: str, session: aiohttp.ClientSession) -> None:
        self.rig = rig
        self.adapter = adapter
        self.url = url
        self._session = session

    async def set(self) -> None:
        """Enter the address at the platform, which checks it."""
        await self.rig.qq.set_webhook(self.rig.bot, self.url)

    def event(self, text: str = "hello", **fields: Any) -> dict[str, Any]:
        """The payload of a message that nobody has written."""
        author = {"user_openid": self.rig.alice.openid_for(self.rig.bot), "id": "a"}
        data = {"id": f"m-{text}", "author": author, "content": text, "timestamp": "2026-11-01T10:00:00+08:00"}
        return {"id": f"C2C_MESSAGE_CREATE:{text}", "op": 0, "t": "C2C_MESSAGE_CREATE", "d": data} | fields

    async def post(self, body: bytes, headers: dict[str, str] | None = None, method: str = "POST") -> tuple[int, bytes]:
        """Send anything; status and body of the answer."""
        async with self._session.request(method, self.url, data=body, headers=headers or {}) as response:
            return response.status, await response.read()


@asynccontextmanager
async def hooked(rig: Rig, *, set_up: bool = True, **settings: Any) -> AsyncIterator[WebhookRig]:
    """Started, served and known to the platform."""
    adapter = rig.make(mode="webhook", **settings)
    await adapter.start()
    async with served(WebhookApp(adapter.routes())) as url, aiohttp.ClientSession() as session:
        made = WebhookRig(rig, adapter, f"{url}/qq/work", session)
        if set_up:
            await made.set()
        yield made
        await adapter.close()
