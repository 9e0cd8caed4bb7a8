"""Something that takes long to load: loaded when it is first asked for, once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class LoadedOnce(Generic[T]):
    """What `load` gives, the same each time; after a failure it is tried again."""

    def __init__(self, load: Callable[[], Coroutine[Any, Any, T]], name: str) -> None:
        """Nothing is loaded; `name` is the task's."""
        self._load = load
        self._name = name
        self._task: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """What was loaded; the loading goes on when whoever waits for it gives up."""
        task = self._task
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._task = asyncio.create_task(self._load(), name=self._name)
        await asyncio.wait((task,))
        return task.result()

    async def close(self) -> None:
        """Let go of it; a loading that has begun is waited for, as nothing ends an import."""
        task, self._task = self._task, None
        if task is not None:
            await asyncio.wait((task,))
            if not task.cancelled():
                task.exception()  # whoever waited has it
