"""Which chats are this process's, where several share the work of one account.

A chat is held by a row of the leases. It needs no renewal: it is good as long as its holder is among the nodes, and a
holder that is not any more finds that out before it writes (`Nodes`, `Transaction`). So what is noted here of the chats
that we hold is true without looking, in any transaction that is committed.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from sqlalchemy import ColumnElement, RowMapping, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.base import InboxEntry, OutboxEntry
from imbridge.storage.core.history import with_event
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.plan import HANDED, Plan
from imbridge.storage.core.portions import AT_ONCE, portions
from imbridge.storage.core.work import Known
from imbridge.storage.sharing import Partner, chat_of
from imbridge.storage.sql import tables
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.nodes import Nodes

_table = tables.leases
_WHILE_IT_LIVES = 10 * 365 * 86_400.0
"""Seconds after which a lease ends that is good as long as its holder lives."""
_IDLE, _IDLE_ALONE = 2.0, 30.0
"""Seconds for which a chat is kept after its last work, beside others and alone."""


class Shares:
    """The chats of one process.

    Attributes:
        partner: Who works on what is ours; None: what others took in for us stays where it is.
    """

    def __init__(
        self,
        nodes: Nodes,
        dialect: str,
        read: Callable[[RowMapping], InboxEntry],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` makes an entry of a row."""
        self.partner: Partner | None = None
        self._nodes = nodes
        self._locks = dialect != "sqlite"
        self._read = read
        self._clock = clock
        self._held: dict[str, float] = {}
        self._open: dict[int, str] = {}
        self._busy: Counter[str] = Counter()
        self._inherited: list[str] = []

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

    # -- in a transaction ----------------------------------------------------------------------------------------------

    async def look(self, connection: AsyncConnection, leases: Iterable[str], known: Known) -> None:
        """See who has these chats, and hold on to that until the transaction ends."""
        known.free, known.holders = {}, {}
        unclear = sorted({lease for lease in leases if lease and lease not in self._held})
        if not unclear:
            return
        lives = (_table.c.until > db_now()).label("lives")
        query = select(_table.c.id, _table.c.holder, _table.c.fence, lives).where(_table.c.id.in_(unclear))
        query = query.order_by(_table.c.id)
        rows = await connection.execute(query.with_for_update() if self._locks else query)
        free: dict[str, int | None] = dict.fromkeys(unclear)
        holders: dict[str, int] = {}
        for row in rows:
            if not row.lives:
                free[row.id] = row.fence
                continue
            del free[row.id]
            if row.holder != known.node:
                # Whether it lives is not asked. What is handed to one that is gone is taken over with all the rest.
                holders[row.id] = row.holder
        known.free, known.holders = free, holders

    async def claim(self, connection: AsyncConnection, made: Plan, lanes: Mapping[str, str]) -> None:
        """Take chats that nobody has; `lanes`: their names, by lease.

        Two who take a new one at the same time meet at the primary key, and one of them decides anew.
        """
        if not made.claimed:
            return
        mine = {"holder": made.node, "until": db_now() + _WHILE_IT_LIVES}
        new = [lease for lease, fence in made.claimed.items() if fence is None]
        if new:
            rows = [{"id": one, "lane": plain(chat_of(lanes[one]), 512), "fence": 1} for one in sorted(new)]
            await connection.execute(insert(_table).values(**mine), rows)
        old = sorted(lease for lease, fence in made.claimed.items() if fence is not None)
        if old:
            await connection.execute(
                update(_table).where(_table.c.id.in_(old)).values(fence=_table.c.fence + 1, **mine)
            )

    async def place(self, connection: AsyncConnection, rows: Sequence[RowMapping]) -> set[int]:
        """Of deliveries that are to be taken over, hand those to another process whose chat it has; which (`seq`).

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
        box, elsewhere = tables.inbox, set()
        for row in rows:
            holder = holders.get(_lease_of(row["lane"]))
            if holder is not None and row["started_at"] is None:
                elsewhere.add(row["seq"])
                one = update(box).where(box.c.seq == row["seq"])
                await connection.execute(one.values(node=holder, state=HANDED))
        return elsewhere

    async def take_handed(self, connection: AsyncConnection) -> list[InboxEntry]:
        """What others took in for us, oldest first: all of it, or what comes next would overtake it."""
        if self.partner is None or not self.partner.has_room:
            return []
        box = tables.inbox
        ours = select(box).where(box.c.state == HANDED, box.c.node == self._nodes.id).order_by(box.c.seq)
        taken: list[InboxEntry] = []
        while rows := (await connection.execute(ours.limit(AT_ONCE))).mappings().all():
            for row in rows:
                try:
                    taken.append(self._read(row))
                except ValueError as error:
                    why = f"it cannot be read: {str(error).splitlines()[0]}"
                    history = with_event(row["history"], at=row["changed_at"], what="dead", why=why)
                    one = update(box).where(box.c.seq == row["seq"])
                    await connection.execute(one.values(state="dead", node=None, history=history))
            seqs = [row["seq"] for row in rows]
            pending = update(box).where(box.c.seq.in_(seqs), box.c.state == HANDED)
            await connection.execute(pending.values(state="pending"))
        return taken

    async def waits(self, connection: AsyncConnection) -> bool:
        """Whether others took something in for us."""
        box = tables.inbox
        query = select(box.c.seq).where(box.c.state == HANDED, box.c.node == self._nodes.id).limit(1)
        return await connection.scalar(query) is not None

    async def give_back(self, connection: AsyncConnection) -> None:
        """Let others have chats in which nothing is under way. Those that something was just handed over for stay."""
        idle = sorted(islice(self._idle(), AT_ONCE))
        if not idle:
            return
        for lease in idle:  # before it is committed: to look once more does no harm, to believe what is over would
            del self._held[lease]
        ours = _table.c.id.in_(idle), _table.c.holder == self._nodes.id
        if self._locks:
            # Whoever hands something over holds the row until it is there.
            await connection.execute(select(_table.c.id).where(*ours).order_by(_table.c.id).with_for_update())
        handed = await self._handed_leases(connection)
        free = [lease for lease in idle if lease not in handed]
        if free:
            over = update(_table).where(_table.c.id.in_(free), _table.c.holder == self._nodes.id)
            await connection.execute(over.values(until=db_now()))

    async def _handed_leases(self, connection: AsyncConnection) -> set[str]:
        box = tables.inbox
        query = select(box.c.lane).where(box.c.state == HANDED, box.c.node == self._nodes.id).distinct()
        return {_lease_of(lane) for lane in await connection.scalars(query)}

    async def leave(self, connection: AsyncConnection) -> None:
        """At the end: what has nothing left in it is free; the rest goes with what is left, to whoever takes that."""
        left: set[str] = set()
        for box in (tables.inbox, tables.outbox):
            query = select(box.c.lane).where(box.c.node == self._nodes.id).distinct().limit(AT_ONCE + 1)
            left |= {_lease_of(lane) for lane in await connection.scalars(query)}
        if len(left) <= AT_ONCE:
            over = _table.c.holder == self._nodes.id, _table.c.until > db_now(), _table.c.id.not_in(left)
            await connection.execute(update(_table).where(*over).values(until=db_now()))

    async def inherit(
        self, connection: AsyncConnection, alive: Collection[int], accounts: Collection[str] | None
    ) -> None:
        """Take the chats of processes that are gone, before what waits in them; see `adopt`."""
        gone = [_table.c.holder.not_in(list(alive)), _table.c.until > db_now() + _WHILE_IT_LIVES / 2]
        if accounts is not None and not accounts:
            return
        if accounts is not None:
            gone.append(or_(*map(_of_account, accounts)))
        query = select(_table.c.id).where(*gone).order_by(_table.c.id)
        self._inherited = list(await connection.scalars(query.with_for_update() if self._locks else query))
        for some in portions(self._inherited):
            moved = update(_table).where(_table.c.id.in_(some))
            await connection.execute(moved.values(holder=self._nodes.id, fence=_table.c.fence + 1))

    # -- after it is committed -----------------------------------------------------------------------------------------

    def adopt(self, entries: Sequence[InboxEntry | OutboxEntry], node: int) -> None:
        """What was taken over, and the chats that came with it, are ours: the transaction is committed."""
        inherited, self._inherited = self._inherited, []
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


def _lease_of(lane: str) -> str:
    chat = chat_of(lane)
    return digest("chat", chat) if chat else ""


def _of_account(account: str) -> ColumnElement[bool]:
    name = plain(account, 255)
    return or_(_table.c.lane == name, _table.c.lane.startswith(f"{name}/", autoescape=True))
