"""A platform over a websocket, a driver for it, and links between them: what the tests of links share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from imbridge.transport import (
    Connection,
    Dial,
    HttpPool,
    Link,
    LinkOptions,
    LinkVerdict,
    ReconnectPolicy,
)

SECRET = "t1cket-canary"


QUICK = ReconnectPolicy(base=0.01, cap=0.02, first=0.001)


WATCHFUL = LinkOptions(ping_interval=0.1, ping_timeout=0.1)


class Platform:
    """A websocket server that counts; each connection runs `serve`, by default until it is closed."""

    def __init__(self) -> None:
        self.url = ""
        self.sockets: list[web.WebSocketResponse] = []
        self.handshakes = 0
        self.received: list[bytes | str] = []
        self.script: Callable[[web.WebSocketResponse], Awaitable[None]] | None = None
        self.refuse: dict[str, str] | None = None
        self.arrived = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.handshakes += 1
        if self.refuse is not None:
            return web.Response(status=403, headers=self.refuse)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        self.sockets.append(ws)
        async with self.arrived:
            self.arrived.notify_all()
        if self.script is not None:
            await self.script(ws)
        async for message in ws:
            self.received.append(message.data)
            async with self.arrived:
                self.arrived.notify_all()
        return ws

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self.arrived:
            await self.arrived.wait_for(condition)


class Driver:
    """Collects frames; everything else can be replaced by the test."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.heartbeat_interval: float | None = None
        self.pings: list[bytes | str] = []
        self.frames: list[tuple[int, bytes | str]] = []
        self.judged: list[Exception] = []
        self.verdict = LinkVerdict.RETRY
        self.changed = asyncio.Condition()
        self.on_open_hook: Callable[[Connection], Awaitable[None]] | None = None
        self.on_frame_hook: Callable[[Connection, bytes | str], Awaitable[None]] | None = None
        self.dial_hook: Callable[[], Awaitable[None]] | None = None

    async def dial(self) -> Dial:
        if self.dial_hook is not None:
            await self.dial_hook()
        return Dial(f"{self.platform.url}/ws?ticket={SECRET}", {"X-Key": SECRET})

    async def on_open(self, conn: Connection) -> None:
        if self.on_open_hook is not None:
            await self.on_open_hook(conn)

    async def on_frame(self, conn: Connection, data: bytes | str) -> None:
        if self.on_frame_hook is not None:
            await self.on_frame_hook(conn, data)
        self.frames.append((conn.serial, data))
        async with self.changed:
            self.changed.notify_all()

    def ping(self) -> bytes | str | None:
        return "ping"

    def classify(self, error: Exception) -> LinkVerdict:
        self.judged.append(error)
        return self.verdict

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self.changed:
            await self.changed.wait_for(condition)

    @property
    def texts(self) -> list[bytes | str]:
        return [data for _, data in self.frames]


@pytest.fixture
async def platform(serve: Any) -> Platform:
    platform = Platform()
    platform.url = (await serve(platform.handle)).replace("http", "ws")
    return platform


@pytest.fixture
def driver(platform: Platform) -> Driver:
    return Driver(platform)


@pytest.fixture
async def make_link(pool: HttpPool, driver: Driver) -> AsyncIterator[Callable[..., Link]]:
    links: list[Link] = []

    def make(**options: Any) -> Link:
        options.setdefault("policy", QUICK)
        links.append(Link(options.pop("driver", driver), pool, name="acc", **options))
        return links[-1]

    yield make
    for link in links:
        await link.stop()


async def settle(condition: Callable[[], bool]) -> None:
    """Wait for something that nobody announces."""
    while not condition():
        await asyncio.sleep(0.005)


async def half_open(serve_raw: Any) -> tuple[str, list[asyncio.StreamReader]]:
    """A server that shakes hands and then never says anything again, nor closes."""
    import base64
    import hashlib

    opened: list[asyncio.StreamReader] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324 - RFC 6455
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        await writer.drain()
        opened.append(reader)
        await asyncio.sleep(3600)

    return (await serve_raw(handle)).replace("http", "ws"), opened
