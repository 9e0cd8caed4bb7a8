"""Notes in a table."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.notebook import Notebook
from imbridge.storage.core.portions import portions
from imbridge.storage.core.work import ReadRow, Row
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import upsert
from imbridge.storage.sql.tables import notes as table

_CHANGED = ("encrypted", "value", "node", "expires_at")


class SqlNotebook(Notebook[Database]):
    """Rows, sealed."""

    async def _rows(self, accounts: Collection[str] | None, kind: str | None = None) -> Sequence[ReadRow]:
        query = select(table)
        if accounts is not None:
            query = query.where(table.c.account.in_(accounts))
        if kind is not None:
            query = query.where(table.c.kind == kind)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().all()

    async def _owners(self, account: str, kind: str) -> tuple[Mapping[int, float | None], Iterable[tuple[str, int]]]:
        query = select(table.c.id, table.c.node).where(table.c.account == account, table.c.kind == kind)
        async with self._database.reading() as connection:
            alive = await self._nodes.alive(connection)
            return alive, [(one, node) for one, node in await connection.execute(query)]

    async def _save(self, connection: AsyncConnection, rows: Sequence[Row]) -> None:
        await connection.execute(upsert(connection.dialect.name, table, _CHANGED), rows)

    async def _forget(self, connection: AsyncConnection, ids: Sequence[str]) -> None:
        for some in portions(ids):
            await connection.execute(delete(table).where(table.c.id.in_(some)))
