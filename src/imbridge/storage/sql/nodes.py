"""The processes that share a database, in a table."""

from collections.abc import Awaitable, Callable, Iterable

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.nodes import MUTEX, Neighbour, Nodes, ResultT
from imbridge.storage.core.processes import identity
from imbridge.storage.sql import tables
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now, upsert

_table = tables.nodes


class SqlNodes(Nodes):
    """Rows with an end."""

    def __init__(self, database: Database, *, lease: float, shared: bool = False) -> None:
        """It is among them from `join()` on."""
        super().__init__(lease=lease, shared=shared)
        self._database = database
        self._alone = upsert(database.dialect, tables.leases, ("holder", "until"))

    async def _change(self, work: Callable[[AsyncConnection], Awaitable[ResultT]]) -> ResultT:
        async with self._database.changing() as connection:
            return await work(connection)

    async def _enter(self, connection: AsyncConnection, node: int) -> None:
        host, process = identity()
        until = db_now() + self.lease
        await connection.execute(insert(_table).values(id=node, host=host, process=process, commits=0, until=until))

    async def _renew(self, connection: AsyncConnection, node: int) -> bool:
        renewed = update(_table).where(_table.c.id == node).values(until=db_now() + self.lease)
        return bool((await connection.execute(renewed)).rowcount)

    async def _remove(self, connection: AsyncConnection, node: int) -> bool:
        return bool((await connection.execute(delete(_table).where(_table.c.id == node))).rowcount)

    async def _remove_silent(self, connection: AsyncConnection, node: int) -> bool:
        if connection.dialect.name != "sqlite":
            # One that stands still in the middle of a transaction holds its row until the server ends that.
            query = select(_table.c.id).where(_table.c.id == node).with_for_update(skip_locked=True)
            if await connection.scalar(query) is None:
                return False
        done = await connection.execute(delete(_table).where(_table.c.id == node, _table.c.until <= db_now()))
        return bool(done.rowcount)

    async def _count(self, connection: AsyncConnection) -> int:
        living = select(func.count()).select_from(_table).where(_table.c.id != self.id, _table.c.until > db_now())
        return int(await connection.scalar(living) or 0)

    async def _all(self, connection: AsyncConnection) -> Iterable[Neighbour]:
        lives = (_table.c.until > db_now()).label("lives")
        query = select(_table.c.id, _table.c.host, _table.c.process, _table.c.until, lives).order_by(_table.c.id)
        return [Neighbour(*row) for row in await connection.execute(query)]

    async def _hold(self, connection: AsyncConnection) -> None:
        held = {"id": MUTEX, "lane": "", "holder": self.id, "fence": 0, "until": 0.0}
        await connection.execute(self._alone, held)

    async def undo_starts(self, connection: AsyncConnection, node: int) -> None:  # noqa: D102 - inherited
        for box in (tables.inbox, tables.outbox):
            begun = box.c.node == node, box.c.started_at.is_not(None), box.c.attempts > 0
            await connection.execute(update(box).where(*begun).values(started_at=None, attempts=box.c.attempts - 1))
