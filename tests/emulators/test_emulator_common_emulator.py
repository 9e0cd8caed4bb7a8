"""What every emulator can: start, stop, and remember what was wrong."""

import asyncio
import io
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from imbridge.emulators.common.emulator import BaseEmulator
from imbridge.emulators.common.faults import FaultRegistry
from imbridge.emulators.common.listener import Listener
from imbridge.emulators.common.stats import BaseStats, Violation
from imbridge.emulators.common.world import BaseWorld


@dataclass
class Settings:
    history: int = 2


@dataclass(slots=True)
class Stats(BaseStats):
    requests: int = 0


class Faults(FaultRegistry):
    """None of its own."""


class Emulator(BaseEmulator[Stats, Faults]):
    """A platform that answers how long a body is."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(BaseWorld(Settings(), Stats(), Faults(), frozenset({"secret"})), self._answer, host, port)
        self.ended = 0

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.stats.requests += 1
        return web.Response(text=str(len(await request.read())))

    async def _end(self) -> None:
        async with aiohttp.ClientSession() as session, session.get(self.base_url) as response:
            assert response.status == 200
        self.ended += 1


async def test_it_listens_while_it_is_started_and_again_at_the_same_port() -> None:
    emulator = Emulator()
    with pytest.raises(RuntimeError, match="not started"):
        _ = emulator.base_url
    async with emulator:
        first = emulator.base_url
        with pytest.raises(RuntimeError, match="already started"):
            await emulator.start()
        async with (
            aiohttp.ClientSession() as session,
            session.post(first, data=io.BytesIO(bytes(2_000_000))) as response,
        ):
            assert await response.text() == "2000000"
    assert emulator.ended == 1, "what is under way ends while the server still answers"
    with pytest.raises(RuntimeError, match="not started"):
        _ = emulator.base_url
    async with emulator:
        assert emulator.base_url == first
    assert emulator.stats.as_dict() == {"violations": 0, "requests": 3}


async def test_a_port_that_is_taken_leaves_nothing_behind() -> None:
    async with Emulator() as emulator:
        port = int(emulator.base_url.rpartition(":")[2])
        second = Emulator(port=port)
        with pytest.raises(OSError, match=str(port)):
            await second.start()
        with pytest.raises(RuntimeError, match="not started"):
            _ = second.base_url


async def test_a_listener_that_was_stopped_cuts_requests_under_way() -> None:
    arrived = asyncio.Event()

    async def never(request: web.BaseRequest) -> web.StreamResponse:
        arrived.set()
        await asyncio.sleep(3600)
        raise AssertionError("nobody waits for it")

    listener = Listener(never, "127.0.0.1", 0)
    origin = await listener.start()
    async with aiohttp.ClientSession() as session:
        asked = asyncio.create_task(session.get(origin).__aenter__())
        await arrived.wait()
        await listener.stop()
        with pytest.raises(aiohttp.ClientError):
            await asked
    await listener.stop()


def test_violations_are_counted_and_the_first_are_kept() -> None:
    world = BaseWorld(Settings(), Stats(), Faults(), frozenset())
    for number in range(3):
        world.violation("rate_exceeded", str(number))
    assert world.stats.violations == 3
    assert world.violations == [Violation("rate_exceeded", "0"), Violation("rate_exceeded", "1")]
