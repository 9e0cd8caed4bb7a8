"""What is old in the tables."""

from collections.abc import Iterable, Iterator
from functools import partial

from sqlalchemy import ColumnElement, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.cleaner import Cleaner
from imbridge.storage.core.work import Statements
from imbridge.storage.sql import tables
from imbridge.storage.sql.dialect import db_now

_DAY = 86_400.0
_CLOCKS = 3600.0
"""Seconds by which a process's clock may be wrong: notes say by it when they end."""


class SqlCleaner(Cleaner):
    """Deletes rows."""

    def _batches(self) -> Iterable[Statements]:
        return (partial(self._batch, table, old) for table, old in self._old())

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
