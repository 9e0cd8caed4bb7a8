"""Leases in a table."""

from functools import partial
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.ids import plain
from imbridge.storage.core.leases import lease_id
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.work import RunStatements
from imbridge.storage.leases import Lease, Leases
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.tables import leases as table


class SqlLeases(Leases):
    """Every claim is part of the writer's next transaction."""

    def __init__(self, run: RunStatements, nodes: Nodes) -> None:
        """`run` has statements carried out by the writer."""
        self._run = run
        self._nodes = nodes

    async def claim(self, lane: str, *, seconds: float) -> Lease | None:  # noqa: D102 - inherited
        taken: Lease | None = await self._run(partial(self._claim, lane, seconds))
        return taken

    async def renew(self, lease: Lease, *, seconds: float) -> bool:  # noqa: D102 - inherited
        return await self._changed(lease, db_now() + seconds)

    async def release(self, lease: Lease) -> bool:  # noqa: D102 - inherited
        return await self._changed(lease, db_now())  # not 0: the row has to stay, with its number

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

    async def _changed(self, lease: Lease, until: Any) -> bool:
        ours = table.c.id == lease_id(lease.lane), table.c.fence == lease.fence, table.c.holder == self._nodes.id
        statement = update(table).where(*ours).values(until=until)

        async def change(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(statement)).rowcount)

        done: bool = await self._run(change)
        return done
