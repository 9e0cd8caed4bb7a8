import asyncio

import pytest
from aiohttp import web
from link_platform import settle

from imbridge.protocol.errors import LinkError
from imbridge.transport import (
    Connection,
    HttpError,
    LinkOptions,
    LinkState,
)


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


async def test_a_connection_that_is_to_end_as_soon_as_it_is_open_is_replaced(make_link, platform, driver):
    """It is said before the link has made it the one in use; the next but one is to stay."""

    async def on_frame(conn: Connection, data: bytes | str) -> None:
        if data == "disconnect":
            link.rotate_soon(conn)

    async def script(ws: web.WebSocketResponse) -> None:
        if len(platform.sockets) <= 2:
            await ws.send_str("disconnect")

    async def told(conn: Connection) -> None:
        while len(driver.frames) < min(len(platform.sockets), 2):
            await asyncio.sleep(0)

    driver.on_frame_hook, driver.on_open_hook, platform.script = on_frame, told, script
    link = make_link()
    await link.start()
    await settle(lambda: link.counters.rotations == 2)
    assert link.counters.drops == 0
    assert link.connection is not None
    assert not link.connection.leaving
    await platform.sockets[2].send_str("here")
    await driver.until(lambda: driver.texts[-1] == "here")
    assert len(platform.sockets) == 3
