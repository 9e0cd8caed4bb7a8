"""Callback addresses: who owns the requests, what is recorded, whose address is whose."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from imbridge.emulators.common.callback import BaseCallback, BaseCallbacks, CallbackRefusedError
from imbridge.emulators.common.listener import Listener


class Callback(BaseCallback[bytes, bytes]):
    """An address that is sent bytes and answers bytes."""

    async def verify(self) -> bytes:
        answer = await self._ask(b"prove it")
        if answer != b"proved":
            raise CallbackRefusedError(f"{self.url} answered {answer!r}")
        return answer

    async def send(self, data: bytes) -> bytes:
        self._last = data
        return await self._ask(data)

    def deliver(self, data: bytes) -> None:
        self._start(self._deliver(data), "delivery")

    async def _deliver(self, data: bytes) -> None:
        await self.send(data)

    async def _ask(self, request: bytes) -> bytes:
        async with self._session.post(self.url, data=request) as response:
            return await response.read()


class Callbacks(BaseCallbacks[str, Callback]):
    async def set(self, owner: str, url: str, *, verify: bool = True) -> Callback:
        callback = Callback(url, timeout=5)
        await self._put(owner, callback, verify=verify)
        return callback

    async def drop(self, owner: str) -> None:
        await self._drop(owner)

    def of(self, owner: str) -> Callback:
        return self._of(owner)


class Side:
    """The bot's side; it may set a cookie, refuse to prove itself, or never answer."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.cookies: list[str | None] = []
        self.proves = True
        self.stuck = asyncio.Event()
        self.url = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        self.bodies.append(body)
        self.cookies.append(request.headers.get("Cookie"))
        if body == b"stuck":
            self.stuck.set()
            await asyncio.sleep(3600)
        text = "proved" if self.proves else "no"
        return web.Response(text=text, headers={"Set-Cookie": "a=b"})


@pytest.fixture
async def side() -> AsyncIterator[Side]:
    side = Side()
    listener = Listener(side.answer, "127.0.0.1", 0)
    side.url = await listener.start()
    yield side
    await listener.stop()


@pytest.fixture
async def callbacks() -> AsyncIterator[Callbacks]:
    callbacks = Callbacks()
    yield callbacks
    await callbacks.close()


async def test_the_last_request_is_replayed(side: Side, callbacks: Callbacks) -> None:
    callback = await callbacks.set("bot", side.url)
    with pytest.raises(RuntimeError, match="was sent nothing yet"):
        await callback.replay()
    await callback.send(b"one")
    await callback.send(b"two")
    assert await callback.replay() == b"proved"
    assert side.bodies == [b"prove it", b"one", b"two", b"two"]
    assert side.cookies == [None] * 4, "a platform keeps no cookies"


async def test_an_address_that_does_not_prove_itself_changes_nothing(side: Side, callbacks: Callbacks) -> None:
    first = await callbacks.set("bot", side.url)
    side.proves = False
    with pytest.raises(CallbackRefusedError, match="answered b'no'"):
        await callbacks.set("bot", f"{side.url}/second")
    assert callbacks.of("bot") is first
    assert await first.send(b"x") == b"no"
    second = await callbacks.set("bot", f"{side.url}/second", verify=False)
    assert callbacks.of("bot") is second
    with pytest.raises(RuntimeError, match="closed"):
        await first.send(b"x")


async def test_what_is_under_way_ends_with_the_address(side: Side, callbacks: Callbacks) -> None:
    for end in (callbacks.close, lambda: callbacks.drop("bot")):
        callback = await callbacks.set("bot", side.url)
        callback.deliver(b"stuck")
        await side.stuck.wait()
        side.stuck.clear()
        await end()
        assert not callback._tasks
        with pytest.raises(RuntimeError, match="bot has no callback address"):
            callbacks.of("bot")
    await callbacks.drop("bot")
