"""The clock that schedules go by."""

import asyncio
import time


class Clock:
    """The system's. Derive from it to let schedules go by another one, in tests for example."""

    def now(self) -> float:
        """Seconds since 1970. It may be put forward and back."""
        return time.time()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for an event, or for so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
