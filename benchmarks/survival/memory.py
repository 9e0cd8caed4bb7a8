"""How much memory a bridge takes while something is done to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil

from benchmarks.survival.nursery import Child

MEBI = 1 << 20
EVERY = 0.25
"""Seconds between two looks."""
MAY_GROW = 150.0
"""MiB that a bridge may take beyond what it has when it is up. Messages that wait take some 3 KiB each and there are
10,000 at most; answers wait beside them, and caches fill."""


@dataclass
class Memory:
    """The resident memory of a process, in MiB."""

    seen: list[float] = field(default_factory=list)

    @property
    def figures(self) -> dict[str, float]:
        """At the beginning, the most, at the end."""
        return {"rss_begin_mib": self.seen[0], "rss_most_mib": max(self.seen), "rss_end_mib": self.seen[-1]}

    @property
    def wrong(self) -> list[str]:
        """What must not be, in words."""
        grown = max(self.seen) - self.seen[0]
        return [f"the memory grew by {grown:.0f} MiB, more than {MAY_GROW:g}"] if grown > MAY_GROW else []


@asynccontextmanager
async def memory_of(child: Child) -> AsyncIterator[Memory]:
    """Look at it as long as this is entered."""
    process, memory = psutil.Process(child.pid), Memory()

    async def look() -> None:
        while True:
            memory.seen.append(process.memory_info().rss / MEBI)
            await asyncio.sleep(EVERY)

    async with asyncio.TaskGroup() as beside:
        looking = beside.create_task(look(), name="memory")
        await asyncio.sleep(0)
        yield memory
        looking.cancel()
