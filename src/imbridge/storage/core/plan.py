"""From pieces of work to rows: decides in memory what becomes of each, in their order. No I/O."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imbridge.storage.base import InboxEntry
from imbridge.storage.core.rows import read_receipt
from imbridge.storage.core.work import (
    AddInbound,
    AddOutbound,
    FinishInbound,
    FinishOutbound,
    ForgetInbound,
    Known,
    NoteOutbound,
    Piece,
    Row,
    Run,
    SaveSession,
    StartInbound,
    StartOutbound,
    TakeHanded,
    Unit,
)
from imbridge.storage.errors import StaleLeaseError

HANDED = "handed"
"""The state of a delivery that another process took in for the one that has its chat, until that has taken it."""
OPEN = ("pending", HANDED)
"""The states of what waits, or is worked on."""


@dataclass(slots=True)
class Plan:
    """What a transaction writes, and what becomes of each unit.

    Attributes:
        results: One for each unit: what its last piece gives, or the error that refuses the unit.
        runs: Statements of `Run` pieces with the unit they belong to.
        adopted: Entries whose row is there already under another uid, from a try that was thought to have failed.
        node: The number of this process.
        claimed: Chats that become ours, by lease, with the number of their last holder's lease.
        handed_over: Deliveries that go to another process.
        handed_to: Those processes.
        takes_handed: Whether what others took in for us is to be taken.
        handed: That, once it is read.
        settled: Doubtful entries of which is known now whether they are stored.
    """

    results: list[Any] = field(default_factory=list)
    keys_added: dict[str, Row] = field(default_factory=dict)
    keys_dropped: set[tuple[str, int]] = field(default_factory=set)
    keys_expired: set[str] = field(default_factory=set)
    inbox_added: dict[int, Row] = field(default_factory=dict)
    inbox_started: dict[int, int] = field(default_factory=dict)
    inbox_dropped: list[int] = field(default_factory=list)
    outbox_added: dict[int, Row] = field(default_factory=dict)
    outbox_started: dict[int, int] = field(default_factory=dict)
    outbox_noted: dict[int, str] = field(default_factory=dict)
    outbox_dropped: list[int] = field(default_factory=list)
    sessions: dict[str, Row] = field(default_factory=dict)
    logged: list[Row] = field(default_factory=list)
    runs: list[tuple[int, Run]] = field(default_factory=list)
    adopted: dict[int, int] = field(default_factory=dict)
    node: int = 0
    claimed: dict[str, int | None] = field(default_factory=dict)
    handed_over: set[int] = field(default_factory=set)
    handed_to: set[int] = field(default_factory=set)
    takes_handed: bool = False
    handed: list[InboxEntry] = field(default_factory=list)
    settled: Collection[int] = ()


def plan(units: Sequence[Unit], known: Known, *, doubtful: Mapping[int, object], keep: float) -> Plan:
    """Decide about all units.

    Args:
        units: In the order in which they were asked for.
        known: What the database says about their keys and leases.
        doubtful: Uids of entries whose transaction broke while it was committed: should one of them be there, nobody
            handles it, and it is new to whoever brings it again.
        keep: Seconds for which dedup keys are kept.
    """
    made = _Planner(known, doubtful, keep)
    for unit in units:
        made.take(unit)
    return made.plan


class _Planner:
    def __init__(self, known: Known, doubtful: Mapping[int, object], keep: float) -> None:
        self._keys = dict(known.keys)
        self._receipts = dict(known.receipts)
        self._known = known
        self._doubtful = doubtful
        self._keep = keep
        self._ours: Row = {"node": known.node}
        self.plan = Plan(node=known.node)

    def take(self, unit: Unit) -> None:
        number = len(self.plan.results)
        if unit.fence is not None and self._known.fences.get(unit.fence[0]) != unit.fence[1]:
            self.plan.results.append(
                StaleLeaseError(
                    f"{unit.lane}: somebody else has this conversation by now (lease {unit.fence[1]} is over); "
                    "nothing was written"
                )
            )
            return
        if unit.node not in (0, self._known.node):
            self.plan.results.append(
                StaleLeaseError(f"{unit.what}: another process goes on with it by now; nothing was written")
            )
            return
        result: Any = None
        for piece in unit.pieces:
            result = self._piece(number, piece)
        self.plan.results.append(result)

    def _piece(self, number: int, piece: Piece) -> Any:
        made = self.plan
        match piece:
            case AddInbound():
                return self._add(piece)
            case FinishInbound(uid):
                if made.inbox_added.pop(uid, None) is None:
                    made.inbox_dropped.append(uid)
            case StartInbound(uid, attempts):
                _start(made.inbox_added, made.inbox_started, uid, attempts, self._known.now)
            case ForgetInbound():
                self._forget(piece)
            case AddOutbound():
                if (said := self._receipts.get(piece.key)) is not None:
                    return read_receipt(said)
                made.outbox_added[piece.uid] = {**_dated(piece.row, self._known.now), **self._ours}
            case NoteOutbound(uid, head):
                if uid in made.outbox_added:
                    made.outbox_added[uid]["head"] = head
                else:
                    made.outbox_noted[uid] = head
            case StartOutbound(uid, attempts):
                _start(made.outbox_added, made.outbox_started, uid, attempts, self._known.now)
            case FinishOutbound():
                self._finish(piece)
            case SaveSession():
                made.sessions.pop(piece.id, None)
                made.sessions[piece.id] = {**piece.row, "used_at": self._known.now}
            case TakeHanded():
                made.takes_handed = True
            case Run():
                made.runs.append((number, piece))
        return None

    def _add(self, piece: AddInbound) -> bool:
        there = {self._keys[key] for key in piece.keys if key in self._keys}
        if piece.uid in there:
            return True  # written by the first try of this very transaction
        ours = next((uid for uid in there if uid in self._doubtful), None)
        if there and ours is None:
            return False
        uid = piece.uid if ours is None else ours
        for key in piece.keys:
            if key not in self._keys:
                self._keys[key] = uid
                self._add_key(key, uid)
        if ours is None:
            self.plan.inbox_added[uid] = {**_dated(piece.row, self._known.now), **self._owner(piece)}
        else:
            self.plan.adopted[piece.uid] = uid
            if attempts := piece.row["attempts"]:
                self.plan.inbox_started[uid] = attempts
        if piece.logged is not None and ours is None:
            self.plan.logged.append(piece.logged)
        return True

    def _add_key(self, key: str, uid: int, receipt: str | None = None) -> None:
        until = self._known.now + self._keep
        self.plan.keys_added[key] = {"id": key, "uid": uid, "expires_at": until, "receipt": receipt}
        if key in self._known.expired:
            self.plan.keys_expired.add(key)

    def _finish(self, piece: FinishOutbound) -> None:
        made = self.plan
        if made.outbox_added.pop(piece.uid, None) is None:
            made.outbox_dropped.append(piece.uid)
        if piece.logged is not None:
            made.logged.append({"at": self._known.now, **piece.logged})
        if piece.receipt is not None and piece.key not in self._keys:
            self._keys[piece.key] = piece.uid
            self._receipts[piece.key] = piece.receipt
            self._add_key(piece.key, piece.uid, piece.receipt)

    def _owner(self, piece: AddInbound) -> Row:
        """Whose the delivery is: the process's that has its chat, ours where nobody has it."""
        holder = self._known.holders.get(piece.lease)
        if holder is not None:
            self.plan.handed_over.add(piece.uid)
            self.plan.handed_to.add(holder)
            return {"node": holder, "state": HANDED}
        if piece.lease in self._known.free:
            self.plan.claimed[piece.lease] = self._known.free[piece.lease]
        return self._ours

    def _forget(self, piece: ForgetInbound) -> None:
        for key in piece.keys:
            if self._keys.get(key, piece.uid) != piece.uid:
                continue
            self._keys.pop(key, None)
            if self.plan.keys_added.pop(key, None) is None:
                self.plan.keys_dropped.add((key, piece.uid))
        if self.plan.inbox_added.pop(piece.uid, None) is None:
            self.plan.inbox_dropped.append(piece.uid)


def _dated(row: Row, now: float) -> Row:
    return {**row, "created_at": now, "changed_at": now, "started_at": now if row["attempts"] else None}


def _start(added: dict[int, Row], started: dict[int, int], uid: int, attempts: int, now: float) -> None:
    """Begun in the transaction that adds it: it is written as begun. Without attempts it is not begun after all."""
    row = added.get(uid)
    if row is None:
        started[uid] = attempts
    else:
        row["attempts"] = attempts
        row["started_at"] = now if attempts else None
