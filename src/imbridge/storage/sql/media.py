"""The media cache in a table."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.media import DatabaseMediaCache
from imbridge.storage.core.work import Row
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now, upsert
from imbridge.storage.sql.tables import media as table


class SqlMediaCache(DatabaseMediaCache[Database]):
    """Rows."""

    async def _save(self, row: Row, seconds: float, connection: AsyncConnection) -> None:
        until = float(await connection.scalar(select(db_now())) or 0.0) + seconds
        statement = upsert(connection.dialect.name, table, ("value", "expires_at"))
        await connection.execute(statement, [{**row, "expires_at": until}])

    async def _value(self, one: str) -> str | None:
        async with self._database.reading() as connection:
            value: str | None = await connection.scalar(
                select(table.c.value).where(table.c.id == one, table.c.expires_at > db_now())
            )
        return value

    async def _forget(self, one: str, connection: AsyncConnection) -> None:
        await connection.execute(delete(table).where(table.c.id == one))
