"""Time in the hands of a test: what would be due in a minute is due at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

ResultT = TypeVar("ResultT")


class Leap:
    """Moves the clocks of this process on, the event loop's among them; a test has it as its fixture `leap`."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def __call__(self, seconds: float) -> None:
        """So much time has passed; timers that became due by it fire in the loop's next turn."""
        for name in ("monotonic", "time"):
            clock: Callable[[], float] = getattr(time, name)
            self._patch.setattr(time, name, lambda clock=clock: clock() + seconds)

    async def over(self, seconds: float, work: Awaitable[ResultT], waits: Callable[[], object]) -> ResultT:
        """What comes of `work` when so much time passes as soon as it waits."""
        task = asyncio.ensure_future(work)
        while not (waits() or task.done()):
            await asyncio.sleep(0.001)
        self(seconds)
        return await task
