"""The HTTP server of a bridge that is a whole process: it serves the callbacks of its accounts. It is uvicorn's."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imbridge.protocol import ConfigError

if TYPE_CHECKING:
    from imbridge.runtime.bridge import Bridge

log = logging.getLogger(__name__)

_GRACE = 5
"""Seconds that requests in hand get when it stops; a platform waits no longer."""


@contextlib.asynccontextmanager
async def serving_callbacks(bridge: "Bridge", listen: str | None = None) -> AsyncIterator[None]:
    """Serve the callbacks for as long as this is entered; nothing, when no account has any.

    Args:
        bridge: Whose.
        listen: `address:port`; the option `listen` when left out.

    Raises:
        ConfigError: uvicorn is not installed, or the address of `listen` cannot be had.
    """
    paths = [path for key in bridge.accounts for path in _paths(bridge, key)]
    if not paths:
        yield
        return
    server, listener = _server(bridge, paths), _listener(listen or bridge.options.listen)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="callback server")
    log.info("callbacks are served at http://%s: %s", listen or bridge.options.listen, ", ".join(paths))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait((task,))
        listener.close()
        task.result()


def _paths(bridge: "Bridge", key: str) -> Sequence[str]:
    return [route.path for route in bridge.adapter(key).routes()]


def _server(bridge: "Bridge", paths: Sequence[str]) -> Any:
    try:
        import uvicorn
    except ImportError:
        raise ConfigError(
            f"callbacks are to be served ({', '.join(paths)}), and there is no HTTP server: "
            "pip install 'imbridge[serve]', or mount bridge.asgi() in an application of your own",
            key="bridge.listen",
        ) from None

    class Server(uvicorn.Server):
        """Signals are the bridge's affair: it finishes what it has, and only then this stops."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(
        uvicorn.Config(
            bridge.asgi(), lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE
        )
    )


def _listener(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, int(port)), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"bridge.listen: {listen} cannot be had: {error}", key="bridge.listen") from None
