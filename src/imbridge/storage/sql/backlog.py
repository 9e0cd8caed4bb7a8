"""Looking at entries, and giving dead ones another life."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic_core import from_json
from sqlalchemy import ColumnElement, RowMapping, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.base import InboxEntry
from imbridge.storage.core.history import with_event
from imbridge.storage.core.ids import plain
from imbridge.storage.core.plan import OPEN
from imbridge.storage.core.portions import portions
from imbridge.storage.core.rows import Rows
from imbridge.storage.durable import Box, EntryState, Kept, Sought
from imbridge.storage.sql import tables
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.nodes import Nodes
from imbridge.storage.sql.recovery import RETRIED

TABLES: dict[Box, Table] = {Box.INBOX: tables.inbox, Box.OUTBOX: tables.outbox}
_PAGE = 20
"""Entries that are read at once: each may hold some megabytes."""
_SHOWN = 200
"""Characters of what an entry says."""


async def kept(
    database: Database,
    nodes: Nodes,
    rows: Rows,
    box: Box,
    state: EntryState,
    *,
    after: Kept | None,
    limit: int,
    sought: Sought,
) -> list[Kept]:
    """Entries, oldest first."""
    table = TABLES[box]
    query = select(table).where(*_wanted(table, state, sought)).order_by(table.c.seq).limit(min(limit, _PAGE))
    part = sought.get("text", "").casefold()
    found: list[Kept] = []
    last = 0 if after is None else after.number
    async with database.reading() as connection:
        alive = await nodes.alive(connection)
        while len(found) < limit:
            page = (await connection.execute(query.where(table.c.seq > last))).mappings().all()
            for row in page:
                last = row["seq"]
                text = rows.text_of(box.value, row)
                if part in text.casefold() and len(found) < limit:
                    found.append(_kept(row, box, state, text, in_hand=row["node"] in alive))
            if len(page) < min(limit, _PAGE):
                break
    return found


def _kept(row: RowMapping, box: Box, state: EntryState, text: str, *, in_hand: bool) -> Kept:
    return Kept(
        uid=row["uid"],
        box=box,
        state=state,
        account=row["account"],
        lane=row["lane"],
        text=text[:_SHOWN],
        attempts=row["attempts"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        started_at=row["started_at"],
        not_before=row.get("not_before"),
        in_hand=in_hand,
        history=tuple(from_json(row["history"])),
        number=row["seq"],
    )


async def count(database: Database, rows: Rows, box: Box, state: EntryState, sought: Sought) -> int:
    """How many there are. What they say is read only where it matters."""
    table = TABLES[box]
    wanted = _wanted(table, state, sought)
    part = sought.get("text", "").casefold()
    async with database.reading() as connection:
        if not part:
            return int(await connection.scalar(select(func.count()).where(*wanted)) or 0)
        total = last = 0
        query = select(table).where(*wanted).order_by(table.c.seq).limit(_PAGE)
        while page := (await connection.execute(query.where(table.c.seq > last))).mappings().all():
            total += sum(part in rows.text_of(box.value, row).casefold() for row in page)
            last = page[-1]["seq"]
    return total


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


async def retry(
    connection: AsyncConnection, nodes: Nodes, box: Box, uids: Sequence[int], state: EntryState
) -> list[int]:
    """Entries are pending again, nobody's yet, as if they had never been tried."""
    table = TABLES[box]
    now = float(await connection.scalar(select(db_now())) or 0.0)
    fresh: dict[str, Any] = {
        "state": EntryState.PENDING.value,
        "node": None,
        "attempts": 0,
        "started_at": None,
        "changed_at": now,
    }
    if box is Box.OUTBOX:
        fresh["not_before"] = None
    done = []
    for row in await _free(connection, nodes, table, uids, state):
        history = with_event(row["history"], at=now, what=RETRIED, why="somebody asked for it")
        values = {**fresh, "history": history}
        await connection.execute(update(table).where(table.c.uid == row["uid"]).values(values))
        done.append(row["uid"])
    return done


async def drop(
    connection: AsyncConnection, nodes: Nodes, box: Box, uids: Sequence[int], state: EntryState, *, in_hand: bool
) -> list[int]:
    """Entries are forgotten. Their dedup keys stay for their time."""
    table = TABLES[box]
    done = [row["uid"] for row in await _free(connection, nodes, table, uids, state, in_hand=in_hand)]
    for some in portions(done):
        await connection.execute(delete(table).where(table.c.uid.in_(some)))
    return done


async def _free(
    connection: AsyncConnection,
    nodes: Nodes,
    table: Table,
    uids: Sequence[int],
    state: EntryState,
    *,
    in_hand: bool = False,
) -> list[RowMapping]:
    """Entries that no living process has, kept from being taken over until the transaction ends."""
    lock = connection.dialect.name != "sqlite"
    alive = await nodes.alive(connection, lock=lock and state is EntryState.PENDING)
    found: list[RowMapping] = []
    for some in portions(uids):
        these = table.c.uid.in_(some), _is(table, state)
        query = select(table.c.uid, table.c.node, table.c.history).where(*these).order_by(table.c.seq)
        found += (await connection.execute(query.with_for_update() if lock else query)).mappings().all()
    return [row for row in found if in_hand or row["node"] not in alive]


async def mark(
    connection: AsyncConnection,
    box: Box,
    uid: int,
    node: int,
    *,
    what: str,
    why: str,
    not_before: float | None = None,
    head: str | None = None,
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
    if head is not None:
        values["head"] = head
    return bool((await connection.execute(update(table).where(*ours).values(values))).rowcount)


async def of_lane(
    connection: AsyncConnection, node: int, lane: str, limit: int, read: Callable[[RowMapping], InboxEntry]
) -> list[InboxEntry]:
    """What waits in a conversation, oldest first; it is this process's from now on."""
    table = tables.inbox
    query = (
        select(table)
        .where(table.c.state.in_(OPEN), table.c.lane == plain(lane, 512))
        .order_by(table.c.seq)
        .limit(limit)
    )
    rows = (await connection.execute(query)).mappings().all()
    entries = [entry for entry in map(read, rows) if entry.lane == lane]
    uids = [entry.uid for entry in entries]
    if uids:
        ours = {"node": node, "state": EntryState.PENDING.value}
        await connection.execute(update(table).where(table.c.uid.in_(uids)).values(**ours))
    return entries
