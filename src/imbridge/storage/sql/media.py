"""The media cache in a table."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage import json_values
from imbridge.storage.core.media import media_id, media_row
from imbridge.storage.core.work import RunStatements
from imbridge.storage.errors import StorageError
from imbridge.storage.media_cache import MediaCache
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now, in_words, is_about_all, upsert
from imbridge.storage.sql.tables import media as table


class SqlMediaCache(MediaCache):
    """Rows with an end."""

    def __init__(self, run: RunStatements, database: Database) -> None:
        """`run` has statements carried out by the writer."""
        self._run = run
        self._database = database

    async def put(  # noqa: D102 - inherited
        self, account: str, kind: str, content: str, value: Any, *, seconds: float
    ) -> None:
        row = media_row(account, kind, content, value)

        async def save(connection: AsyncConnection) -> None:
            until = float(await connection.scalar(select(db_now())) or 0.0) + seconds
            await connection.execute(
                upsert(connection.dialect.name, table, ("value", "expires_at")), [{**row, "expires_at": until}]
            )

        await self._run(save)

    async def get(self, account: str, kind: str, content: str) -> Any:  # noqa: D102 - inherited
        query = select(table.c.value).where(
            table.c.id == media_id(account, kind, content), table.c.expires_at > db_now()
        )
        try:
            async with self._database.reading() as connection:
                value = await connection.scalar(query)
        except (SQLAlchemyError, OSError, TimeoutError, RuntimeError) as error:
            raise StorageError(
                f"the media cache could not be read: {in_words(error)}", passing=is_about_all(error)
            ) from error
        return None if value is None else json_values.read(value)

    async def drop(self, account: str, kind: str, content: str) -> None:  # noqa: D102 - inherited
        statement = delete(table).where(table.c.id == media_id(account, kind, content))
        await self._run(lambda connection: connection.execute(statement))
