"""Looking at entries, and giving dead ones another life."""

from collections.abc import Callable
from typing import Any

from pydantic_core import from_json
from sqlalchemy import RowMapping, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.base import InboxEntry
from imbridge.storage.durable import Box, EntryState, Kept
from imbridge.storage.sql import tables
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.ids import plain
from imbridge.storage.sql.recovery import with_event
from imbridge.storage.sql.rows import Rows

TABLES: dict[Box, Table] = {Box.INBOX: tables.inbox, Box.OUTBOX: tables.outbox}


async def kept(
    database: Database, rows: Rows, box: Box, state: EntryState, *, lane: str | None, after: int, limit: int
) -> list[Kept]:
    """Entries, oldest first."""
    table = TABLES[box]
    query = select(table).where(table.c.state == state.value).order_by(table.c.seq).limit(limit)
    if lane is not None:
        query = query.where(table.c.lane == lane)
    if after:
        query = query.where(table.c.seq > select(table.c.seq).where(table.c.uid == after).scalar_subquery())
    async with database.reading() as connection:
        found = (await connection.execute(query)).mappings().all()
    return [
        Kept(
            uid=row["uid"],
            box=box,
            state=state,
            account=row["account"],
            lane=row["lane"],
            text=rows.text_of(box.value, row),
            attempts=row["attempts"],
            created_at=row["created_at"],
            changed_at=row["changed_at"],
            not_before=row.get("not_before"),
            history=tuple(from_json(row["history"])),
        )
        for row in found
    ]


async def retry(connection: AsyncConnection, box: Box, uid: int) -> bool:
    """A dead entry is pending again, nobody's yet, as if it had never been tried."""
    table = TABLES[box]
    dead = table.c.uid == uid, table.c.state == EntryState.DEAD.value
    history: Any = await connection.scalar(select(table.c.history).where(*dead))
    if history is None:
        return False
    now = float(await connection.scalar(select(db_now())) or 0.0)
    values: dict[str, Any] = {
        "state": EntryState.PENDING.value,
        "node": None,
        "attempts": 0,
        "started_at": None,
        "changed_at": now,
        "history": with_event(history, at=now, what="retried", why="somebody asked for it"),
    }
    if box is Box.OUTBOX:
        values["not_before"] = None
    return bool((await connection.execute(update(table).where(*dead).values(values))).rowcount)


async def mark(
    connection: AsyncConnection, box: Box, uid: int, node: int, *, what: str, why: str, not_before: float | None = None
) -> bool:
    """An entry of ours is dead, or put off, with a line in its history. False when it is not ours."""
    table = TABLES[box]
    ours = table.c.uid == uid, table.c.node == node, table.c.state == EntryState.PENDING.value
    history: Any = await connection.scalar(select(table.c.history).where(*ours))
    if history is None:
        return False
    now = float(await connection.scalar(select(db_now())) or 0.0)
    values: dict[str, Any] = {
        "started_at": None,
        "changed_at": now,
        "history": with_event(history, at=now, what=what, why=why),
    }
    if what == EntryState.DEAD.value:
        values |= {"state": what, "node": None}
    if not_before is not None:
        values["not_before"] = not_before
    return bool((await connection.execute(update(table).where(*ours).values(values))).rowcount)


async def of_lane(
    connection: AsyncConnection, node: int, lane: str, limit: int, read: Callable[[RowMapping], InboxEntry]
) -> list[InboxEntry]:
    """What waits in a conversation, oldest first; it is this process's from now on."""
    table = tables.inbox
    query = (
        select(table)
        .where(table.c.state == EntryState.PENDING.value, table.c.lane == plain(lane, 512))
        .order_by(table.c.seq)
        .limit(limit)
    )
    rows = (await connection.execute(query)).mappings().all()
    entries = [entry for entry in map(read, rows) if entry.lane == lane]
    uids = [entry.uid for entry in entries]
    if uids:
        await connection.execute(update(table).where(table.c.uid.in_(uids)).values(node=node))
    return entries


async def drop(connection: AsyncConnection, box: Box, uid: int) -> bool:
    """A dead entry is forgotten. Its dedup keys stay for their time."""
    table = TABLES[box]
    dead = table.c.uid == uid, table.c.state == EntryState.DEAD.value
    return bool((await connection.execute(delete(table).where(*dead))).rowcount)
