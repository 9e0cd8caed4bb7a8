"""Which chats are this process's, in tables."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.base import InboxEntry
from imbridge.storage.core.ids import plain
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.plan import HANDED
from imbridge.storage.core.shares import WHILE_IT_LIVES, Holding, Shares
from imbridge.storage.core.work import ReadRow
from imbridge.storage.sql import tables
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now

_table, _inbox = tables.leases, tables.inbox


class SqlShares(Shares):
    """Rows of the leases; what is handed over is a row of the inbox."""

    def __init__(self, nodes: Nodes, database: Database, read: Callable[[ReadRow], InboxEntry]) -> None:
        """`read` makes an entry of a row."""
        super().__init__(nodes, read)
        self._database = database
        self._locks = database.dialect != "sqlite"

    async def waits(self) -> bool:  # noqa: D102 - inherited
        async with self._database.reading() as connection:
            return await connection.scalar(select(_inbox.c.seq).where(*self._handed_to_us()).limit(1)) is not None

    def _handed_to_us(self) -> tuple[ColumnElement[bool], ...]:
        return _inbox.c.state == HANDED, _inbox.c.node == self._nodes.id

    async def _holdings(self, connection: AsyncConnection, leases: Sequence[str]) -> Iterable[Holding]:
        lives = (_table.c.until > db_now()).label("lives")
        query = select(_table.c.id, _table.c.holder, _table.c.fence, lives).where(_table.c.id.in_(leases))
        query = query.order_by(_table.c.id)
        rows = await connection.execute(query.with_for_update() if self._locks else query)
        return [Holding(*row) for row in rows]

    async def _claim_new(self, connection: AsyncConnection, lanes: Mapping[str, str], node: int) -> None:
        rows = [{"id": one, "lane": lane, "fence": 1} for one, lane in lanes.items()]
        mine = {"holder": node, "until": db_now() + WHILE_IT_LIVES}
        await connection.execute(insert(_table).values(**mine), rows)

    async def _claim_old(self, connection: AsyncConnection, leases: Sequence[str], node: int) -> None:
        mine = {"holder": node, "until": db_now() + WHILE_IT_LIVES}
        await connection.execute(update(_table).where(_table.c.id.in_(leases)).values(fence=_table.c.fence + 1, **mine))

    async def _hand(self, connection: AsyncConnection, uid: int, holder: int) -> None:
        await connection.execute(update(_inbox).where(_inbox.c.uid == uid).values(node=holder, state=HANDED))

    async def _handed(self, connection: AsyncConnection, limit: int) -> Sequence[ReadRow]:
        ours = select(_inbox).where(*self._handed_to_us()).order_by(_inbox.c.seq)
        return (await connection.execute(ours.limit(limit))).mappings().all()

    async def _pending(self, connection: AsyncConnection, uids: Collection[int]) -> Sequence[ReadRow]:
        ours = _inbox.c.uid.in_(uids), _inbox.c.node == self._nodes.id, _inbox.c.state == "pending"
        return (await connection.execute(select(_inbox).where(*ours))).mappings().all()

    async def _bury(self, connection: AsyncConnection, uid: int, history: str) -> None:
        one = update(_inbox).where(_inbox.c.uid == uid)
        await connection.execute(one.values(state="dead", node=None, history=history))

    async def _take(self, connection: AsyncConnection, uids: Sequence[int]) -> None:
        pending = update(_inbox).where(_inbox.c.uid.in_(uids), _inbox.c.state == HANDED)
        await connection.execute(pending.values(state="pending"))

    async def _hold(self, connection: AsyncConnection, leases: Sequence[str]) -> None:
        if self._locks:
            ours = _table.c.id.in_(leases), _table.c.holder == self._nodes.id
            await connection.execute(select(_table.c.id).where(*ours).order_by(_table.c.id).with_for_update())

    async def _handed_lanes(self, connection: AsyncConnection) -> Iterable[str]:
        return await connection.scalars(select(_inbox.c.lane).where(*self._handed_to_us()).distinct())

    async def _free(self, connection: AsyncConnection, leases: Sequence[str]) -> None:
        over = update(_table).where(_table.c.id.in_(leases), _table.c.holder == self._nodes.id)
        await connection.execute(over.values(until=db_now()))

    async def _lanes_left(self, connection: AsyncConnection, limit: int) -> Iterable[str]:
        left: set[str] = set()
        for box in (tables.inbox, tables.outbox):
            left.update(
                await connection.scalars(select(box.c.lane).where(box.c.node == self._nodes.id).distinct().limit(limit))
            )
        return left

    async def _free_but(self, connection: AsyncConnection, leases: Collection[str]) -> None:
        over = _table.c.holder == self._nodes.id, _table.c.until > db_now(), _table.c.id.not_in(leases)
        await connection.execute(update(_table).where(*over).values(until=db_now()))

    async def _without_holder(
        self, connection: AsyncConnection, alive: Collection[int], accounts: Collection[str] | None
    ) -> Iterable[str]:
        gone = [_table.c.holder.not_in(list(alive)), _table.c.until > db_now() + WHILE_IT_LIVES / 2]
        if accounts is not None:
            gone.append(or_(*map(_of_account, accounts)))
        query = select(_table.c.id).where(*gone).order_by(_table.c.id)
        return await connection.scalars(query.with_for_update() if self._locks else query)

    async def _move(self, connection: AsyncConnection, leases: Sequence[str]) -> None:
        moved = update(_table).where(_table.c.id.in_(leases))
        await connection.execute(moved.values(holder=self._nodes.id, fence=_table.c.fence + 1))


def _of_account(account: str) -> ColumnElement[bool]:
    name = plain(account, 255)
    return or_(_table.c.lane == name, _table.c.lane.startswith(f"{name}/", autoescape=True))
