"""The HTTP server of a bridge that is a whole process: it serves the callbacks of its accounts. It is uvicorn's."""

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imbridge.config.options import LISTEN
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
        ConfigError: uvicorn is not installed, or `listen` is no address, or one that cannot be had.
    """
    address = bridge.options.listen if listen is None else listen
    if re.search(LISTEN, address) is None:
        raise ConfigError(f"bridge.listen: {address!r} is no address:port, such as 127.0.0.1:8000", key="bridge.listen")
    paths = [path for key in bridge.accounts for path in _paths(bridge, key)]
    if not paths:
        if listen is not None:
            log.warning("nothing is served at %s: no account gets callbacks, which takes its token at least", listen)
        yield
        return
    server, listener = _server(bridge, paths), _listener(address)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="callback server")
    log.info("callbacks are served at http://%s: %s", _address_of(listener), ", ".join(paths))
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
    except (OSError, OverflowError, UnicodeError) as error:
        raise ConfigError(f"bridge.listen: {listen} cannot be had: {error}", key="bridge.listen") from None


def _address_of(listener: socket.socket) -> str:
    """Where it listens, with the port that was found for port 0."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
