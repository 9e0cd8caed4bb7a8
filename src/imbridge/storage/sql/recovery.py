"""Taking over what processes that are gone left unfinished."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from pydantic_core import from_json
from sqlalchemy import ColumnElement, RowMapping, Table, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.base import InboxEntry, OutboxEntry
from imbridge.storage.core.history import with_event
from imbridge.storage.core.ids import plain
from imbridge.storage.core.plan import OPEN
from imbridge.storage.core.portions import portions
from imbridge.storage.core.rows import Rows
from imbridge.storage.sql import tables
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.nodes import Nodes
from imbridge.storage.sql.shares import Shares

log = logging.getLogger(__name__)

EntryT = TypeVar("EntryT", InboxEntry, OutboxEntry)

_FURTHER = 3
"""How many more tries there are for what was never alone when its process ended."""
INTERRUPTED, RETRIED = "interrupted", "retried"
"""Of a history: its process ended while it was under way; a person gave it another life."""


class Recovery:
    """Finds entries that nobody works on, and decides which of them are worked on again."""

    def __init__(self, database: Database, nodes: Nodes, *, max_attempts: int, shares: Shares | None = None) -> None:
        """`max_attempts`: how often something may be under way, alone, when its process ends, before it is dead.

        `shares`: which chats are ours; None where all are.
        """
        self._database = database
        self._nodes = nodes
        self._max_attempts = max_attempts
        self._shares = shares

    async def wait_for_silent(self, box: Table, accounts: Collection[str] | None) -> None:
        """Wait until each process that has entries, and that we cannot see, has ended or says a word.

        That is as long as a lease at most, and nothing where all of them ran on this machine.
        """
        unclear = await self._unclear(box, accounts)
        if not unclear:
            return
        log.info("%d other processes have entries in %s; waiting to see whether they live", len(unclear), box.name)
        while unclear:
            await asyncio.sleep(min(1.0, self._nodes.lease / 6))
            now = await self._unclear(box, accounts)
            unclear = {node: until for node, until in unclear.items() if now.get(node) == until}

    async def _unclear(self, box: Table, accounts: Collection[str] | None) -> dict[int, float]:
        async with self._database.reading() as connection:
            alive = await self._nodes.alive(connection)
            unseen = {node: until for node, until in alive.items() if until is not None}
            if not unseen:
                return {}
            held = *_pending(box, accounts), box.c.node.in_(unseen)
            query = select(box.c.node).where(*held).distinct()
            return {node: unseen[node] for node in await connection.scalars(query)}

    async def finds(self, box: Table, accounts: Collection[str] | None) -> bool:
        """Whether there is something to take over; a look that holds up nobody."""
        async with self._database.reading() as connection:
            left = await self._left(connection, box, accounts)
            return await connection.scalar(select(box.c.seq).where(*left).limit(1)) is not None

    async def unclaimed(self, accounts: Collection[str]) -> dict[str, int]:
        """How many entries nobody works on, by account; without those of `accounts`."""
        found: Counter[str] = Counter()
        others = {plain(account, 255) for account in accounts}
        async with self._database.reading() as connection:
            for box in (tables.inbox, tables.outbox):
                left = *(await self._left(connection, box, None)), box.c.account.not_in(others)
                query = select(box.c.account, func.count()).where(*left).group_by(box.c.account)
                found.update({row[0]: row[1] for row in await connection.execute(query)})
        return dict(found)

    async def _left(
        self, connection: AsyncConnection, box: Table, accounts: Collection[str] | None, *, lock: bool = False
    ) -> tuple[ColumnElement[bool], ...]:
        """What tells an entry that nobody works on from the others; with `lock`, they are about to be taken over."""
        alive = list(await self._nodes.alive(connection, lock=lock))
        if lock and self._shares is not None and box is tables.inbox:
            # Before the entries are read: until then others add to what waits in these chats.
            await self._shares.inherit(connection, alive, accounts)
        return *_pending(box, accounts), box.c.node.is_(None) | box.c.node.not_in(alive)

    async def take_over_both(
        self, connection: AsyncConnection, rows: Rows, accounts: Collection[str] | None
    ) -> tuple[list[InboxEntry], list[OutboxEntry]]:
        """Inbox and outbox, as `take_over`."""
        inbound = await self.take_over(connection, tables.inbox, rows.read_inbound, accounts)
        return inbound, await self.take_over(connection, tables.outbox, rows.read_outbound, accounts)

    async def take_over(
        self,
        connection: AsyncConnection,
        box: Table,
        read: Callable[[RowMapping], EntryT],
        accounts: Collection[str] | None = None,
    ) -> list[EntryT]:
        """Make what nobody works on ours, oldest first; on the writer's connection."""
        left = await self._left(connection, box, accounts, lock=True)
        rows = (await connection.execute(select(box).where(*left).order_by(box.c.seq))).mappings().all()
        if self._shares is not None and box is tables.inbox:
            elsewhere = await self._shares.place(connection, rows)
            rows = [row for row in rows if row["seq"] not in elsewhere]
        now = float(await connection.scalar(select(db_now())) or 0.0)
        under_way = await _under_way(connection, box, rows)
        taken: list[EntryT] = []
        untouched: list[int] = []
        changed: list[dict[str, Any]] = []
        for row in rows:
            entry, why = self._judged(row, under_way.get(row["node"], 1), read)
            if entry is not None:
                taken.append(entry)
            if why:
                changed.append(self._changed(row, now, why, dead=entry is None))
            else:
                untouched.append(row["seq"])
        for some in portions(untouched):
            ours = {"node": self._nodes.id, "state": "pending"}
            await connection.execute(update(box).where(box.c.seq.in_(some)).values(**ours))
        if changed:
            await connection.execute(_statement(box), changed)
        self._tell(box, len(taken), [row for row in changed if row["to_state"] == "dead"])
        return taken

    def _judged(
        self, row: RowMapping, under_way: int, read: Callable[[RowMapping], EntryT]
    ) -> tuple[EntryT | None, str]:
        """The entry, or None when it is dead; what is to be written into its history, if anything.

        When several were under way, most of them are innocent: each of them gets some more tries.
        """
        why = ""
        times = _interrupted(row["history"])
        if row["started_at"] is not None:
            times += 1
            beside = f", beside {under_way - 1} others" if under_way > 1 else ""
            why = f"its process ended while it was being worked on{beside}, for the {_nth(times)} time"
            if times >= self._max_attempts + (_FURTHER if under_way > 1 else 0):
                return None, why
        try:
            entry = read(row)
        except ValueError as error:
            return None, f"it cannot be read: {str(error).splitlines()[0]}"
        entry.suspect = times > 0
        return entry, why

    def _changed(self, row: RowMapping, now: float, why: str, *, dead: bool) -> dict[str, Any]:
        what = "dead" if dead else INTERRUPTED
        return {
            "of_seq": row["seq"],
            "to_state": "dead" if dead else "pending",
            "to_node": None if dead else self._nodes.id,
            "to_history": with_event(row["history"], at=now, what=what, why=why),
            "at": now,
        }

    def _tell(self, box: Table, taken: int, dead: Sequence[dict[str, Any]]) -> None:
        name = box.name.rpartition("_")[2]
        if taken:
            log.info("%s: %d entries of an earlier process are taken up again", name, taken)
        if dead:
            log.error("%s: %d entries are dead letters now: what was under way ended its process, or cannot be read; "
                      "look at them, then retry or drop them", name, len(dead))  # fmt: skip


async def _under_way(connection: AsyncConnection, box: Table, rows: Sequence[RowMapping]) -> dict[int, int]:
    """How many entries each process was working on when it ended, also those that are not taken over now."""
    ended = {row["node"] for row in rows if row["started_at"] is not None and row["node"] is not None}
    if not ended:
        return {}
    begun = *_pending(box, None), box.c.started_at.is_not(None), box.c.node.in_(ended)
    query = select(box.c.node, func.count()).where(*begun).group_by(box.c.node)
    return {row[0]: row[1] for row in await connection.execute(query)}


def _interrupted(history: str) -> int:
    """How often it was under way when its process ended, since a person has asked for it last."""
    if INTERRUPTED not in history:
        return 0
    happened = [event["what"] for event in from_json(history)]
    since = len(happened) - happened[::-1].index(RETRIED) if RETRIED in happened else 0
    return happened[since:].count(INTERRUPTED)


def _pending(box: Table, accounts: Collection[str] | None) -> tuple[ColumnElement[bool], ...]:
    """What waits or is worked on, of these accounts; None: of all."""
    if accounts is None:
        return (box.c.state.in_(OPEN),)
    return box.c.state.in_(OPEN), box.c.account.in_({plain(account, 255) for account in accounts})


def _statement(box: Table) -> Any:
    return (
        update(box)
        .where(box.c.seq == bindparam("of_seq"))
        .values(
            state=bindparam("to_state"),
            node=bindparam("to_node"),
            history=bindparam("to_history"),
            started_at=None,
            changed_at=bindparam("at"),
        )
    )


def _nth(count: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(count, f"{count}th")
