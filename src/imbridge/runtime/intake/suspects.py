"""What was under way when its process ended is handled alone, so that what ends processes is found.

Most of what was under way is innocent. Were all of it handled side by side again, the one that ends the process would
take the others with it each time. One at a time, it is the only one under way when it strikes the next time, and the
storage knows whom to blame.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from imbridge.runtime.answers import abandoning
from imbridge.storage import InboxEntry

ALONE = 3.0
"""Seconds for which nothing begins beside a suspect; after them it counts as harmless. What kills does so at once."""
PATIENCE = 1.0
"""Seconds for which a suspect waits for the end of what is under way."""
TOGETHER = 60.0
"""Seconds for which others wait for all suspects together; then they go on beside. Suspects stay one at a time."""


class Suspects:
    """Lets suspects work alone, one after another, and everybody else side by side."""

    def __init__(self) -> None:
        """Nobody is suspect."""
        self._turn = asyncio.Lock()
        self._left = 0
        """Suspects that wait, or are in their time alone."""
        self._clear = asyncio.Event()
        self._clear.set()
        self._running = 0
        """Others that are under way."""
        self._still = asyncio.Event()
        self._end: asyncio.TimerHandle | None = None

    @property
    def hold_up(self) -> bool:
        """Whether others wait for suspects at the moment."""
        return not self._clear.is_set()

    def apart(
        self, handle: Callable[[InboxEntry], Awaitable[None]], waits: Callable[[InboxEntry], None]
    ) -> Callable[[InboxEntry], Awaitable[None]]:
        """Handling that keeps suspects apart from the others; `waits` is told of each that has to wait for suspects."""

        async def handle_apart(entry: InboxEntry) -> None:
            if entry.suspect:
                async with self._alone(entry):
                    await handle(entry)
                return
            if self.hold_up:
                waits(entry)
            while self.hold_up:
                with abandoning(entry.answer):
                    await self._clear.wait()
            self._running += 1
            try:
                await handle(entry)
            finally:
                self._running -= 1
                if not self._running:
                    self._still.set()

        return handle_apart

    @asynccontextmanager
    async def _alone(self, entry: InboxEntry) -> AsyncIterator[None]:
        self._come()
        timer: asyncio.TimerHandle | None = None
        holds = False

        def pass_on() -> None:
            nonlocal holds
            if holds:
                holds = False
                self._turn.release()
                self._gone()

        try:
            with abandoning(entry.answer):
                await self._turn.acquire()
            holds = True
        finally:
            if not holds:
                self._gone()
        try:
            with abandoning(entry.answer):
                await self._others_end()
            timer = asyncio.get_running_loop().call_later(ALONE, pass_on)
            yield
        finally:
            if timer is not None:
                timer.cancel()
            pass_on()

    async def _others_end(self) -> None:
        if not self._running or self._clear.is_set():
            return
        self._still.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._still.wait()

    def _come(self) -> None:
        self._left += 1
        if self._left == 1:
            self._clear.clear()
            self._end = asyncio.get_running_loop().call_later(TOGETHER, self._clear.set)

    def _gone(self) -> None:
        self._left -= 1
        if not self._left:
            if self._end is not None:
                self._end.cancel()
            self._clear.set()
