"""Reading sessions from a table."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from imbridge.storage.core.sessions import SessionReader
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.file import read_sessions
from imbridge.storage.sql.tables import sessions


class SqlSessionReader(SessionReader):
    """On a file in a thread of its own."""

    def __init__(self, database: Database) -> None:
        """Nothing is read yet."""
        super().__init__()
        self._database = database
        self._file = database.file_thread()

    async def close(self) -> None:  # noqa: D102 - inherited
        await super().close()
        if self._file is not None:
            await self._file.close()

    async def _found(self, ids: Sequence[str]) -> Mapping[str, str]:
        if self._file is not None:
            self._database.engine  # noqa: B018 - it is open
            async with self._database.told("read"), asyncio.timeout(self._database.patience):
                return await self._file.run(_read_from_file, ids)
        async with self._database.reading() as connection:
            rows = await connection.execute(select(sessions.c.id, sessions.c.state).where(sessions.c.id.in_(ids)))
            return {row.id: row.state for row in rows}


def _read_from_file(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, str]:
    return read_sessions(connection.cursor(), ids)
