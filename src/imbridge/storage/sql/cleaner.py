"""Deleting what is old, a few rows at a time, between the transactions of those who work."""

import asyncio
import logging
from collections.abc import Iterator
from functools import partial

from sqlalchemy import ColumnElement, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.protocol import ImbridgeError
from imbridge.storage.core.work import RunStatements
from imbridge.storage.retention import Retention
from imbridge.storage.sql import tables
from imbridge.storage.sql.dialect import db_now

log = logging.getLogger(__name__)

_DAY = 86_400.0
_CLOCKS = 3600.0
"""Seconds by which a process's clock may be wrong: notes say by it when they end."""


class Cleaner:
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
        for table, old in self._old():
            while True:
                deleted: int = await self._run(partial(self._batch, table, old))
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

    def _old(self) -> Iterator[tuple[Table, ColumnElement[bool]]]:
        keep = self._retention
        yield tables.dedup, tables.dedup.c.expires_at < db_now()
        yield tables.media, tables.media.c.expires_at < db_now()
        yield tables.tokens, tables.tokens.c.expires_at < db_now()
        yield tables.notes, tables.notes.c.expires_at < db_now() - _CLOCKS
        # A number that begins again would be that of an old lease: those who may still have one are long gone by then.
        yield tables.leases, tables.leases.c.until < db_now() - _DAY
        yield tables.nodes, tables.nodes.c.until < db_now() - _DAY
        if keep.log is not None:
            yield tables.log, tables.log.c.at < db_now() - keep.log
        if keep.sessions is not None:
            yield tables.sessions, tables.sessions.c.used_at < db_now() - keep.sessions
        if keep.dead is not None:
            for box in (tables.inbox, tables.outbox):
                yield box, (box.c.state == "dead") & (box.c.changed_at < db_now() - keep.dead)

    async def _batch(self, table: Table, old: ColumnElement[bool], connection: AsyncConnection) -> int:
        key = next(iter(table.primary_key))
        ids = list(await connection.scalars(select(key).where(old).limit(self._retention.batch)))
        if ids:
            await connection.execute(delete(table).where(key.in_(ids), old))
        return len(ids)
