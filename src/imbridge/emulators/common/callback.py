"""The address at which a bot takes callbacks: who owns the requests to it, and which address is whose."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

import aiohttp

RequestT = TypeVar("RequestT")
AnswerT = TypeVar("AnswerT")
OwnerT = TypeVar("OwnerT")


class CallbackRefusedError(AssertionError):
    """The address did not prove itself as the platform demands."""


class BaseCallback(ABC, Generic[RequestT, AnswerT]):
    """One address; a platform says what a request is, and what becomes of one that is not taken.

    Args:
        url: The address.
        timeout: Seconds in which it must answer.

    Attributes:
        url: The address.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.url = url
        # A limit of connections would let callbacks wait for each other and count that as the client's time.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: RequestT | None = None

    @abstractmethod
    async def verify(self) -> AnswerT:
        """Has the address prove itself.

        Raises:
            CallbackRefusedError: It did not.
        """

    async def replay(self) -> AnswerT:
        """Sends the last request once more, byte by byte, as somebody who recorded it would.

        Raises:
            RuntimeError: There was none.
        """
        if self._last is None:
            raise RuntimeError(f"{self.url} was sent nothing yet that could be replayed")
        return await self._ask(self._last)

    async def close(self) -> None:
        """Cancels what is under way and closes the connections."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    @abstractmethod
    async def _ask(self, request: RequestT) -> AnswerT:
        """Sends a request as it is and returns the answer."""

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Does something in the background, until it is done or the address is closed."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


CallbackT = TypeVar("CallbackT", bound=BaseCallback[Any, Any])


class BaseCallbacks(Generic[OwnerT, CallbackT]):
    """The addresses of all bots of one emulator."""

    def __init__(self) -> None:
        self._by_owner: dict[OwnerT, CallbackT] = {}

    async def close(self) -> None:
        """Forgets all addresses and ends what is under way."""
        for callback in self._by_owner.values():
            await callback.close()
        self._by_owner.clear()

    async def _put(self, owner: OwnerT, callback: CallbackT, *, verify: bool) -> None:
        """Gives a bot an address, which proves itself first, in the place of the one it has.

        Raises:
            CallbackRefusedError: It did not; nothing changes.
        """
        try:
            if verify:
                await callback.verify()
        except BaseException:
            await callback.close()
            raise
        old = self._by_owner.get(owner)
        self._by_owner[owner] = callback
        if old is not None:
            await old.close()

    async def _drop(self, owner: OwnerT) -> None:
        """Takes a bot's address away, if it has one."""
        callback = self._by_owner.pop(owner, None)
        if callback is not None:
            await callback.close()

    def _of(self, owner: OwnerT) -> CallbackT:
        """A bot's address.

        Raises:
            RuntimeError: It has none.
        """
        callback = self._by_owner.get(owner)
        if callback is None:
            raise RuntimeError(f"{self._named(owner)} has no callback address: call set_callback first")
        return callback

    def _named(self, owner: OwnerT) -> str:
        return str(owner)
