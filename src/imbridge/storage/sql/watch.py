"""Seeing that the file that is written to is the one that the next process will read."""

import asyncio
import logging
from pathlib import Path

log = logging.getLogger(__name__)

_EVERY = 1.0


class FileWatch:
    """Looks at a file's name once a second, from `start()` to `close()`.

    SQLite goes on writing into a file that was deleted or replaced, without an error; what it takes then is gone with
    the process (https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use).
    """

    def __init__(self, path: str) -> None:
        """Nothing is looked at yet."""
        self._path = Path(path)
        self._task: asyncio.Task[None] | None = None
        self._first: tuple[int, int] | None = None
        self.gone = ""

    async def start(self) -> None:
        """Remember which file it is, and begin to look."""
        self._first = await asyncio.to_thread(self._identity)
        self._task = asyncio.create_task(self._look(), name="storage:file")

    async def close(self) -> None:
        """End."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            there = await asyncio.to_thread(self._identity)
            if there == self._first:
                self.gone = ""
            elif not self.gone:
                self.gone = f"{self._path} is not there any more, or is another file; start again"
                log.error("%s. Nothing is taken in until then", self.gone)

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
