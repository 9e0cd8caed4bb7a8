"""Looking at entries, and giving dead ones another life."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic

from pydantic_core import from_json

from imbridge.storage.base import InboxEntry
from imbridge.storage.core.database import DatabaseT
from imbridge.storage.core.history import with_event
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.recovery import RETRIED
from imbridge.storage.core.rows import Rows
from imbridge.storage.core.work import ReadRow
from imbridge.storage.durable import Box, EntryState, Kept, Sought

_PAGE = 20
"""Entries that are read at once: each may hold some megabytes."""
_SHOWN = 200
"""Characters of what an entry says."""


class Backlog(ABC, Generic[DatabaseT]):
    """What waits, is worked on, or is dead."""

    def __init__(self, database: DatabaseT, nodes: Nodes, rows: Rows) -> None:
        """Nothing is read yet."""
        self._database = database
        self._nodes = nodes
        self._rows = rows

    # -- looking -------------------------------------------------------------------------------------------------------

    async def kept(self, box: Box, state: EntryState, *, after: Kept | None, limit: int, sought: Sought) -> list[Kept]:
        """Entries, oldest first."""
        part = sought.get("text", "").casefold()
        found: list[Kept] = []
        async with self._reading() as connection:
            alive = await self._nodes.alive(connection)
        last = 0 if after is None else after.number
        async for row in self._rows_after(box, state, sought, last, _PAGE if part else min(limit, _PAGE)):
            text = self._rows.text_of(box.value, row)
            if part in text.casefold():
                found.append(_kept(row, box, state, text, in_hand=row["node"] in alive))
            if len(found) >= limit:
                break
        return found[:limit]

    async def count(self, box: Box, state: EntryState, sought: Sought) -> int:
        """How many there are. What they say is read only where it matters."""
        part = sought.get("text", "").casefold()
        if not part:
            async with self._reading() as connection:
                return await self._count(connection, box, state, sought)
        total = 0
        async for row in self._rows_after(box, state, sought, 0, _PAGE):
            total += part in self._rows.text_of(box.value, row).casefold()
        return total

    async def _rows_after(
        self, box: Box, state: EntryState, sought: Sought, last: int, size: int
    ) -> AsyncIterator[ReadRow]:
        """Rows behind a number, whatever they say. Each page is a look of its own, however many there are."""
        page: Sequence[ReadRow] = ()
        while not page or len(page) == size:
            async with self._reading() as connection:
                page = await self._page(connection, box, state, sought, last, size)
            if not page:
                return
            for row in page:
                yield row
            last = page[-1]["seq"]

    # -- on the writer's connection ------------------------------------------------------------------------------------

    async def retry(self, connection: Any, box: Box, uids: Sequence[int], state: EntryState) -> list[int]:
        """Entries are pending again, nobody's yet, as if they had never been tried."""
        now = await self._now(connection)
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
        for row in await self._free(connection, box, uids, state):
            history = with_event(row["history"], at=now, what=RETRIED, why="somebody asked for it")
            await self._change(connection, box, row["uid"], {**fresh, "history": history})
            done.append(row["uid"])
        return done

    async def drop(
        self, connection: Any, box: Box, uids: Sequence[int], state: EntryState, *, in_hand: bool
    ) -> list[int]:
        """Entries are forgotten. Their dedup keys stay for their time."""
        done = [row["uid"] for row in await self._free(connection, box, uids, state, in_hand=in_hand)]
        if done:
            await self._delete(connection, box, done)
        return done

    async def _free(
        self, connection: Any, box: Box, uids: Sequence[int], state: EntryState, *, in_hand: bool = False
    ) -> list[ReadRow]:
        """Entries that no living process has, kept from being taken over until the transaction ends."""
        alive = await self._nodes.alive(connection, lock=self._locks and state is EntryState.PENDING)
        rows = await self._hold(connection, box, uids, state)
        return [row for row in rows if in_hand or row["node"] not in alive]

    async def mark(
        self,
        connection: Any,
        box: Box,
        uid: int,
        *,
        what: str,
        why: str,
        not_before: float | None = None,
        head: str | None = None,
    ) -> bool:
        """An entry of ours is dead, or put off, with a line in its history. False when it is not ours."""
        node = self._nodes.id
        history = await self._history(connection, box, uid, node)
        if history is None:
            return False
        now = await self._now(connection)
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
        return await self._change(connection, box, uid, values, node=node)

    async def of_lane(
        self, connection: Any, lane: str, limit: int, read: Callable[[ReadRow], InboxEntry]
    ) -> list[InboxEntry]:
        """What waits in a conversation, oldest first; it is this process's from now on."""
        entries = [entry for entry in map(read, await self._of_lane(connection, lane, limit)) if entry.lane == lane]
        if entries:
            await self._take(connection, [entry.uid for entry in entries], self._nodes.id)
        return entries

    # -- in the database -----------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def _locks(self) -> bool:
        """Whether others can write in the middle of our transaction."""

    @abstractmethod
    def _reading(self) -> AbstractAsyncContextManager[Any]:
        """A connection for a look."""

    @abstractmethod
    async def _page(
        self, connection: Any, box: Box, state: EntryState, sought: Sought, last: int, size: int
    ) -> Sequence[ReadRow]:
        """The next entries behind the number `last`, whatever they say."""

    @abstractmethod
    async def _count(self, connection: Any, box: Box, state: EntryState, sought: Sought) -> int:
        """How many there are, whatever they say."""

    @abstractmethod
    async def _now(self, connection: Any) -> float:
        """Seconds since 1970, by the database's clock."""

    @abstractmethod
    async def _hold(self, connection: Any, box: Box, uids: Sequence[int], state: EntryState) -> Sequence[ReadRow]:
        """Entries, oldest first; nobody else changes them until the transaction ends."""

    @abstractmethod
    async def _history(self, connection: Any, box: Box, uid: int, node: int) -> str | None:
        """The history of an open entry of this process; None when there is none."""

    @abstractmethod
    async def _change(
        self, connection: Any, box: Box, uid: int, values: dict[str, Any], *, node: int | None = None
    ) -> bool:
        """Change an entry; with `node`, if it is open and this process's. Whether that was done."""

    @abstractmethod
    async def _delete(self, connection: Any, box: Box, uids: Sequence[int]) -> None:
        """Delete entries."""

    @abstractmethod
    async def _of_lane(self, connection: Any, lane: str, limit: int) -> Sequence[ReadRow]:
        """What waits in a lane, or is worked on, oldest first."""

    @abstractmethod
    async def _take(self, connection: Any, uids: Sequence[int], node: int) -> None:
        """Deliveries are this process's."""


def _kept(row: ReadRow, box: Box, state: EntryState, text: str, *, in_hand: bool) -> Kept:
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
        not_before=row["not_before"] if box is Box.OUTBOX else None,
        in_hand=in_hand,
        history=tuple(from_json(row["history"])),
        number=row["seq"],
    )
