import asyncio
import contextlib
import logging
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from imbridge.protocol.errors import LinkError
from imbridge.transport import (
    Connection,
    Dial,
    HttpError,
    HttpPool,
    Link,
    LinkOptions,
    LinkState,
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
    while not condition():  # noqa: ASYNC110 - nobody sets an event for it
        await asyncio.sleep(0.005)


async def test_connects_receives_in_order_and_sends(make_link, platform, driver):
    link = make_link()
    await link.start()
    assert link.state is LinkState.UP
    for number in range(100):
        await platform.sockets[0].send_str(str(number))
    await platform.sockets[0].send_bytes(b"\x00")
    await driver.until(lambda: len(driver.frames) == 101)
    assert driver.texts == [*(str(number) for number in range(100)), b"\x00"]
    await link.send("text")
    await link.send(b"bytes")
    await platform.until(lambda: len(platform.received) == 2)
    assert platform.received == ["text", b"bytes"]
    assert (link.counters.connects, link.counters.frames) == (1, 101)


async def test_stop_leaves_no_task_and_no_socket(make_link, platform, pool):
    before = asyncio.all_tasks()
    link = make_link()
    await link.start()
    await link.rotate()
    await link.stop()
    await settle(lambda: all(ws.closed for ws in platform.sockets))
    assert link.state is LinkState.STOPPED
    await settle(lambda: not {task for task in asyncio.all_tasks() - before if task.get_name().startswith("link:")})
    with pytest.raises(LinkError, match="not connected"):
        await link.send("late")
    await link.stop()
    await link.start()
    assert link.state is LinkState.UP


async def test_starting_twice_is_refused(make_link):
    link = make_link()
    await link.start()
    with pytest.raises(LinkError, match="already"):
        await link.start()


async def test_start_need_not_wait(make_link, platform, driver):
    platform.refuse = {}
    link = make_link()
    await link.start(wait=False)
    await settle(lambda: platform.handshakes >= 3)
    platform.refuse = None
    assert await link.wait_state(LinkState.UP) is LinkState.UP


async def test_cancelling_start_stops_everything(make_link, platform):
    platform.refuse = {}
    link = make_link()
    task = asyncio.create_task(link.start())
    await settle(lambda: platform.handshakes >= 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert link.state is LinkState.STOPPED
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("link:")]


async def test_reconnects_when_the_server_closes(make_link, platform, driver):
    states: list[LinkState] = []
    link = make_link(on_state=lambda state, _: states.append(state))
    await link.start()
    await platform.sockets[0].close(code=4009, message=b"session \n timed out")
    await platform.until(lambda: len(platform.sockets) == 2)
    await platform.sockets[1].send_str("after")
    await driver.until(lambda: driver.texts == ["after"])
    await link.wait_state(LinkState.UP)
    assert states == [LinkState.CONNECTING, LinkState.UP, LinkState.DOWN, LinkState.CONNECTING, LinkState.UP]
    (error,) = driver.judged
    assert isinstance(error, LinkError)
    assert error.code == 4009
    assert "session   timed out" in str(error)
    assert link.counters.drops == 1


async def test_reconnects_after_a_reset(make_link, platform, driver):
    link = make_link()
    await link.start()
    transport = platform.sockets[0]._req.transport
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await platform.until(lambda: len(platform.sockets) == 2)
    await link.wait_state(LinkState.UP)
    assert link.counters.drops == 1


async def test_a_server_that_is_away_for_a_while_is_found_again(make_link, platform, driver):
    link = make_link()
    await link.start()
    platform.refuse = {}
    await platform.sockets[0].close()
    await settle(lambda: platform.handshakes >= 6)
    platform.refuse = None
    await platform.until(lambda: len(platform.sockets) == 2)
    assert all(isinstance(error, HttpError) for error in driver.judged[1:])
    assert driver.judged[1].status == 403


@pytest.mark.parametrize("stage", ["dial", "handshake", "on_open", "close code"])
async def test_a_fatal_answer_ends_it_loudly_once(make_link, platform, driver, stage, caplog):
    told: list[tuple[LinkState, Exception | None]] = []

    async def refuse(*_: object) -> None:
        raise LinkError("wrong secret", code=514)

    driver.verdict = LinkVerdict.FATAL
    link = make_link(on_state=lambda state, error: told.append((state, error)))
    if stage == "close code":
        await link.start()
        await platform.sockets[0].close(code=4014)
        await link.wait_state(LinkState.FAILED)
    else:
        driver.dial_hook = refuse if stage == "dial" else None
        driver.on_open_hook = refuse if stage == "on_open" else None
        platform.refuse = {"handshake-status": "514"} if stage == "handshake" else None
        with pytest.raises(LinkError) as caught:
            await link.start()
        assert caught.value.fatal
    assert link.state is LinkState.FAILED
    assert [state for state, error in told if error is not None] == [LinkState.FAILED]
    assert told[-1][1] is driver.judged[0]
    loud = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(loud) == 1
    assert SECRET not in caplog.text
    handshakes = platform.handshakes
    await asyncio.sleep(0.05)
    assert platform.handshakes == handshakes
    await settle(lambda: all(ws.closed for ws in platform.sockets))


async def test_a_delay_that_the_server_asks_for_is_kept(make_link, platform, driver):
    driver.verdict = LinkVerdict.after(0.2)
    link = make_link()
    await link.start()
    loop = asyncio.get_running_loop()
    lost_at = loop.time()
    await platform.sockets[0].close()
    await platform.until(lambda: len(platform.sockets) == 2)
    assert loop.time() - lost_at >= 0.2


async def test_a_driver_that_cannot_classify_is_retried(make_link, platform, driver, caplog):
    def broken(_: Exception) -> LinkVerdict:
        raise KeyError("bug")

    driver.classify = broken
    link = make_link()
    await link.start()
    await platform.sockets[0].close()
    await platform.until(lambda: len(platform.sockets) == 2)
    assert "could not classify" in caplog.text


async def test_a_failing_on_state_does_not_end_the_link(make_link, platform, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("bug")

    link = make_link(on_state=broken)
    await link.start()
    await platform.sockets[0].close()
    await platform.until(lambda: len(platform.sockets) == 2)
    assert "callback failed" in caplog.text


async def test_on_open_may_wait_for_frames(make_link, platform, driver):
    ready = asyncio.Event()

    async def script(ws: web.WebSocketResponse) -> None:
        await ws.send_str("hello")
        assert await ws.receive_str() == "identify"
        await ws.send_str("ready")

    async def on_open(conn: Connection) -> None:
        await ready.wait()

    async def on_frame(conn: Connection, data: bytes | str) -> None:
        if data == "hello":
            await conn.send("identify")
        else:
            ready.set()

    platform.script, driver.on_open_hook, driver.on_frame_hook = script, on_open, on_frame
    link = make_link()
    await link.start()
    assert link.state is LinkState.UP
    assert ready.is_set()


async def test_a_connection_lost_during_on_open_counts_as_a_failed_attempt(make_link, platform, driver):
    async def forever(_: Connection) -> None:
        await asyncio.sleep(60)

    async def hang_up(ws: web.WebSocketResponse) -> None:
        await ws.close(code=4004)

    platform.script, driver.on_open_hook = hang_up, forever
    link = make_link()
    await link.start(wait=False)
    await settle(lambda: len(driver.judged) >= 2)
    assert driver.judged[0].code == 4004
    assert link.counters.connects == 0


async def test_an_on_open_that_takes_too_long_is_given_up(make_link, platform, driver):
    async def forever(_: Connection) -> None:
        await asyncio.sleep(60)

    driver.on_open_hook = forever
    link = make_link(options=LinkOptions(open_timeout=0.2))
    await link.start(wait=False)
    await settle(lambda: len(driver.judged) >= 1)
    assert "not connected within" in str(driver.judged[0])
    await settle(lambda: len(platform.sockets) >= 3 and platform.sockets[0]._req.transport is None)


async def test_a_raising_on_frame_is_counted_and_logged_once_without_the_frame(make_link, platform, driver, caplog):
    async def picky(conn: Connection, data: bytes | str) -> None:
        if data == SECRET:
            raise ValueError(f"bad frame {data!r}")

    driver.on_frame_hook = picky
    link = make_link()
    await link.start()
    for text in (SECRET, SECRET, "good", SECRET, "better"):
        await platform.sockets[0].send_str(text)
    await driver.until(lambda: driver.texts == ["good", "better"])
    assert link.counters.bad_frames == 3
    assert link.counters.drops == 0
    complaints = [record for record in caplog.records if "not understood" in record.getMessage()]
    assert len(complaints) == 1
    assert "ValueError" in complaints[0].getMessage()
    assert SECRET not in caplog.text


async def test_a_frame_that_is_too_large_costs_its_connection_only(make_link, platform, driver):
    link = make_link()
    await link.start()
    with contextlib.suppress(ConnectionError):  # we hang up in the middle of it
        await platform.sockets[0].send_bytes(b"x" * 10_000_000)
    await platform.until(lambda: len(platform.sockets) == 2)
    await platform.sockets[1].send_str("alive")
    await driver.until(lambda: driver.texts == ["alive"])
    (error,) = driver.judged
    assert error.code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


@pytest.mark.parametrize("garbage", [b"\xff" * 64, b"\x81\xfe", b"\x83\x00", b"\x81\x02\xff\xff"])
async def test_garbage_instead_of_frames_costs_the_connection_only(make_link, platform, driver, garbage):
    link = make_link()
    await link.start()
    platform.sockets[0]._req.transport.write(garbage)
    if garbage == b"\x81\xfe":  # half a frame: nothing wrong with it until the peer goes away
        platform.sockets[0]._req.transport.close()
    await platform.until(lambda: len(platform.sockets) == 2)
    await link.wait_state(LinkState.UP)


async def test_a_slow_on_frame_slows_the_server_down(make_link, platform, driver):
    release = asyncio.Event()

    async def stuck(conn: Connection, data: bytes | str) -> None:
        await release.wait()

    driver.on_frame_hook = stuck
    link = make_link(options=LinkOptions(ping_interval=0.05, ping_timeout=0.05))
    await link.start()
    sent = 0

    async def flood() -> None:
        nonlocal sent
        while sent < 2000:
            await platform.sockets[0].send_bytes(b"x" * 65536)
            sent += 1

    flooding = asyncio.create_task(flood())
    await settle(lambda: sent > 0)
    before = -1
    while sent != before:  # until the server cannot get rid of any more
        before = sent
        await asyncio.sleep(0.3)
    assert sent < 2000
    # Meanwhile several heartbeats went unanswered, because their answers wait behind what is not read.
    assert link.counters.watchdog_kills == 0
    assert link.state is LinkState.UP
    release.set()
    await flooding
    await driver.until(lambda: len(driver.frames) == 2000)
    assert link.counters.drops == 0


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


async def test_a_half_open_connection_is_noticed_and_replaced(make_link, platform, driver, serve_raw):
    platform.url, opened = await half_open(serve_raw)
    link = make_link(options=WATCHFUL)
    await link.start()
    await settle(lambda: len(opened) >= 2)
    assert link.counters.watchdog_kills >= 1
    assert "websocket ping was not answered" in str(driver.judged[0])


async def test_a_healthy_quiet_connection_is_kept(make_link, platform):
    link = make_link(options=LinkOptions(ping_interval=0.02, ping_timeout=0.5))
    await link.start()
    await settle(lambda: link.counters.pongs >= 10)
    assert link.counters.drops == 0
    assert len(platform.sockets) == 1


async def test_a_server_that_forgot_us_is_noticed_by_its_own_heartbeat(make_link, platform, driver):
    driver.heartbeat_interval = 0.05  # websocket pings are answered by the server's library all the while
    link = make_link(options=LinkOptions(ping_interval=0.05, ping_timeout=0.2))
    await link.start()
    await platform.until(lambda: len(platform.sockets) == 2)
    assert "platform's own heartbeat" in str(driver.judged[0])
    assert "ping" in platform.received


async def test_answers_to_the_platform_s_heartbeat_keep_the_connection(make_link, platform, driver):
    async def script(ws: web.WebSocketResponse) -> None:
        async for message in ws:
            platform.received.append(message.data)
            await ws.send_str("pong")

    async def on_frame(conn: Connection, data: bytes | str) -> None:
        conn.alive()

    platform.script, driver.on_frame_hook, driver.heartbeat_interval = script, on_frame, 0.02
    link = make_link(options=LinkOptions(ping_timeout=0.3))
    await link.start()
    await driver.until(lambda: len(driver.frames) >= 30)
    assert link.counters.drops == 0
    assert link.counters.pings >= 30
    assert link.counters.pongs >= 30


async def test_a_new_heartbeat_interval_is_obeyed_at_once(make_link, platform, driver):
    async def on_frame(conn: Connection, data: bytes | str) -> None:
        driver.heartbeat_interval = float(data)

    driver.on_frame_hook, driver.heartbeat_interval = on_frame, 3600.0
    link = make_link()
    await link.start()
    await asyncio.sleep(0.05)
    assert platform.received == []
    await platform.sockets[0].send_str("0.02")
    await platform.until(lambda: len(platform.received) >= 3)


async def test_a_heartbeat_that_has_nothing_to_say_is_not_answered_and_not_missed(make_link, platform, driver):
    driver.heartbeat_interval = 0.01
    driver.ping = lambda: None
    link = make_link(options=LinkOptions(ping_timeout=0.05, ping_interval=0.05))
    await link.start()
    await settle(lambda: link.counters.pongs >= 5)
    assert link.counters.drops == 0
    assert platform.received == []


async def test_a_blocked_event_loop_does_not_cost_the_connection(make_link, platform, driver):
    blocked = False

    def ping() -> str:
        nonlocal blocked
        if not blocked:
            blocked = True
            time.sleep(1.6)
        return "ping"

    async def script(ws: web.WebSocketResponse) -> None:
        async for _ in ws:
            await ws.send_str("pong")

    platform.script, driver.ping, driver.heartbeat_interval = script, ping, 0.1
    link = make_link(options=LinkOptions(ping_interval=0.1, ping_timeout=0.3))
    await link.start()
    await driver.until(lambda: len(driver.frames) >= 5)
    assert blocked
    assert link.counters.watchdog_kills == 0
    assert len(platform.sockets) == 1


async def test_the_platform_s_heartbeat_moves_to_the_new_connection(make_link, platform, driver):
    got: dict[int, int] = {0: 0, 1: 0}

    async def script(ws: web.WebSocketResponse) -> None:
        position = platform.sockets.index(ws)
        async for _ in ws:
            got[position] += 1
            if position == 1:  # on the old one nothing is answered any more
                await ws.send_str("pong")

    platform.script, driver.heartbeat_interval = script, 3600.0
    link = make_link(options=LinkOptions(ping_interval=0.1, ping_timeout=0.2))
    await link.start()
    await link.rotate()
    driver.heartbeat_interval = 0.02
    await platform.sockets[1].send_str("obey")
    await platform.sockets[0].send_str("obey")
    await settle(lambda: got[1] >= 30)
    assert got[0] == 0
    await platform.sockets[0].send_str("still read")
    await driver.until(lambda: "still read" in driver.texts)
    assert link.counters.watchdog_kills == 0


async def test_on_frame_may_close_its_connection(make_link, platform, driver):
    async def on_frame(conn: Connection, data: bytes | str) -> None:
        if data == "reconnect please":
            await conn.close()

    driver.on_frame_hook = on_frame
    link = make_link()
    await link.start()
    await platform.sockets[0].send_str("reconnect please")
    await platform.until(lambda: len(platform.sockets) == 2)
    await platform.sockets[1].send_str("again")
    await driver.until(lambda: driver.texts == ["reconnect please", "again"])
    await link.wait_state(LinkState.UP)
    connection = link.connection
    await connection.close()
    with pytest.raises(LinkError, match="closed"):
        await connection.send("late")


async def test_a_peer_that_takes_nothing_is_given_up(make_link, platform, driver, serve_raw):
    platform.url, opened = await half_open(serve_raw)
    link = make_link(options=LinkOptions(send_timeout=0.1))
    await link.start()

    async def flood() -> None:
        for _ in range(200):
            await link.send(b"x" * 1_000_000)

    with pytest.raises(LinkError, match="took nothing"):
        await flood()
    await settle(lambda: len(opened) >= 2)


async def test_rotation_loses_and_repeats_nothing(make_link, platform, driver):
    link = make_link()
    await link.start()
    sent: list[str] = []
    rotating = True

    async def push() -> None:
        number = 0
        while rotating:
            for ws in [ws for ws in platform.sockets if not ws.closed]:  # on both, as the platform does
                text = str(number)
                await ws.send_str(text)
                sent.append(text)
                number += 1
            await asyncio.sleep(0.001)

    async def close_old_ones() -> None:
        for position in range(5):
            await platform.until(lambda position=position: len(platform.sockets) > position + 1)
            await asyncio.sleep(0.03)
            await platform.sockets[position].close()

    pushing, closing = asyncio.create_task(push()), asyncio.create_task(close_old_ones())
    for _ in range(5):
        await link.rotate()
        assert link.state is LinkState.UP
        await asyncio.sleep(0.02)
    await closing
    rotating = False
    await pushing
    await driver.until(lambda: len(driver.frames) >= len(sent))
    assert sorted(driver.texts) == sorted(sent)
    assert link.counters.rotations == 5
    assert link.counters.drops == 0
    assert len({serial for serial, _ in driver.frames}) >= 5


async def test_the_old_connection_is_closed_after_the_grace_time(make_link, platform, driver):
    link = make_link(options=LinkOptions(drain=0.05))
    await link.start()
    old = link.connection
    await link.rotate()
    assert link.connection is not old
    assert not platform.sockets[0].closed
    await settle(lambda: platform.sockets[0].closed)
    assert not platform.sockets[1].closed
    assert link.counters.drops == 0


async def test_answers_go_out_on_the_connection_that_asked(make_link, platform, driver):
    async def answer(conn: Connection, data: bytes | str) -> None:
        await conn.send(f"ack {data}")

    acks: dict[int, list[str]] = {0: [], 1: []}

    async def script(ws: web.WebSocketResponse) -> None:
        position = platform.sockets.index(ws)
        async for message in ws:
            acks[position].append(message.data)

    platform.script, driver.on_frame_hook = script, answer
    link = make_link()
    await link.start()
    await link.rotate()
    await platform.sockets[0].send_str("old")
    await platform.sockets[1].send_str("new")
    await settle(lambda: acks == {0: ["ack old"], 1: ["ack new"]})


async def test_a_failed_rotation_keeps_the_old_connection(make_link, platform, driver):
    link = make_link()
    await link.start()
    platform.refuse = {}
    with pytest.raises(HttpError):
        await link.rotate()
    await platform.sockets[0].send_str("still here")
    await driver.until(lambda: driver.texts == ["still here"])
    assert link.state is LinkState.UP


async def test_rotate_soon_from_on_frame_keeps_trying(make_link, platform, driver):
    async def on_frame(conn: Connection, data: bytes | str) -> None:
        if data == "disconnect":
            platform.refuse = {}
            link.rotate_soon()
            link.rotate_soon()

    driver.on_frame_hook = on_frame
    link = make_link()
    await link.start()
    await platform.sockets[0].send_str("disconnect")
    await settle(lambda: platform.handshakes >= 4)
    assert link.state is LinkState.UP
    platform.refuse = None
    await platform.until(lambda: len(platform.sockets) == 2)
    await settle(lambda: link.counters.rotations == 1)
    assert link.counters.drops == 0


async def test_a_connection_lost_while_rotating_is_not_opened_twice(make_link, platform, driver):
    link = make_link()
    await link.start()
    opening, go = asyncio.Event(), asyncio.Event()

    async def slow(_: Connection) -> None:
        opening.set()
        await go.wait()

    driver.on_open_hook = slow
    rotation = asyncio.create_task(link.rotate())
    await opening.wait()
    await platform.sockets[0].close()
    await link.wait_state(LinkState.DOWN)
    go.set()
    await rotation
    await link.wait_state(LinkState.UP)
    await asyncio.sleep(0.1)
    assert len(platform.sockets) == 2
    assert link.state is LinkState.UP


async def test_two_rotations_at_once_make_one_connection(make_link, platform):
    link = make_link()
    await link.start()
    await asyncio.gather(link.rotate(), link.rotate(), link.rotate())
    assert len(platform.sockets) == 2


async def test_rotating_a_stopped_link_is_refused(make_link):
    with pytest.raises(LinkError, match="no connection to rotate"):
        await make_link().rotate()


async def test_stop_lets_the_frame_in_hand_be_finished(make_link, platform, driver):
    begun, go = asyncio.Event(), asyncio.Event()

    async def careful(conn: Connection, data: bytes | str) -> None:
        begun.set()
        await go.wait()

    driver.on_frame_hook = careful
    link = make_link()
    await link.start()
    await platform.sockets[0].send_str("in hand")
    await begun.wait()
    stopping = asyncio.create_task(link.stop())
    await asyncio.sleep(0.05)
    assert not stopping.done()
    go.set()
    await stopping
    assert driver.texts == ["in hand"]


async def test_stop_does_not_wait_for_ever(make_link, platform, driver):
    begun = asyncio.Event()
    cancelled = asyncio.Event()

    async def stuck(conn: Connection, data: bytes | str) -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    driver.on_frame_hook = stuck
    link = make_link(options=LinkOptions(stop_grace=0.05))
    await link.start()
    await platform.sockets[0].send_str("x")
    await begun.wait()
    await link.stop()
    assert cancelled.is_set()


async def test_a_frame_in_hand_survives_the_loss_of_its_connection(make_link, platform, driver, serve_raw):
    go = asyncio.Event()

    async def slow(conn: Connection, data: bytes | str) -> None:
        if data == "first":
            await go.wait()

    driver.on_frame_hook = slow
    link = make_link()
    await link.start()
    await platform.sockets[0].send_str("first")
    await settle(lambda: link.counters.frames == 1)
    link.connection.abort(LinkError("given up by the test"))
    await platform.until(lambda: len(platform.sockets) == 2)  # reconnected without waiting for it
    await platform.sockets[1].send_str("second")
    await driver.until(lambda: driver.texts == ["second"])
    go.set()
    await driver.until(lambda: driver.texts == ["second", "first"])


async def test_tickets_appear_nowhere(make_link, platform, driver, caplog):
    caplog.set_level(logging.DEBUG)
    platform.refuse = {}
    link = make_link()
    await link.start(wait=False)
    await settle(lambda: len(driver.judged) >= 2)
    platform.refuse = None
    await link.wait_state(LinkState.UP)
    own = "".join(record.getMessage() for record in caplog.records if record.name.startswith("imbridge"))
    assert own
    assert SECRET not in own + repr(link.connection) + repr(link.connection.dial) + repr(driver.judged)


async def test_ten_thousand_frames_are_all_handled(make_link, platform, driver):
    link = make_link()
    await link.start()
    for number in range(10_000):
        await platform.sockets[0].send_str(str(number))
    await driver.until(lambda: len(driver.frames) == 10_000)
    assert driver.texts == [str(number) for number in range(10_000)]
