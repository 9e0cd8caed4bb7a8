"""Listening on this machine: from the first request to the last."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

MAX_BODY = 64 * 1024 * 1024
SHUTDOWN_SECONDS = 0.5

RequestHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
"""Answers every request, whatever its method and path."""


class Listener:
    """An HTTP server with one handler.

    Args:
        handler: Answers the requests.
        host: Address to listen on.
        port: Port; 0 takes a free one, and the same again when it is started once more.
    """

    def __init__(self, handler: RequestHandler, host: str, port: int) -> None:
        self._handler = handler
        self._host = host
        self._port = port
        self._runner: web.ServerRunner | None = None

    async def start(self) -> str:
        """Starts listening; returns `http://HOST:PORT`.

        Raises:
            RuntimeError: It listens already.
            OSError: The port is taken.
        """
        if self._runner is not None:
            raise RuntimeError("the emulator is already started")
        runner = web.ServerRunner(
            web.Server(self._handler, request_factory=_request, access_log=None), shutdown_timeout=SHUTDOWN_SECONDS
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._port = runner.addresses[0][1]
        self._runner = runner
        return f"http://{self._host}:{self._port}"

    async def stop(self) -> None:
        """Cuts what is left of connections and stops listening; stopping twice is nothing."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    # The default request refuses bodies above 1 MB; uploads are larger.
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)
