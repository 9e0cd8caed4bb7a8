"""One transaction: read what is known, decide, write."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from imbridge.storage.base import InboxEntry
from imbridge.storage.core.nodes import FencedError, Nodes
from imbridge.storage.core.plan import HANDED, Plan, plan
from imbridge.storage.core.shares import Shares
from imbridge.storage.core.work import AddInbound, Known, Row, Unit, keys_of
from imbridge.storage.mongo.access import NOW, Access


class MongoTransaction:
    """Carries out units of work within a transaction."""

    def __init__(self, nodes: Nodes, shares: Shares | None, *, keep: float) -> None:
        """Nothing is done yet.

        Args:
            nodes: This process among them owns what is added.
            shares: Which chats are ours; None where all are.
            keep: For how many seconds dedup keys are kept.
        """
        self._nodes = nodes
        self._shares = shares
        self._keep = keep

    async def run(self, access: Access, units: Sequence[Unit], doubtful: Mapping[int, object], number: int) -> Plan:
        """Read, decide and write; the caller commits. `number` marks the transaction, see `happened`.

        Raises:
            FencedError: this process is declared gone; nothing may be written.
        """
        node = self._nodes.id
        await self._sign(access, node, number)
        known = await self._known(access, units)
        known.node = node
        if self._shares is not None:
            known.handed = await access.one("inbox", {"state": HANDED, "node": node}, ["seq"]) is not None
            await self._shares.look(access, (piece.lease for piece in _added(units)), known)
        settled: Sequence[int] = ()
        found: list[InboxEntry] = []
        if self._shares is not None and doubtful:
            settled, found = await self._shares.settle(access, units, doubtful)
        doubtful = {} if settled else doubtful
        made = plan(units, known, doubtful=doubtful, keep=self._keep)
        made.settled, made.handed = settled, found
        if self._shares is not None and made.claimed:
            lanes = {piece.lease: piece.entry.chat or piece.entry.lane for piece in _added(units)}
            await self._shares.claim(access, made, lanes)
        await self._write(access, made, known.now)
        for unit, run in made.runs:
            made.results[unit] = await run.statements(access)
        if self._shares is not None and (made.takes_handed or (known.handed and made.inbox_added)):
            # What others took in before came before what we take in now.
            made.handed += await self._shares.take_handed(access)
        return made

    async def _sign(self, access: Access, node: int, number: int) -> None:
        """First of all: whoever declares us gone meanwhile meets us at this document. It tells the time, too."""
        self._nodes.check()
        signed = await access.updated("commits", {"_id": node}, [{"$set": {"number": number, "at": NOW}}])
        if signed is not None:
            access.note_now(signed["at"])
        elif self._nodes.shared:
            raise FencedError(node)

    async def happened(self, access: Access, number: int) -> bool:
        """Whether the transaction with this number was committed."""
        found = await access.one("commits", {"_id": self._nodes.id}, ["number"])
        return found is not None and found["number"] == number

    async def _known(self, access: Access, units: Sequence[Unit]) -> Known:
        keys = {key for unit in units for piece in unit.pieces for key in keys_of(piece)}
        fences = {unit.fence[0] for unit in units if unit.fence is not None}
        known = Known(now=await access.now())
        if keys:
            for row in await access.find("dedup", {"_id": {"$in": list(keys)}}):
                known.see(row["id"], row["uid"], row["expires_at"], row["receipt"])
        if fences:
            these = {"_id": {"$in": sorted(fences)}}
            await access.hold("leases", these)  # nobody takes the conversation over before the commit
            known.fences = {row["id"]: row["fence"] for row in await access.find("leases", these)}
        return known

    async def _write(self, access: Access, made: Plan, now: float) -> None:
        for key, uid in sorted(made.keys_dropped):
            await access.delete("dedup", {"_id": key, "uid": uid})
        if made.keys_expired:
            await access.delete("dedup", {"_id": {"$in": sorted(made.keys_expired)}})
        await self._add(access, made)
        await access.insert("dedup", (made.keys_added[key] for key in sorted(made.keys_added)))
        await self._start(access, "inbox", made.inbox_started, now)
        await self._drop(access, "inbox", made.inbox_dropped)
        await self._start(access, "outbox", made.outbox_started, now)
        node = self._nodes.id
        noted = (({"_id": uid, "node": node}, {"$set": {"head": head}}) for uid, head in made.outbox_noted.items())
        await access.update_each("outbox", noted)
        await self._drop(access, "outbox", made.outbox_dropped)
        await access.put("sessions", (made.sessions[key] for key in sorted(made.sessions)))

    async def _add(self, access: Access, made: Plan) -> None:
        count = len(made.inbox_added) + len(made.outbox_added) + len(made.logged)
        if not count:
            return
        first = await access.numbers(count)
        numbers = iter(range(first, first + count))
        await access.insert("inbox", _numbered(made.inbox_added.values(), numbers))
        await access.insert("outbox", _numbered(made.outbox_added.values(), numbers))
        lines: list[dict[str, Any]] = _numbered(made.logged, numbers)
        await access.insert("log", ({**line, "id": line["seq"]} for line in lines))

    async def _start(self, access: Access, box: str, started: Mapping[int, int], now: float) -> None:
        """Nearly all are begun for the first time, and are one statement."""
        for attempts in set(started.values()):
            uids = [uid for uid, count in started.items() if count == attempts]
            begun = {"attempts": attempts, "started_at": now if attempts else None, "changed_at": now}
            await access.update(box, {"_id": {"$in": uids}, "node": self._nodes.id}, {"$set": begun})

    async def _drop(self, access: Access, box: str, uids: Sequence[int]) -> None:
        """Only what is ours: another process may have taken it over, and says itself when it is done."""
        if uids:
            await access.delete(box, {"_id": {"$in": list(uids)}, "node": self._nodes.id})


def _added(units: Iterable[Unit]) -> Iterator[AddInbound]:
    return (piece for unit in units for piece in unit.pieces if isinstance(piece, AddInbound))


def _numbered(rows: Iterable[Row], numbers: Iterator[int]) -> list[Row]:
    return [{**row, "seq": next(numbers)} for row in rows]
