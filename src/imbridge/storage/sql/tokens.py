"""Tokens in a table."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.ids import plain
from imbridge.storage.core.tokens import DatabaseTokens, token_id
from imbridge.storage.errors import StorageError
from imbridge.storage.sql import tables
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now, upsert
from imbridge.storage.sql.tables import tokens as table

_CHANGED = ("encrypted", "value", "expires_at", "changed_at")


class SqlTokens(DatabaseTokens[Database]):
    """Rows with an end, sealed."""

    async def put(  # noqa: D102 - inherited
        self, account: str, kind: str, name: str, value: Any, *, expires_at: float | None = None
    ) -> None:
        one = token_id(account, kind, name)
        row = self._sealing.row(one, account, kind, name, value, expires_at=expires_at)

        async def save(connection: AsyncConnection) -> None:
            now = await connection.scalar(select(db_now()))
            await connection.execute(upsert(connection.dialect.name, table, _CHANGED), [{**row, "changed_at": now}])

        await self._run(save)

    async def get(self, account: str, kind: str, name: str) -> Any:  # noqa: D102 - inherited
        one = token_id(account, kind, name)
        query = select(table.c.encrypted, table.c.value).where(table.c.id == one, *_lives())
        row = next(iter(await self._read(query)), None)
        return None if row is None else self._sealing.open(one, row.encrypted, row.value)["value"]

    async def drop(self, account: str, kind: str, name: str) -> None:  # noqa: D102 - inherited
        statement = delete(table).where(table.c.id == token_id(account, kind, name))
        await self._run(lambda connection: connection.execute(statement))

    async def names(self, account: str, kind: str) -> list[str]:  # noqa: D102 - inherited
        query = (
            select(table.c.id, table.c.encrypted, table.c.value)
            .where(table.c.account == plain(account, 255), table.c.kind == plain(kind, 255), *_lives())
            .order_by(table.c.name)
        )
        return [str(self._sealing.open(row.id, row.encrypted, row.value)["name"]) for row in await self._read(query)]

    async def _read(self, query: Select[Any]) -> Sequence[Row[Any]]:
        try:
            async with self._database.reading() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
                return rows
        except RuntimeError as error:
            raise StorageError(f"a token could not be read: {error}") from error

    async def rotate(self) -> int:  # noqa: D102 - inherited
        if not self._sealing.encrypts:
            raise StorageError("there is no key to encrypt with; configure one")

        async def rewrite(connection: AsyncConnection) -> int:
            count = 0
            for kept in (table, tables.notes):
                rows = (await connection.execute(select(kept.c.id, kept.c.encrypted, kept.c.value))).all()
                count += len(rows)
                for row in rows:
                    value = self._sealing.again(row.id, row.encrypted, row.value)
                    await connection.execute(update(kept).where(kept.c.id == row.id).values(value=value, encrypted=1))
            return count

        count: int = await self._run(rewrite)
        return count


def _lives() -> tuple[Any, ...]:
    return (table.c.expires_at.is_(None) | (table.c.expires_at > db_now()),)
