import asyncio
import contextlib
import logging

import aiohttp
import pytest
from aiohttp import web
from link_platform import SECRET, half_open, settle

from imbridge.protocol.errors import LinkError
from imbridge.transport import (
    Connection,
    LinkOptions,
    LinkState,
)


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
