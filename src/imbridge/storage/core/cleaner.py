"""Deleting what is old, a few rows at a time, between the transactions of those who work."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable

from imbridge.protocol import ImbridgeError
from imbridge.storage.core.work import RunStatements, Statements
from imbridge.storage.retention import Retention

log = logging.getLogger(__name__)


class Cleaner(ABC):
    """Cleans in the background from `start()` to `close()`."""

    def __init__(self, run: RunStatements, retention: Retention) -> None:
        """`run` has statements carried out by the writer, so that a batch waits for its turn as everything does."""
        self._run = run
        self._retention = retention
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._keep_cleaning(), name="storage:cleaner")

    async def close(self) -> None:
        """End; what is not cleaned is cleaned another time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def clean(self) -> int:
        """Delete all that is old; how many rows."""
        total = 0
        for batch in self._batches():
            while True:
                deleted: int = await self._run(batch)
                total += deleted
                if deleted < self._retention.batch:
                    break
        return total

    async def _keep_cleaning(self) -> None:
        while True:
            await asyncio.sleep(self._retention.every)
            try:
                deleted = await self.clean()
            except ImbridgeError as error:
                log.warning("the storage could not be cleaned (%s); trying again in %g s", error, self._retention.every)
            else:
                if deleted:
                    log.debug("%d old rows were deleted", deleted)

    @abstractmethod
    def _batches(self) -> Iterable[Statements]:
        """One for each kind of what is old: deletes a batch of it, and says how many rows that were."""
