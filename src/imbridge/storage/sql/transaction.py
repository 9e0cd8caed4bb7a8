"""One transaction: read what is known, decide, write."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.base import InboxEntry
from imbridge.storage.core.nodes import FencedError, Nodes
from imbridge.storage.core.plan import HANDED, Plan, plan
from imbridge.storage.core.shares import Shares
from imbridge.storage.core.work import AddInbound, Known, Row, Unit, keys_of
from imbridge.storage.sql import tables
from imbridge.storage.sql.dialect import db_now, upsert


class Transaction:
    """Carries out units of work on a connection that has begun a transaction. It holds the statements."""

    def __init__(self, dialect: str, nodes: Nodes, shares: Shares | None, *, keep: float) -> None:
        """Make the statements.

        Args:
            dialect: Of the database.
            nodes: This process among them owns what is added.
            shares: Which chats are ours; None where all are.
            keep: For how many seconds dedup keys are kept.
        """
        self._sqlite = dialect == "sqlite"
        self._nodes = nodes
        self._shares = shares
        self._keep = keep
        self._save_sessions = upsert(dialect, tables.sessions, ("lane", "state", "used_at"))
        self._drop_keys = delete(tables.dedup).where(
            tables.dedup.c.id == bindparam("of_id"), tables.dedup.c.uid == bindparam("of_uid")
        )
        self._note = (
            update(tables.outbox)
            .where(tables.outbox.c.uid == bindparam("of_uid"), tables.outbox.c.node == bindparam("us"))
            .values(head=bindparam("to_head"))
        )
        handed = tables.inbox.c.state == HANDED, tables.inbox.c.node == bindparam("us")
        self._begin = select(db_now(), exists().where(*handed))
        us = tables.nodes.c.id == bindparam("us")
        number: dict[str, Any] = {"commits": bindparam("number")}
        if shares is not None:
            number["until"] = db_now() + nodes.lease
        self._number = update(tables.nodes).where(us).values(**number)
        self._read_number = select(tables.nodes.c.commits).where(us)

    async def run(
        self, connection: AsyncConnection, units: Sequence[Unit], doubtful: Mapping[int, object], number: int
    ) -> Plan:
        """Read, decide and write; the caller commits. `number` marks the transaction, see `happened`.

        Raises:
            FencedError: this process is declared gone; nothing may be written.
        """
        node = self._nodes.id
        if not self._sqlite or self._shares is not None:
            # First of all, and locked until the end: nobody declares us gone in the middle.
            self._nodes.check()
            there = (await connection.execute(self._number, {"number": number, "us": node})).rowcount
            if self._nodes.shared and not there:
                raise FencedError(node)
        known = await self._known(connection, units)
        known.node = node
        if self._shares is not None:
            await self._shares.look(connection, _leases(units), known)
        settled: Sequence[int] = ()
        found: list[InboxEntry] = []
        if self._shares is not None and doubtful:
            settled, found = await self._shares.settle(connection, units, doubtful)
        doubtful = {} if settled else doubtful
        made = plan(units, known, doubtful=doubtful, keep=self._keep)
        made.settled, made.handed = settled, found
        if self._shares is not None and made.claimed:
            lanes = {piece.lease: piece.entry.chat or piece.entry.lane for piece in _added(units)}
            await self._shares.claim(connection, made, lanes)
        await self._write(connection, made)
        for unit, run in made.runs:
            made.results[unit] = await run.statements(connection)
        if self._shares is not None and (made.takes_handed or (known.handed and made.inbox_added)):
            # What others took in before came before what we take in now.
            made.handed += await self._shares.take_handed(connection)
        return made

    async def happened(self, connection: AsyncConnection, number: int) -> bool:
        """Whether the transaction with this number was committed. A file has no connection that breaks."""
        return not self._sqlite and await connection.scalar(self._read_number, {"us": self._nodes.id}) == number

    async def _begun(self, connection: AsyncConnection) -> Known:
        if self._shares is None:
            return Known(now=float(await connection.scalar(select(db_now())) or 0.0))
        row = (await connection.execute(self._begin, {"us": self._nodes.id})).one()
        return Known(now=float(row[0]), handed=bool(row[1]))

    async def _known(self, connection: AsyncConnection, units: Sequence[Unit]) -> Known:
        keys = {key for unit in units for piece in unit.pieces for key in keys_of(piece)}
        fences = {unit.fence[0] for unit in units if unit.fence is not None}
        known = await self._begun(connection)
        if keys:
            table = tables.dedup
            found = await connection.execute(
                select(table.c.id, table.c.uid, table.c.expires_at, table.c.receipt).where(table.c.id.in_(keys))
            )
            for row in found:
                known.see(*row)
        if fences:
            held = tables.leases
            query = select(held.c.id, held.c.fence).where(held.c.id.in_(fences)).order_by(held.c.id)
            # Nobody takes the conversation over between this look and the commit.
            rows = await connection.execute(query if self._sqlite else query.with_for_update())
            known.fences = {row.id: row.fence for row in rows}
        return known

    async def _write(self, connection: AsyncConnection, made: Plan) -> None:
        if made.keys_dropped:
            rows = [{"of_id": key, "of_uid": uid} for key, uid in sorted(made.keys_dropped)]
            await connection.execute(self._drop_keys, rows)
        if made.keys_expired:
            await connection.execute(delete(tables.dedup).where(tables.dedup.c.id.in_(sorted(made.keys_expired))))
        await _insert(connection, tables.inbox, made.inbox_added.values())
        # In one order everywhere, so that two processes with the same keys wait for each other and not in a circle.
        await _insert(connection, tables.dedup, (made.keys_added[key] for key in sorted(made.keys_added)))
        await self._start(connection, tables.inbox, made.inbox_started)
        await self._drop(connection, tables.inbox, made.inbox_dropped)
        await _insert(connection, tables.outbox, made.outbox_added.values())
        await self._start(connection, tables.outbox, made.outbox_started)
        if made.outbox_noted:
            us = self._nodes.id
            noted = [{"of_uid": uid, "to_head": head, "us": us} for uid, head in made.outbox_noted.items()]
            await connection.execute(self._note, noted)
        await self._drop(connection, tables.outbox, made.outbox_dropped)
        if made.sessions:
            await connection.execute(self._save_sessions, [made.sessions[key] for key in sorted(made.sessions)])
        await _insert(connection, tables.log, made.logged)

    async def _start(self, connection: AsyncConnection, box: Table, started: Mapping[int, int]) -> None:
        """Nearly all are begun for the first time, and are one statement."""
        for attempts in set(started.values()):
            uids = [uid for uid, count in started.items() if count == attempts]
            await connection.execute(
                update(box)
                .where(box.c.uid.in_(uids), box.c.node == self._nodes.id)
                .values(attempts=attempts, started_at=db_now() if attempts else None, changed_at=db_now())
            )

    async def _drop(self, connection: AsyncConnection, box: Table, uids: Sequence[int]) -> None:
        """Only what is ours: another process may have taken it over, and says itself when it is done."""
        if uids:
            await connection.execute(delete(box).where(box.c.uid.in_(uids), box.c.node == self._nodes.id))


def _added(units: Iterable[Unit]) -> Iterator[AddInbound]:
    return (piece for unit in units for piece in unit.pieces if isinstance(piece, AddInbound))


def _leases(units: Iterable[Unit]) -> Iterator[str]:
    return (piece.lease for piece in _added(units))


async def _insert(connection: AsyncConnection, table: Table, rows: Iterable[Row]) -> None:
    listed: list[dict[str, Any]] = list(rows)
    if listed:
        await connection.execute(insert(table), listed)
