"""Which chats are this process's, where several share the work of one account.

A chat is held by a row of the leases. It needs no renewal: it is good as long as its holder is among the nodes, and a
holder that is not any more finds that out before it writes (`Nodes`, `Transaction`). So what is noted here of the chats
that we hold is true without looking, in any transaction that is committed.
"""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from imbridge.storage.base import InboxEntry, OutboxEntry
from imbridge.storage.core.history import with_event
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.plan import Plan
from imbridge.storage.core.portions import AT_ONCE, portions
from imbridge.storage.core.work import AddInbound, Known, ReadRow, Unit
from imbridge.storage.sharing import Partner, chat_of

WHILE_IT_LIVES = 10 * 365 * 86_400.0
"""Seconds after which a lease ends that is good as long as its holder lives."""
_IDLE, _IDLE_ALONE = 2.0, 30.0
"""Seconds for which a chat is kept after its last work, beside others and alone."""


@dataclass(slots=True)
class Holding:
    """A chat's lease as it stands in the database; `lives` by the database's clock."""

    id: str
    holder: int
    fence: int
    lives: bool


class Shares(ABC):
    """The chats of one process.

    Attributes:
        partner: Who works on what is ours; None: what others took in for us stays where it is.
        on_handed: Called with the numbers of processes that something was just handed to.
    """

    def __init__(
        self, nodes: Nodes, read: Callable[[ReadRow], InboxEntry], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`read` makes an entry of a row."""
        self.partner: Partner | None = None
        self.on_handed: Callable[[Collection[int]], None] = lambda nodes: None
        self._nodes = nodes
        self._read = read
        self._clock = clock
        self._held: dict[str, float] = {}
        self._open: dict[int, str] = {}
        self._busy: Counter[str] = Counter()
        self._inherited: list[str] = []
        self._placed: set[int] = set()

    # -- what is under way ---------------------------------------------------------------------------------------------

    def begin(self, uid: int, lane: str) -> str:
        """Something of a lane is under way from now on: its chat is not given back. The id of the chat's lease."""
        lease = _lease_of(lane)
        if lease and uid not in self._open:
            self._open[uid] = lease
            self._busy[lease] += 1
        return lease

    def end(self, uid: int) -> None:
        """It is done with."""
        lease = self._open.pop(uid, "")
        if not lease:
            return
        self._busy[lease] -= 1
        if self._busy[lease] <= 0:
            del self._busy[lease]
        if lease in self._held:
            self._held[lease] = self._clock()

    def forget(self) -> None:
        """Nothing is ours any more."""
        self._held.clear()
        self._open.clear()
        self._busy.clear()

    @property
    def has_idle(self) -> bool:
        """Whether there is something to be given back."""
        return next(self._idle(), None) is not None

    def _idle(self) -> Iterator[str]:
        now, patience = self._clock(), _IDLE if self._nodes.others else _IDLE_ALONE
        return (one for one, last in self._held.items() if one not in self._busy and now - last >= patience)

    @property
    def takes(self) -> bool:
        """Whether there is somebody who works on what is ours, and has room for more."""
        return self.partner is not None and self.partner.has_room

    # -- in a transaction ----------------------------------------------------------------------------------------------

    async def look(self, connection: Any, leases: Iterable[str], known: Known) -> None:
        """See who has these chats, and hold on to that until the transaction ends."""
        known.free, known.holders = {}, {}
        unclear = sorted({lease for lease in leases if lease and lease not in self._held})
        if not unclear:
            return
        free: dict[str, int | None] = dict.fromkeys(unclear)
        holders: dict[str, int] = {}
        for row in await self._holdings(connection, unclear):
            if not row.lives:
                free[row.id] = row.fence
                continue
            del free[row.id]
            if row.holder != known.node:
                # Whether it lives is not asked. What is handed to one that is gone is taken over with all the rest.
                holders[row.id] = row.holder
        known.free, known.holders = free, holders

    async def claim(self, connection: Any, made: Plan, lanes: Mapping[str, str]) -> None:
        """Take chats that nobody has; `lanes`: their names, by lease.

        Two who take a new one at the same time meet at the primary key, and one of them decides anew.
        """
        if not made.claimed:
            return
        new = sorted(lease for lease, fence in made.claimed.items() if fence is None)
        if new:
            await self._claim_new(connection, {one: plain(chat_of(lanes[one]), 512) for one in new}, made.node)
        old = sorted(lease for lease, fence in made.claimed.items() if fence is not None)
        if old:
            await self._claim_old(connection, old, made.node)

    async def place(self, connection: Any, rows: Sequence[ReadRow]) -> set[int]:
        """Of deliveries that are to be taken over, hand those to another process whose chat it has; which (`uid`).

        So it is with one that a person wants handled again. Chats that nobody has come with the delivery.
        """
        if self.partner is None:
            return set()
        lanes = {_lease_of(row["lane"]): row["lane"] for row in rows}
        known, made = Known(node=self._nodes.id), Plan(node=self._nodes.id)
        holders: dict[str, int] = {}
        for some in portions(sorted(lanes)):
            await self.look(connection, some, known)
            holders.update(known.holders)
            made.claimed.update(known.free)
        await self.claim(connection, made, lanes)
        self._inherited += made.claimed
        elsewhere: set[int] = set()
        for row in rows:
            holder = holders.get(_lease_of(row["lane"]))
            if holder is not None and row["started_at"] is None:
                elsewhere.add(row["uid"])
                self._placed.add(holder)
                await self._hand(connection, row["uid"], holder)
        return elsewhere

    async def take_handed(self, connection: Any) -> list[InboxEntry]:
        """What others took in for us, oldest first: all of it, or what comes next would overtake it."""
        if not self.takes:
            return []
        taken: list[InboxEntry] = []
        while rows := await self._handed(connection, AT_ONCE):
            taken += await self._readable(connection, rows)
            await self._take(connection, [row["uid"] for row in rows])
        return taken

    async def settle(
        self, connection: Any, units: Iterable[Unit], doubtful: Iterable[int]
    ) -> tuple[list[int], list[InboxEntry]]:
        """Look for what may be stored; which were looked for, and those that are there and ours, oldest first.

        The transactions that they are of are over: each holds the row that the present one has locked first.
        """
        if not self.takes:
            return [], []
        again = {
            piece.uid for unit in units for piece in unit.pieces if isinstance(piece, AddInbound)
        }  # of a first try
        settled = [uid for uid in doubtful if uid not in again]
        rows: list[ReadRow] = []
        for some in portions(settled):
            rows += await self._pending(connection, some)
        return settled, await self._readable(connection, sorted(rows, key=lambda row: int(row["seq"])))

    async def _readable(self, connection: Any, rows: Iterable[ReadRow]) -> list[InboxEntry]:
        """What they hold; one that cannot be read is dead."""
        read: list[InboxEntry] = []
        for row in rows:
            try:
                read.append(self._read(row))
            except ValueError as error:
                why = f"it cannot be read: {str(error).splitlines()[0]}"
                history = with_event(row["history"], at=row["changed_at"], what="dead", why=why)
                await self._bury(connection, row["uid"], history)
        return read

    async def give_back(self, connection: Any) -> None:
        """Let others have chats in which nothing is under way. Those that something was just handed over for stay."""
        idle = sorted(islice(self._idle(), AT_ONCE))
        if not idle:
            return
        for lease in idle:  # before it is committed: to look once more does no harm, to believe what is over would
            del self._held[lease]
        # Whoever hands something over holds the row until it is there.
        await self._hold(connection, idle)
        handed = set(map(_lease_of, await self._handed_lanes(connection)))
        free = [lease for lease in idle if lease not in handed]
        if free:
            await self._free(connection, free)

    async def leave(self, connection: Any) -> None:
        """At the end: what has nothing left in it is free; the rest goes with what is left, to whoever takes that."""
        left = set(map(_lease_of, await self._lanes_left(connection, AT_ONCE + 1)))
        if len(left) <= AT_ONCE:
            await self._free_but(connection, left)

    async def inherit(self, connection: Any, alive: Collection[int], accounts: Collection[str] | None) -> None:
        """Take the chats of processes that are gone, before what waits in them; see `adopt`."""
        if accounts is not None and not accounts:
            return
        self._placed = set()
        self._inherited = list(await self._without_holder(connection, alive, accounts))
        for some in portions(self._inherited):
            await self._move(connection, some)

    # -- after it is committed -----------------------------------------------------------------------------------------

    def adopt(self, entries: Sequence[InboxEntry | OutboxEntry], node: int) -> None:
        """What was taken over, and the chats that came with it, are ours: the transaction is committed."""
        inherited, self._inherited = self._inherited, []
        placed, self._placed = self._placed, set()
        if placed:
            self.on_handed(placed)
        for entry in entries:
            entry.fence = node
        if not self._nodes.is_current(node):
            return
        self._held.update(dict.fromkeys(inherited, self._clock()))
        for entry in entries:
            self.begin(entry.uid, entry.lane if isinstance(entry, InboxEntry) else entry.channel.address)

    def restored(self, taken: tuple[list[InboxEntry], list[OutboxEntry]], node: int) -> None:
        """As `adopt`; the partner goes on with it."""
        inbound, outbound = taken
        self.adopt([*inbound, *outbound], node)
        if self.partner is not None and self._nodes.is_current(node):
            self.partner.restore(inbound, outbound)

    def committed(self, made: Plan) -> None:
        """A transaction was committed. What it made ours may be others' by now, when we stood still meanwhile."""
        if made.handed_to:
            self.on_handed(made.handed_to)
        handed, made.handed = made.handed, []
        if not self._nodes.is_current(made.node):
            return
        self._held.update(dict.fromkeys(made.claimed, self._clock()))
        if handed and self.partner is not None:
            for entry in handed:
                entry.fence = made.node
                lease = self.begin(entry.uid, entry.lane)
                if lease:
                    self._held[lease] = self._clock()
            self.partner.take(handed)

    # -- in the database -----------------------------------------------------------------------------------------------

    @abstractmethod
    async def waits(self) -> bool:
        """Whether others took something in for us; a look that holds up nobody."""

    @abstractmethod
    async def _holdings(self, connection: Any, leases: Sequence[str]) -> Iterable[Holding]:
        """Those of these leases that there are, by their id; held until the transaction ends."""

    @abstractmethod
    async def _claim_new(self, connection: Any, lanes: Mapping[str, str], node: int) -> None:
        """Write new leases that are good while this process lives; `lanes`: their names, by id."""

    @abstractmethod
    async def _claim_old(self, connection: Any, leases: Sequence[str], node: int) -> None:
        """The same with leases that there are: each gets its next number."""

    @abstractmethod
    async def _hand(self, connection: Any, uid: int, holder: int) -> None:
        """A delivery is handed to another process."""

    @abstractmethod
    async def _handed(self, connection: Any, limit: int) -> Sequence[ReadRow]:
        """What was handed to us, oldest first."""

    @abstractmethod
    async def _pending(self, connection: Any, uids: Collection[int]) -> Sequence[ReadRow]:
        """Those of these deliveries that are ours, and wait or are worked on."""

    @abstractmethod
    async def _bury(self, connection: Any, uid: int, history: str) -> None:
        """A delivery is a dead letter."""

    @abstractmethod
    async def _take(self, connection: Any, uids: Sequence[int]) -> None:
        """Those of these that were handed to us are taken."""

    @abstractmethod
    async def _hold(self, connection: Any, leases: Sequence[str]) -> None:
        """Hold those of these leases that are ours until the transaction ends."""

    @abstractmethod
    async def _handed_lanes(self, connection: Any) -> Iterable[str]:
        """The lanes in which something was handed to us."""

    @abstractmethod
    async def _free(self, connection: Any, leases: Sequence[str]) -> None:
        """Those of these leases that are ours are over."""

    @abstractmethod
    async def _lanes_left(self, connection: Any, limit: int) -> Iterable[str]:
        """The lanes in which something of ours is left; at least so many, where there are more."""

    @abstractmethod
    async def _free_but(self, connection: Any, leases: Collection[str]) -> None:
        """All leases that are ours are over, except these."""

    @abstractmethod
    async def _without_holder(
        self, connection: Any, alive: Collection[int], accounts: Collection[str] | None
    ) -> Iterable[str]:
        """The leases of chats of these accounts that processes have that are gone; held until the transaction ends."""

    @abstractmethod
    async def _move(self, connection: Any, leases: Sequence[str]) -> None:
        """These leases are ours; each gets its next number."""


def _lease_of(lane: str) -> str:
    chat = chat_of(lane)
    return digest("chat", chat) if chat else ""
