"""The HTTP server that every callback server in the comparison runs under: the same for all."""

import importlib.util
import json
import signal
import socket
from typing import Any

import uvicorn

ENCRYPT_KEY, VERIFICATION_TOKEN = "bench-encrypt-key", "bench-token"
LOOP, HTTP = (
    next(name for name in names if name in {"asyncio", "h11"} or importlib.util.find_spec(name) is not None)
    for names in (("uvloop", "asyncio"), ("httptools", "h11"))
)


class Counter:
    """How many events the application under test has handled; told at the end."""

    handled = 0


def serve(app: Any, counter: Counter) -> None:
    """Serve on a free port until SIGTERM; prints the port first, the count of handled events last."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    config = uvicorn.Config(app, loop=LOOP, http=HTTP, log_level="warning", access_log=False)
    # uvicorn stops at SIGTERM and then raises it once more, for whoever handled it before: that must not end us.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    uvicorn.Server(config).run(sockets=[listener])
    print(json.dumps({"handled": counter.handled}), flush=True)


async def body_of(receive: Any) -> bytes:
    """The request's body."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def answer(send: Any, status: int, body: bytes = b"{}") -> None:
    """The response."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive: Any, send: Any) -> None:
    """Nothing to start, nothing to stop."""
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})
