"""Reading sessions from a table."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.sessions import SessionReader, Tell
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.file import read_sessions
from imbridge.storage.sql.tables import sessions


class SqlSessionReader(SessionReader[Database]):
    """On a file in a thread of its own."""

    def __init__(self, database: Database, tell: Tell, *, noted_every: float | None) -> None:
        """Nothing is read yet."""
        super().__init__(database, tell, noted_every=noted_every)
        self._file = database.file_thread()

    async def close(self) -> None:  # noqa: D102 - inherited
        await super().close()
        if self._file is not None:
            await self._file.close()

    async def _found(self, ids: Sequence[str]) -> Mapping[str, tuple[str, float]]:
        if self._file is not None:
            self._database.engine  # noqa: B018 - it is open
            async with self._database.told("read"), asyncio.timeout(self._database.patience):
                return await self._file.run(_read_from_file, ids)
        async with self._database.reading() as connection:
            query = select(sessions.c.id, sessions.c.state, sessions.c.used_at).where(sessions.c.id.in_(ids))
            return {row.id: (row.state, row.used_at) for row in await connection.execute(query)}

    async def _note_use(self, connection: AsyncConnection, ids: Sequence[str]) -> None:
        await connection.execute(update(sessions).where(sessions.c.id.in_(sorted(ids))).values(used_at=db_now()))


def _read_from_file(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, tuple[str, float]]:
    return read_sessions(connection.cursor(), ids)
