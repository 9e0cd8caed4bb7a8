"""Leases in a table."""

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.ids import plain
from imbridge.storage.core.leases import DatabaseLeases, lease_id
from imbridge.storage.leases import Lease
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.tables import leases as table


class SqlLeases(DatabaseLeases):
    """Rows."""

    async def _claim(self, lane: str, seconds: float, connection: AsyncConnection) -> Lease | None:
        one = lease_id(lane)
        query = select(table.c.holder, table.c.fence, (table.c.until > db_now()).label("lives")).where(
            table.c.id == one
        )
        locked = query if connection.dialect.name == "sqlite" else query.with_for_update()
        held = (await connection.execute(locked)).one_or_none()
        mine = {"holder": self._nodes.id, "until": db_now() + seconds}
        if held is None:  # two who do this at once meet at the primary key
            await connection.execute(insert(table).values(id=one, lane=plain(lane, 512), fence=1, **mine))
            return Lease(lane, 1)
        others = held.lives and held.holder != self._nodes.id
        if others and held.holder in await self._nodes.alive(connection):
            return None
        await connection.execute(update(table).where(table.c.id == one).values(fence=held.fence + 1, **mine))
        return Lease(lane, held.fence + 1)

    async def _until(self, lease: Lease, seconds: float, connection: AsyncConnection) -> bool:
        ours = table.c.id == lease_id(lease.lane), table.c.fence == lease.fence, table.c.holder == self._nodes.id
        changed = update(table).where(*ours).values(until=db_now() + seconds)
        return bool((await connection.execute(changed)).rowcount)
