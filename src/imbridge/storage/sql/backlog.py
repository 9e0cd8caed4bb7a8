"""Looking at entries in tables, and changing them."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.backlog import Backlog
from imbridge.storage.core.ids import plain
from imbridge.storage.core.plan import OPEN
from imbridge.storage.core.portions import portions
from imbridge.storage.core.work import ReadRow
from imbridge.storage.durable import Box, EntryState, Sought
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.tables import BOXES


class SqlBacklog(Backlog[Database]):
    """Rows of the boxes."""

    @property
    def _locks(self) -> bool:
        return self._database.dialect != "sqlite"

    def _reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._database.reading()

    async def _page(
        self, connection: AsyncConnection, box: Box, state: EntryState, sought: Sought, last: int, size: int
    ) -> Sequence[ReadRow]:
        table = BOXES[box]
        query = select(table).where(*_wanted(table, state, sought), table.c.seq > last)
        return (await connection.execute(query.order_by(table.c.seq).limit(size))).mappings().all()

    async def _count(self, connection: AsyncConnection, box: Box, state: EntryState, sought: Sought) -> int:
        wanted = _wanted(BOXES[box], state, sought)
        return int(await connection.scalar(select(func.count()).where(*wanted)) or 0)

    async def _now(self, connection: AsyncConnection) -> float:
        return float(await connection.scalar(select(db_now())) or 0.0)

    async def _hold(
        self, connection: AsyncConnection, box: Box, uids: Sequence[int], state: EntryState
    ) -> Sequence[ReadRow]:
        table = BOXES[box]
        found: list[RowMapping] = []
        for some in portions(uids):
            these = table.c.uid.in_(some), _is(table, state)
            query = select(table.c.uid, table.c.node, table.c.history).where(*these).order_by(table.c.seq)
            locked = query.with_for_update() if self._locks else query
            found += (await connection.execute(locked)).mappings().all()
        return found

    async def _history(self, connection: AsyncConnection, box: Box, uid: int, node: int) -> str | None:
        table = BOXES[box]
        history: str | None = await connection.scalar(select(table.c.history).where(*_ours(table, uid, node)))
        return history

    async def _change(
        self, connection: AsyncConnection, box: Box, uid: int, values: dict[str, Any], *, node: int | None = None
    ) -> bool:
        table = BOXES[box]
        this = (table.c.uid == uid,) if node is None else _ours(table, uid, node)
        return bool((await connection.execute(update(table).where(*this).values(values))).rowcount)

    async def _delete(self, connection: AsyncConnection, box: Box, uids: Sequence[int]) -> None:
        table = BOXES[box]
        for some in portions(uids):
            await connection.execute(delete(table).where(table.c.uid.in_(some)))

    async def _of_lane(self, connection: AsyncConnection, lane: str, limit: int) -> Sequence[ReadRow]:
        table = BOXES[Box.INBOX]
        query = select(table).where(table.c.state.in_(OPEN), table.c.lane == plain(lane, 512))
        return (await connection.execute(query.order_by(table.c.seq).limit(limit))).mappings().all()

    async def _take(self, connection: AsyncConnection, uids: Sequence[int], node: int) -> None:
        table = BOXES[Box.INBOX]
        ours = {"node": node, "state": EntryState.PENDING.value}
        await connection.execute(update(table).where(table.c.uid.in_(uids)).values(**ours))


def _ours(table: Table, uid: int, node: int) -> tuple[ColumnElement[bool], ...]:
    return table.c.uid == uid, table.c.node == node, table.c.state == EntryState.PENDING.value


def _wanted(table: Table, state: EntryState, sought: Sought) -> list[ColumnElement[bool]]:
    wanted = [_is(table, state)]
    if "uids" in sought:
        wanted.append(table.c.uid.in_(sought["uids"]))
    if "account" in sought:
        wanted.append(table.c.account == plain(sought["account"], 255))
    if "lane" in sought:
        wanted.append(table.c.lane == plain(sought["lane"], 512))
    if "since" in sought:
        wanted.append(table.c.created_at >= sought["since"])
    if "until" in sought:
        wanted.append(table.c.created_at < sought["until"])
    return wanted


def _is(table: Table, state: EntryState) -> ColumnElement[bool]:
    return table.c.state.in_(OPEN) if state is EntryState.PENDING else table.c.state == state.value
