"""The planned end of connections, and the faults of the stream."""

import asyncio
import json

import aiohttp
import pytest
from dingtalk_raw_stream import BOT, RawStream, kinds, open_connection, opened, until

from imbridge.emulators.dingtalk import App, DingTalkEmulator, EmulatorSettings, User

# --- the planned end --------------------------------------------------------------------------------------------------


async def test_after_a_disconnect_nothing_comes_over_the_connection_and_it_ends(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream, session: aiohttp.ClientSession
) -> None:
    ding.settings.disconnect_linger = 0.3
    before = await alice.says("before")
    read = await link.frame()
    assert await ding.disconnect(app) == 1
    assert ding.connections(app) == 0
    frame = await link.frame()
    assert (frame["type"], frame["headers"]["topic"]) == ("SYSTEM", "disconnect")
    assert json.loads(frame["data"]) == {"reason": "connection is expired"}
    lost = await alice.says("in between")
    assert not await lost.taken()
    second = await opened(ding, app, session)
    after = await alice.says("after")
    assert (await second.message())["text"]["content"] == "after"
    assert await after.taken()
    await link.acknowledge(read)
    assert await before.taken(), "what was read before can still be acknowledged"
    await link.ended()
    await until(lambda: ding.stats.disconnects == 1)
    await second.close()


async def test_of_two_connections_the_other_takes_everything(
    ding: DingTalkEmulator, app: App, alice: User, session: aiohttp.ClientSession
) -> None:
    links = [await opened(ding, app, session) for _ in range(2)]
    assert await ding.disconnect(app, count=1) == 1
    await links[0].ended()
    for number in range(10):
        await alice.says(str(number))
        assert (await links[1].message())["text"]["content"] == str(number)
    await links[1].close()


async def test_a_grace_lets_messages_come_while_there_is_no_other_connection(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream, session: aiohttp.ClientSession
) -> None:
    ding.settings.drain_grace = 60.0
    ding.settings.disconnect_linger = 60.0
    await ding.disconnect(app)
    await link.frame()
    await alice.says("still here")
    assert (await link.message())["text"]["content"] == "still here"
    second = await opened(ding, app, session)
    await alice.says("better there")
    assert (await second.message())["text"]["content"] == "better there"
    await second.close()


async def test_stopping_ends_all_connections(settings: EmulatorSettings, session: aiohttp.ClientSession) -> None:
    settings.redelivery = (60.0,)
    async with DingTalkEmulator(settings=settings) as ding:
        app = ding.add_app()
        link = await opened(ding, app, session)
        await ding.disconnect(app)
        ding.push_event(app, "chat_update_title", {})
        ding.faults.drop_every(60)
    await link.ended()


# --- faults -----------------------------------------------------------------------------------------------------------


async def test_a_half_open_connection_gets_and_says_nothing(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream
) -> None:
    with ding.faults.half_open(app) as fault:
        assert fault.hits == 1
        sent = await alice.says("hi")
        with pytest.raises(TimeoutError):
            await link.frame(timeout=0.2)
        assert not sent.outcome.done()
    assert (await link.message())["text"]["content"] == "hi"
    assert await sent.taken()


async def test_doors_can_be_closed(ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession) -> None:
    ding.faults.refuse_open("Forbidden.AccessDenied", 403)
    status, answer = await open_connection(session, ding.base_url, app)
    assert (status, answer["code"]) == (403, "Forbidden.AccessDenied")
    ding.faults.refuse_handshake(503)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await RawStream.open(session, ding.base_url, app)
    assert refused.value.status == 503
    link = await opened(ding, app, session)
    await link.close()


async def test_connections_can_be_cut_again_and_again(
    ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession
) -> None:
    with ding.faults.drop_every(0.02) as fault:
        for _ in range(2):
            link = await RawStream.open(session, ding.base_url, app)
            await link.ended()
        assert fault.hits == 2
    link = await opened(ding, app, session)
    await asyncio.sleep(0.1)
    assert ding.connections(app) == 1
    await link.close()


async def test_frames_can_come_twice_and_each_may_be_acknowledged(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream
) -> None:
    ding.faults.duplicate_events(1, times=1)
    await alice.says("hi")
    first, second = await link.frame(), await link.frame()
    assert first == second
    await link.acknowledge(first)
    await link.acknowledge(second)
    await alice.says("once")
    assert (await link.message())["text"]["content"] == "once"
    assert ding.violations == []
    await link.acknowledge(first)
    await until(lambda: kinds(ding) == ["ack_repeated"])


async def test_frames_can_come_late(ding: DingTalkEmulator, app: App, alice: User, link: RawStream) -> None:
    ding.faults.delay_events(0.1, times=1)
    await alice.says("late")
    await alice.says("in time")
    assert [(await link.message())["text"]["content"] for _ in range(2)] == ["in time", "late"]


async def test_anything_can_be_written(ding: DingTalkEmulator, app: App, link: RawStream) -> None:
    raw = {"specVersion": "2.0", "type": "CALLBACK", "headers": {"topic": BOT[1], "messageId": "m-1"}, "data": "{"}
    assert ding.faults.send_raw(app, json.dumps(raw)) == 1
    frame = await link.frame()
    assert frame == raw
    await link.acknowledge(frame, code=400)
    await link.acknowledge(frame, code=400)
    ding.faults.send_raw(app, "no JSON")
    assert (await link.socket.receive()).data == "no JSON"
    assert ding.violations == []
