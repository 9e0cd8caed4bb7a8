"""Work in the background that has an owner: what is begun is ended with it."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Tasks of one owner."""

    def __init__(self) -> None:
        """None yet."""
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many run."""
        return len(self._running)

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do it in a task of its own; `name` is for whoever looks at running tasks."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def end(self, within: float | None) -> None:
        """Give all of them so many seconds, then cancel those that are left; none runs afterwards. None: no end."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=within)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
