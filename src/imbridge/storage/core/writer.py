"""The one writer of a storage: what is asked for while a transaction is under way is the next transaction."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from imbridge.protocol import OverloadedError
from imbridge.storage.core.work import Unit
from imbridge.storage.errors import StaleLeaseError, StorageError

log = logging.getLogger(__name__)

Outcome = Any | BaseException
Commit = Callable[[Sequence[Unit]], Awaitable[Sequence[Outcome]]]
"""Carries units out and gives each one's result, or the error that it failed with; raises nothing but its own bugs."""

MAX_UNITS = 500
"""Units in one transaction: beyond it the rate grows no more, and the delay does."""
MAX_WAITING = 20_000
"""Units that somebody waits for. What nobody waits for is not refused: it is about what was taken in before."""
_MAX_OWED = 100_000
_PAUSES = (0.1, 0.3, 1.0, 3.0, 5.0)
"""Seconds between tries to write what nobody waits for, while the database is away."""


@dataclass(slots=True)
class _Asked:
    unit: Unit
    future: "asyncio.Future[Any] | None"
    insists: bool = False


class Writer:
    """Gathers units and has them carried out, one transaction after another, in the order of the calls."""

    def __init__(self, commit: Commit, *, max_units: int = MAX_UNITS, max_waiting: int = MAX_WAITING) -> None:
        """It works from `start()` to `close()`."""
        self._commit = commit
        self._max_units = max_units
        self._max_waiting = max_waiting
        self._queue: deque[_Asked] = deque()
        self._owed: deque[_Asked] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._failures = 0
        self._asked = 0
        self.transactions = 0

    def start(self) -> None:
        """Begin to work."""
        self._task = asyncio.create_task(self._work(), name="storage:writer")

    async def close(self) -> None:
        """Carry out what was asked for, then end."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait((self._task,))
            self._task.result()

    @property
    def waiting(self) -> int:
        """Units that are not in a transaction yet."""
        return len(self._queue) + len(self._owed)

    def ask(self, unit: Unit, *, insist: bool = False) -> "asyncio.Future[Any]":
        """Have a unit carried out; the future is done after the commit, or has the error.

        With `insist` it is tried again while the database is away, so that whoever waits cannot go on without it.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._task is None or self._task.done():
            future.set_exception(StorageError("the storage is not open"))
        elif self._asked >= self._max_waiting:
            future.set_exception(OverloadedError(f"{self._asked} pieces of work wait for the storage already"))
        else:
            self._asked += 1
            self._push(_Asked(unit, future, insist))
        return future

    def tell(self, unit: Unit) -> None:
        """Have a unit carried out that nobody waits for. While the database is away it is kept and tried again."""
        if self._task is None or self._task.done():
            log.error("%s comes after the storage is closed: it is not written", unit.what)
            return
        self._push(_Asked(unit, None))

    def _push(self, asked: _Asked) -> None:
        self._queue.append(asked)
        self._wake.set()

    async def _work(self) -> None:
        try:
            await self._keep_working()
        except BaseException as error:
            self._break(error, [*self._owed, *self._queue])
            self._owed.clear()
            self._queue.clear()
            raise

    def _break(self, error: BaseException, left: Sequence[_Asked]) -> None:
        """Nobody is to wait for a writer that has ended."""
        for asked in left:
            if asked.future is not None and not asked.future.done():
                asked.future.set_exception(StorageError(f"the writer failed: {type(error).__name__}"))

    async def _keep_working(self) -> None:
        while True:
            if not self._queue and (self._failures or not self._owed):
                if self._closing:
                    await asyncio.sleep(0)  # who waited for the last transaction may have something to add to it
                    if not self._queue:
                        break
                await self._sleep()
            if self._queue or self._owed:
                await self._next()
        while self._owed:
            await self._next()
            if self._failures:
                break
        for asked in self._owed:
            if asked.future is not None and not asked.future.done():
                asked.future.set_exception(StorageError("the storage is closed", passing=True))
        if self._owed:
            log.error(
                "closed with %d things not written, as %s: what they are about will be done again by the next process",
                len(self._owed),
                self._owed[0].unit.what,
            )

    async def _sleep(self) -> None:
        """Until there is work, or what is owed can be tried again."""
        if self._closing:
            return
        pause = _PAUSES[min(self._failures, len(_PAUSES)) - 1] if self._failures else None
        try:
            async with asyncio.timeout(pause):
                await self._wake.wait()
        except TimeoutError:
            pass  # the pause is over
        self._wake.clear()

    async def _next(self) -> None:
        owed = [self._owed.popleft() for _ in range(min(len(self._owed), self._max_units))]
        queued = [self._queue.popleft() for _ in range(min(len(self._queue), self._max_units))]
        batch = owed + queued
        self.transactions += 1
        try:
            outcomes = await self._commit([asked.unit for asked in batch])
        except BaseException as error:
            self._break(error, batch)
            raise
        failures = self._failures
        settled = [self._settle(asked, outcome) for asked, outcome in zip(batch, outcomes, strict=True)]
        self._owed.extendleft(reversed([asked for asked, is_owed in zip(owed, settled, strict=False) if is_owed]))
        self._owed.extend(asked for asked, is_owed in zip(queued, settled[len(owed) :], strict=True) if is_owed)
        self._failures = failures + 1 if any(settled) else 0

    def _settle(self, asked: _Asked, outcome: Outcome) -> bool:
        """Tell who waits; whether it is owed because the database is away."""
        error = outcome if isinstance(outcome, BaseException) else None
        away = isinstance(error, StorageError) and error.passing
        if away and asked.insists and not self._closing and asked.future is not None and not asked.future.done():
            return True
        if asked.future is not None:
            self._asked -= 1
            if asked.future.done():  # whoever waited has given up
                return False
            if error is None:
                asked.future.set_result(outcome)
                return False
            asked.future.set_exception(error)
            if isinstance(error, StaleLeaseError):
                asked.future.exception()  # whoever waited is told by others, too, and may be gone
            return False
        if error is None:
            return False
        if isinstance(error, StaleLeaseError):
            log.info("%s", error)
            return False
        if not away:
            log.error("%s could not be written: %s", asked.unit.what, error)
            return False
        if len(self._owed) >= _MAX_OWED:
            log.error("%s is given up: too much waits for the database (%s)", asked.unit.what, error)
            return False
        if not self._failures:
            log.warning("the storage is away (%s); what is done is written when it is back", error)
            self._failures = 1
        return True
