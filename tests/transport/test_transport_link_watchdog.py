import asyncio
import time

from aiohttp import web
from link_platform import WATCHFUL, half_open, settle

from imbridge.transport import (
    Connection,
    LinkOptions,
)


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
