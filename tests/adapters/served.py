"""An ASGI application on a port of this machine, for as long as a test needs it, and one that can be away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from contract import until


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """Its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off", timeout_keep_alive=3600
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server._serve())
    try:
        await until(lambda: server.started, "a server")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


class Flaky:
    """An ASGI application that can be away for one request."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.away = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not self.away:
            await self.app(scope, receive, send)
            return
        self.away -= 1
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b"away"})
