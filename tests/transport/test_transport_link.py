import asyncio
import logging
import socket
import struct

import pytest
from aiohttp import web
from link_platform import SECRET, settle

from imbridge.protocol.errors import LinkError
from imbridge.transport import (
    Connection,
    HttpError,
    LinkOptions,
    LinkState,
    LinkVerdict,
)


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
