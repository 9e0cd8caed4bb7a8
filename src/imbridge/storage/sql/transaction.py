"""One transaction: read what is known, decide, write."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.sql import tables
from imbridge.storage.sql.dialect import db_now, upsert
from imbridge.storage.sql.plan import Plan, plan
from imbridge.storage.sql.work import AddInbound, AddOutbound, FinishOutbound, Known, Piece, Row, Unit


class Transaction:
    """Carries out units of work on a connection that has begun a transaction. It holds the statements."""

    def __init__(self, dialect: str, node: int, *, keep: float) -> None:
        """`node` owns what is added; `keep` is for how many seconds dedup keys are kept."""
        self._sqlite = dialect == "sqlite"
        self._node = node
        self._keep = keep
        self._save_sessions = upsert(dialect, tables.sessions, ("lane", "state", "used_at"))
        self._drop_keys = delete(tables.dedup).where(
            tables.dedup.c.id == bindparam("of_id"), tables.dedup.c.uid == bindparam("of_uid")
        )
        self._note = (
            update(tables.outbox)
            .where(tables.outbox.c.uid == bindparam("of_uid"), tables.outbox.c.node == node)
            .values(head=bindparam("to_head"))
        )
        self._number = update(tables.nodes).where(tables.nodes.c.id == node).values(commits=bindparam("number"))
        self._read_number = select(tables.nodes.c.commits).where(tables.nodes.c.id == node)

    async def run(
        self, connection: AsyncConnection, units: Sequence[Unit], doubtful: Mapping[int, object], number: int
    ) -> Plan:
        """Read, decide and write; the caller commits. `number` marks the transaction, see `happened`."""
        made = plan(units, await self._known(connection, units), doubtful=doubtful, keep=self._keep)
        await self._write(connection, made)
        for unit, run in made.runs:
            made.results[unit] = await run.statements(connection)
        if not self._sqlite:
            await connection.execute(self._number, {"number": number})
        return made

    async def happened(self, connection: AsyncConnection, number: int) -> bool:
        """Whether the transaction with this number was committed. A file has no connection that breaks."""
        return not self._sqlite and await connection.scalar(self._read_number) == number

    async def _known(self, connection: AsyncConnection, units: Sequence[Unit]) -> Known:
        keys = {key for unit in units for piece in unit.pieces for key in _keys_of(piece)}
        fences = {unit.fence[0] for unit in units if unit.fence is not None}
        known = Known(now=float(await connection.scalar(select(db_now())) or 0.0))
        if keys:
            table = tables.dedup
            found = await connection.execute(
                select(table.c.id, table.c.uid, table.c.expires_at, table.c.receipt).where(table.c.id.in_(keys))
            )
            for key, uid, expires_at, receipt in found:
                if expires_at > known.now:
                    known.keys[key] = uid
                    if receipt is not None:
                        known.receipts[key] = receipt
                else:
                    known.expired.add(key)
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
            noted = [{"of_uid": uid, "to_head": head} for uid, head in made.outbox_noted.items()]
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
                .where(box.c.uid.in_(uids), box.c.node == self._node)
                .values(attempts=attempts, started_at=db_now(), changed_at=db_now())
            )

    async def _drop(self, connection: AsyncConnection, box: Table, uids: Sequence[int]) -> None:
        """Only what is ours: another process may have taken it over, and says itself when it is done."""
        if uids:
            await connection.execute(delete(box).where(box.c.uid.in_(uids), box.c.node == self._node))


def _keys_of(piece: Piece) -> Sequence[str]:
    """The keys that have to be looked for."""
    if isinstance(piece, AddInbound):
        return piece.keys
    return (piece.key,) if isinstance(piece, AddOutbound | FinishOutbound) and piece.key else ()


async def _insert(connection: AsyncConnection, table: Table, rows: Iterable[Row]) -> None:
    listed: list[dict[str, Any]] = list(rows)
    if listed:
        await connection.execute(insert(table), listed)
