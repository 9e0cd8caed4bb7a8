"""Finding what processes that are gone left unfinished, in tables."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Table, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.ids import plain
from imbridge.storage.core.plan import OPEN
from imbridge.storage.core.portions import portions
from imbridge.storage.core.recovery import Judged, Recovery
from imbridge.storage.core.work import ReadRow
from imbridge.storage.durable import Box
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.tables import BOXES


class SqlRecovery(Recovery[Database]):
    """Reads and changes rows of the boxes."""

    async def _unclear(self, box: Box, accounts: Collection[str] | None) -> dict[int, float]:
        table = BOXES[box]
        async with self._database.reading() as connection:
            alive = await self._nodes.alive(connection)
            unseen = {node: until for node, until in alive.items() if until is not None}
            if not unseen:
                return {}
            held = *_pending(table, accounts), table.c.node.in_(unseen)
            query = select(table.c.node).where(*held).distinct()
            return {node: unseen[node] for node in await connection.scalars(query)}

    async def finds(self, box: Box, accounts: Collection[str] | None) -> bool:  # noqa: D102 - inherited
        table = BOXES[box]
        async with self._database.reading() as connection:
            left = _left(table, accounts, await self._nodes.alive(connection))
            return await connection.scalar(select(table.c.seq).where(*left).limit(1)) is not None

    async def unclaimed(self, accounts: Collection[str]) -> dict[str, int]:  # noqa: D102 - inherited
        found: Counter[str] = Counter()
        others = {plain(account, 255) for account in accounts}
        async with self._database.reading() as connection:
            alive = await self._nodes.alive(connection)
            for table in BOXES.values():
                left = *_left(table, None, alive), table.c.account.not_in(others)
                query = select(table.c.account, func.count()).where(*left).group_by(table.c.account)
                found.update({row[0]: row[1] for row in await connection.execute(query)})
        return dict(found)

    async def _left(
        self, connection: AsyncConnection, box: Box, accounts: Collection[str] | None, alive: Collection[int]
    ) -> Sequence[ReadRow]:
        table = BOXES[box]
        query = select(table).where(*_left(table, accounts, alive)).order_by(table.c.seq)
        return (await connection.execute(query)).mappings().all()

    async def _now(self, connection: AsyncConnection) -> float:
        return float(await connection.scalar(select(db_now())) or 0.0)

    async def _under_way(self, connection: AsyncConnection, box: Box, nodes: Collection[int]) -> Mapping[int, int]:
        table = BOXES[box]
        begun = *_pending(table, None), table.c.started_at.is_not(None), table.c.node.in_(nodes)
        query = select(table.c.node, func.count()).where(*begun).group_by(table.c.node)
        return {row[0]: row[1] for row in await connection.execute(query)}

    async def _keep(self, connection: AsyncConnection, box: Box, uids: Sequence[int]) -> None:
        table = BOXES[box]
        for some in portions(uids):
            ours = {"node": self._nodes.id, "state": "pending"}
            await connection.execute(update(table).where(table.c.uid.in_(some)).values(**ours))

    async def _write(self, connection: AsyncConnection, box: Box, judged: Sequence[Judged], now: float) -> None:
        table = BOXES[box]
        changed = (
            update(table)
            .where(table.c.uid == bindparam("of_uid"))
            .values(
                state=bindparam("to_state"),
                node=bindparam("to_node"),
                history=bindparam("to_history"),
                started_at=None,
                changed_at=now,
            )
        )
        rows = [
            {
                "of_uid": one.uid,
                "to_state": "dead" if one.dead else "pending",
                "to_node": None if one.dead else self._nodes.id,
                "to_history": one.history,
            }
            for one in judged
        ]
        await connection.execute(changed, rows)


def _left(table: Table, accounts: Collection[str] | None, alive: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    """What tells an entry that nobody works on from the others."""
    return *_pending(table, accounts), table.c.node.is_(None) | table.c.node.not_in(list(alive))


def _pending(table: Table, accounts: Collection[str] | None) -> tuple[ColumnElement[bool], ...]:
    """What waits or is worked on, of these accounts; None: of all."""
    if accounts is None:
        return (table.c.state.in_(OPEN),)
    return table.c.state.in_(OPEN), table.c.account.in_({plain(account, 255) for account in accounts})
