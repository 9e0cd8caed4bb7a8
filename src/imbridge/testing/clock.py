"""A clock for tests of what is said at a time."""

import asyncio
from datetime import datetime

from imbridge.runtime.scheduling import Clock

_STEP = 0.005
_QUIET = 3
"""So many times in a row nothing is to be seen: between two looks nobody waits for a moment."""


class HandClock(Clock):
    """Shows what it is set to. Give it to `chat(clock=...)` or `Bridge(clock=...)`, one to each bridge.

    Args:
        start: What it shows first; with a time zone.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start.timestamp()
        self._moved = asyncio.Event()
        self._waited_for: asyncio.Event | None = None

    def now(self) -> float:  # noqa: D102 - inherited
        return self._now

    async def wait(self, event: asyncio.Event, seconds: float) -> None:  # noqa: D102 - inherited
        waits = [asyncio.create_task(each.wait(), name="clock") for each in (event, self._moved)]
        self._waited_for = event
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waited_for = None
            for each in waits:
                each.cancel()
            await asyncio.wait(waits)
        self._moved.clear()

    async def set(self, moment: datetime) -> None:
        """Set it, forward or back, and wait until what is due then is done; `moment` has a time zone."""
        await self._move(moment.timestamp())

    async def forward(self, seconds: float) -> None:
        """Put it forward (with a negative number back), as `set`."""
        await self._move(self._now + seconds)

    async def settled(self, *, timeout: float = 20.0) -> None:
        """Wait until what is due is done.

        Args:
            timeout: Seconds, by a real clock.

        Raises:
            TimeoutError: it is not by then; or no bridge goes by this clock.
        """
        async with asyncio.timeout(timeout):
            quiet = 0
            while quiet < _QUIET:
                await asyncio.sleep(_STEP)
                quiet = 0 if self._is_busy() else quiet + 1

    def _is_busy(self) -> bool:
        if self._waited_for is None or self._waited_for.is_set() or self._moved.is_set():
            return True  # it looks, or is about to
        return any(task.get_name().startswith("job ") for task in asyncio.all_tasks())

    async def _move(self, now: float) -> None:
        self._now = now
        self._moved.set()
        await self.settled()
