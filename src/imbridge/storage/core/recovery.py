"""Taking over what processes that are gone left unfinished."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic_core import from_json

from imbridge.storage.base import InboxEntry, OutboxEntry
from imbridge.storage.core.database import DatabaseT
from imbridge.storage.core.history import with_event
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.rows import Rows
from imbridge.storage.core.shares import Shares
from imbridge.storage.core.work import ReadRow
from imbridge.storage.durable import Box

log = logging.getLogger(__name__)

EntryT = TypeVar("EntryT", InboxEntry, OutboxEntry)

_FURTHER = 3
"""How many more tries there are for what was never alone when its process ended."""
INTERRUPTED, RETRIED = "interrupted", "retried"
"""Of a history: its process ended while it was under way; a person gave it another life."""


@dataclass(slots=True)
class Judged:
    """What becomes of an entry that was under way, or cannot be read. It is this process's unless it is dead."""

    uid: int
    dead: bool
    history: str


class Recovery(ABC, Generic[DatabaseT]):
    """Finds entries that nobody works on, and decides which of them are worked on again."""

    def __init__(self, database: DatabaseT, nodes: Nodes, *, max_attempts: int, shares: Shares | None = None) -> None:
        """`max_attempts`: how often something may be under way, alone, when its process ends, before it is dead.

        `shares`: which chats are ours; None where all are.
        """
        self._database = database
        self._nodes = nodes
        self._max_attempts = max_attempts
        self._shares = shares

    async def wait_for_silent(self, box: Box, accounts: Collection[str] | None) -> None:
        """Wait until each process that has entries, and that we cannot see, has ended or says a word.

        That is as long as a lease at most, and nothing where all of them ran on this machine.
        """
        unclear = await self._unclear(box, accounts)
        if not unclear:
            return
        log.info("%d other processes have entries in %s; waiting to see whether they live", len(unclear), box)
        while unclear:
            await asyncio.sleep(min(1.0, self._nodes.lease / 6))
            now = await self._unclear(box, accounts)
            unclear = {node: until for node, until in unclear.items() if now.get(node) == until}

    async def _looks(self, connection: Any, box: Box, accounts: Collection[str] | None) -> Collection[int]:
        """The processes that live, before what others left is read to be taken over."""
        alive = list(await self._nodes.alive(connection, lock=True))
        if self._shares is not None and box is Box.INBOX:
            # Before the entries are read: until then others add to what waits in these chats.
            await self._shares.inherit(connection, alive, accounts)
        return alive

    async def take_over_both(
        self, connection: Any, rows: Rows, accounts: Collection[str] | None
    ) -> tuple[list[InboxEntry], list[OutboxEntry]]:
        """Inbox and outbox, as `take_over`."""
        inbound = await self.take_over(connection, Box.INBOX, rows.read_inbound, accounts)
        return inbound, await self.take_over(connection, Box.OUTBOX, rows.read_outbound, accounts)

    async def take_over(
        self,
        connection: Any,
        box: Box,
        read: Callable[[ReadRow], EntryT],
        accounts: Collection[str] | None = None,
    ) -> list[EntryT]:
        """Make what nobody works on ours, oldest first; on the writer's connection."""
        rows = await self._left(connection, box, accounts, await self._looks(connection, box, accounts))
        if self._shares is not None and box is Box.INBOX:
            elsewhere = await self._shares.place(connection, rows)
            rows = [row for row in rows if row["uid"] not in elsewhere]
        now = await self._now(connection)
        ended = {row["node"] for row in rows if row["started_at"] is not None and row["node"] is not None}
        under_way = await self._under_way(connection, box, ended) if ended else {}
        taken: list[EntryT] = []
        untouched: list[int] = []
        changed: list[Judged] = []
        for row in rows:
            entry, why = self._judged(row, under_way.get(row["node"], 1), read)
            if entry is not None:
                taken.append(entry)
            if why:
                what = "dead" if entry is None else INTERRUPTED
                changed.append(
                    Judged(row["uid"], entry is None, with_event(row["history"], at=now, what=what, why=why))
                )
            else:
                untouched.append(row["uid"])
        await self._keep(connection, box, untouched)
        if changed:
            await self._write(connection, box, changed, now)
        self._tell(box, len(taken), sum(one.dead for one in changed))
        return taken

    def _judged(self, row: ReadRow, under_way: int, read: Callable[[ReadRow], EntryT]) -> tuple[EntryT | None, str]:
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

    def _tell(self, box: Box, taken: int, dead: int) -> None:
        if taken:
            log.info("%s: %d entries of an earlier process are taken up again", box, taken)
        if dead:
            log.error("%s: %d entries are dead letters now: what was under way ended its process, or cannot be read; "
                      "look at them, then retry or drop them", box, dead)  # fmt: skip

    # -- in the database -----------------------------------------------------------------------------------------------

    @abstractmethod
    async def _unclear(self, box: Box, accounts: Collection[str] | None) -> dict[int, float]:
        """The processes that have open entries, and that we cannot see; until when each one's lease runs."""

    @abstractmethod
    async def finds(self, box: Box, accounts: Collection[str] | None) -> bool:
        """Whether there is something to take over; a look that holds up nobody."""

    @abstractmethod
    async def unclaimed(self, accounts: Collection[str]) -> dict[str, int]:
        """How many entries nobody works on, by account; without those of `accounts`."""

    @abstractmethod
    async def _left(
        self, connection: Any, box: Box, accounts: Collection[str] | None, alive: Collection[int]
    ) -> Sequence[ReadRow]:
        """Open entries that none of these processes has, oldest first."""

    @abstractmethod
    async def _now(self, connection: Any) -> float:
        """Seconds since 1970, by the database's clock."""

    @abstractmethod
    async def _under_way(self, connection: Any, box: Box, nodes: Collection[int]) -> Mapping[int, int]:
        """How many entries each of these processes was working on, also those that are not taken over now."""

    @abstractmethod
    async def _keep(self, connection: Any, box: Box, uids: Sequence[int]) -> None:
        """These entries are ours."""

    @abstractmethod
    async def _write(self, connection: Any, box: Box, judged: Sequence[Judged], now: float) -> None:
        """Write down what becomes of entries; none of them is under way any more."""


def _interrupted(history: str) -> int:
    """How often it was under way when its process ended, since a person has asked for it last."""
    if INTERRUPTED not in history:
        return 0
    happened = [event["what"] for event in from_json(history)]
    since = len(happened) - happened[::-1].index(RETRIED) if RETRIED in happened else 0
    return happened[since:].count(INTERRUPTED)


def _nth(count: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(count, f"{count}th")
