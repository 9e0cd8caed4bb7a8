"""Hints between processes: who has something to look at is told so at once, instead of finding it at its next look."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from traceback import extract_tb

from imbridge.storage.core.nodes import Nodes
from imbridge.storage.hints.base import BaseHints, HintsError
from imbridge.transport.reconnect import ReconnectPolicy

log = logging.getLogger(__name__)

_CHECK = 5.0
"""Seconds between two hints of a process to itself, which tell whether hints come over."""
_PATIENCE = 5.0
"""Seconds for which a broker is waited for."""


class _OtherNameError(Exception):
    """The process has another number by now."""


class Hinting:
    """Says hints and hears them, from `start()` to `close()`. When the broker is away it tries again, and says so once.

    A process that hears its own hints hears those of others, too. Nothing else tells: a server may take a `LISTEN`
    behind a pooler that passes nothing on, and a connection may be dead without a word.
    """

    def __init__(self, hints: BaseHints, nodes: Nodes) -> None:
        """Nothing is connected yet."""
        self._hints = hints
        self._nodes = nodes
        self._policy = ReconnectPolicy()
        self._task: asyncio.Task[None] | None = None
        self._owed: set[int] = set()
        self._speaks = asyncio.Event()
        self._heard = asyncio.Event()
        self._echo = asyncio.Event()
        self._open_as = self._works_as = 0
        self._away_since: float | None = None

    @property
    def works(self) -> bool:
        """Whether what others say to this process comes here, as far as is known."""
        return self._works_as == self._nodes.id

    def start(self) -> None:
        """Begin; the broker need not be there."""
        self._task = asyncio.create_task(self._keep_open(), name="storage:hints")

    async def close(self) -> None:
        """End."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))
            await self._let_go()  # it may have been doing so
            if not task.cancelled():
                task.result()

    def say(self, nodes: Collection[int]) -> None:
        """Something waits for these processes. What is said while a hint is on its way is one more, and not many."""
        if self._open_as:
            self._owed |= set(nodes)
            self._speaks.set()

    async def wait(self, seconds: float) -> None:
        """Until something may wait for us, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        self._heard.clear()

    # -- the way to the broker -----------------------------------------------------------------------------------------

    async def _keep_open(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._use()
            except _OtherNameError:
                log.debug("this process has another number, and hears hints for that from now on")
                failures = -1
            except HintsError as error:
                self._tell_away(str(error))
            except Exception as error:  # noqa: BLE001 - a broker of somebody's own; its text may hold a password
                self._tell_away(_without_its_text(error))
            if self._task is None:  # a task group that fails when it is cancelled tells of the failure only
                return
            failures = 1 if time.monotonic() - began > self._policy.healthy else failures + 1
            await asyncio.sleep(self._policy.delay(failures))

    async def _use(self) -> None:
        node = self._nodes.id
        try:
            async with _in_time():
                await self._hints.open(_name_of(node))
            self._open_as = node
            self._echo.clear()
            try:
                async with asyncio.TaskGroup() as together:
                    together.create_task(self._keep_hearing(), name="storage:hints heard")
                    together.create_task(self._keep_saying(), name="storage:hints said")
                    together.create_task(self._keep_checking(node), name="storage:hints checked")
            except ExceptionGroup as group:
                raise group.exceptions[0] from None
        finally:
            self._open_as = self._works_as = 0
            self._owed.clear()
            self._heard.set()  # what was said meanwhile may be lost
            await self._let_go()

    async def _let_go(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._hints.close()

    async def _keep_hearing(self) -> None:
        while True:
            await self._hints.hear()
            self._echo.set()
            self._heard.set()
            await asyncio.sleep(0)  # however much is said, others have their turn

    async def _keep_saying(self) -> None:
        while True:
            await self._speaks.wait()
            self._speaks.clear()
            owed, self._owed = self._owed, set()
            if owed:
                async with _in_time():
                    await self._hints.say([_name_of(node) for node in sorted(owed)])

    async def _keep_checking(self, node: int) -> None:
        while True:
            self.say((node,))
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._echo.wait()
            except TimeoutError:
                raise HintsError(self._hints.unheard) from None
            self._tell_works(node)
            await asyncio.sleep(_CHECK)
            self._echo.clear()
            if self._nodes.id != node:
                raise _OtherNameError

    # -- what people are told ------------------------------------------------------------------------------------------

    def _tell_works(self, node: int) -> None:
        if self._works_as == node:
            return
        self._works_as = node
        if self._away_since is None:
            log.debug("hints come over %s", self._hints.where)
            return
        away, self._away_since = time.monotonic() - self._away_since, None
        log.info("hints come over %s again, after %.1f s", self._hints.where, away)

    def _tell_away(self, why: str) -> None:
        if self._away_since is not None:
            log.debug("hints do not come over %s: %s", self._hints.where, why)
            return
        self._away_since = time.monotonic()
        log.warning(
            "hints do not come over %s (%s): what other processes take in for this one is found a little later; "
            "trying again",
            self._hints.where,
            why,
        )


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_PATIENCE):
            yield
    except TimeoutError:
        raise HintsError(f"no answer in {_PATIENCE:g} s") from None


def _without_its_text(error: Exception) -> str:
    at = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(at.filename).name}:{at.lineno}, where a HintsError was expected"


def _name_of(node: int) -> str:
    """The numbers of processes are random, so one broker serves any number of storages."""
    return f"imbridge_{node}"
