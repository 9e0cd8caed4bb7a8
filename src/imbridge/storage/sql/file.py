"""Transactions on a SQLite file, each in one step of a thread.

A statement that goes to aiosqlite waits for its thread three or four times, and a transaction has ten; under load that
was most of what a durable bridge did. Here a thread reads, decides and writes a whole transaction by itself. What needs
a connection of SQLAlchemy (`Run`, leases) goes the usual way.
"""

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from sqlalchemy import Table

from imbridge.storage import json_values
from imbridge.storage.core.plan import Plan, plan
from imbridge.storage.core.portions import portions
from imbridge.storage.core.sessions import has_aged
from imbridge.storage.core.work import AddInbound, Known, Row, Run, TakeHanded, Unit, keys_of
from imbridge.storage.sql import tables
from imbridge.storage.sql.file_thread import FileThread

_VALUES = 900
"""Values of one statement: SQLite before 3.32 takes 999."""


class FileTransactions:
    """Carries out units in a thread of its own.

    Attributes:
        thread: Where.
    """

    def __init__(self, thread: FileThread, *, keep: float, noted_every: float | None) -> None:
        """`keep` is for how many seconds dedup keys are kept; `noted_every` is `Retention.use_noted_every`."""
        self.thread = thread
        self._keep = keep
        self._noted_every = noted_every
        self._inserts: dict[tuple[str, int], str] = {}

    @staticmethod
    def takes(units: Iterable[Unit]) -> bool:
        """Whether these need nothing else."""
        return not any(
            unit.fence is not None or isinstance(piece, Run | TakeHanded) for unit in units for piece in unit.pieces
        )

    async def run(self, units: Sequence[Unit], doubtful: Mapping[int, object], node: int) -> Plan:
        """Read, decide, write and commit.

        Raises:
            DBAPIError: as the usual way.
        """
        return await self.thread.run(self._run, units, doubtful, node)

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _run(
        self, connection: sqlite3.Connection, units: Sequence[Unit], doubtful: Mapping[int, object], node: int
    ) -> Plan:
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            known = self._known(cursor, units, node)
            made = plan(units, known, doubtful=doubtful, keep=self._keep)
            self._write(cursor, made, known.now, node)
            self._read_sessions(cursor, units, known.now)
            cursor.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                cursor.execute("ROLLBACK")
            raise
        finally:
            cursor.close()
        return made

    def _known(self, cursor: sqlite3.Cursor, units: Iterable[Unit], node: int) -> Known:
        known = Known(now=time.time(), node=node)  # it is the clock that SQLite reads
        keys = {key for unit in units for piece in unit.pieces for key in keys_of(piece)}
        for some in portions(keys, _VALUES):
            found = cursor.execute(
                f"SELECT id, uid, expires_at, receipt FROM {tables.dedup} WHERE id IN ({marks(len(some))})",  # noqa: S608
                some,
            )
            for row in found.fetchall():
                known.see(*row)
        return known

    def _write(self, cursor: sqlite3.Cursor, made: Plan, now: float, node: int) -> None:
        """As `Transaction` does, in the same order."""
        if made.keys_dropped:
            cursor.executemany(f"DELETE FROM {tables.dedup} WHERE id = ? AND uid = ?", made.keys_dropped)  # noqa: S608
        for some in portions(made.keys_expired, _VALUES):
            cursor.execute(f"DELETE FROM {tables.dedup} WHERE id IN ({marks(len(some))})", some)  # noqa: S608
        self._insert(cursor, tables.inbox, made.inbox_added.values())
        self._insert(cursor, tables.dedup, made.keys_added.values())
        self._start(cursor, tables.inbox, made.inbox_started, now, node)
        self._drop(cursor, tables.inbox, made.inbox_dropped, node)
        self._insert(cursor, tables.outbox, made.outbox_added.values())
        self._start(cursor, tables.outbox, made.outbox_started, now, node)
        if made.outbox_noted:
            noted = [(head, uid, node) for uid, head in made.outbox_noted.items()]
            cursor.executemany(f"UPDATE {tables.outbox} SET head = ? WHERE uid = ? AND node = ?", noted)  # noqa: S608
        self._drop(cursor, tables.outbox, made.outbox_dropped, node)
        self._insert(cursor, tables.sessions, made.sessions.values(), verb="INSERT OR REPLACE")
        self._insert(cursor, tables.log, made.logged)

    def _read_sessions(self, cursor: sqlite3.Cursor, units: Iterable[Unit], now: float) -> None:
        """For what is handled as soon as it is kept: that spares a wait for a step of another thread."""
        pieces = [piece for unit in units for piece in unit.pieces if isinstance(piece, AddInbound) and piece.session]
        for some in portions(pieces, _VALUES):
            found = read_sessions(cursor, [piece.session for piece in some])
            for piece in some:  # each its own: a skill changes what it gets
                row = found.get(piece.session)
                with suppress(ValueError):  # what cannot be read is told to whoever loads it
                    piece.entry.session = {} if row is None else json_values.read(row[0])
            aged = [(now, one) for one, (_, used_at) in found.items() if has_aged(used_at, now, self._noted_every)]
            if aged:
                cursor.executemany(f"UPDATE {tables.sessions} SET used_at = ? WHERE id = ?", aged)  # noqa: S608

    def _insert(self, cursor: sqlite3.Cursor, table: Table, rows: Iterable[Row], *, verb: str = "INSERT") -> None:
        """Many rows are one statement: each statement gives the interpreter away, and waits to have it back."""
        names = [column.name for column in table.columns if column.autoincrement is not True]
        for some in portions(rows, max(_VALUES // len(names), 1)):
            key = table.name, len(some)
            statement = self._inserts.get(key)
            if statement is None:
                values = ", ".join([f"({marks(len(names))})"] * len(some))
                statement = f"{verb} INTO {table} ({', '.join(names)}) VALUES {values}"
                self._inserts[key] = statement
            cursor.execute(statement, [row.get(name) for row in some for name in names])

    def _start(self, cursor: sqlite3.Cursor, box: Table, started: Mapping[int, int], now: float, node: int) -> None:
        for attempts in set(started.values()):
            for some in portions((uid for uid, count in started.items() if count == attempts), _VALUES - 4):
                cursor.execute(
                    f"UPDATE {box} SET attempts = ?, started_at = ?, changed_at = ? "  # noqa: S608
                    f"WHERE uid IN ({marks(len(some))}) AND node = ?",
                    (attempts, now if attempts else None, now, *some, node),
                )

    def _drop(self, cursor: sqlite3.Cursor, box: Table, uids: Iterable[int], node: int) -> None:
        for some in portions(uids, _VALUES - 1):
            cursor.execute(f"DELETE FROM {box} WHERE uid IN ({marks(len(some))}) AND node = ?", (*some, node))  # noqa: S608


def read_sessions(cursor: sqlite3.Cursor, ids: Sequence[str]) -> dict[str, tuple[str, float]]:
    """The states that are there, as JSON, and when their use was noted last."""
    query = f"SELECT id, state, used_at FROM {tables.sessions} WHERE id IN ({marks(len(ids))})"  # noqa: S608
    return {one: (state, used_at) for one, state, used_at in cursor.execute(query, ids).fetchall()}


def marks(count: int) -> str:
    """So many placeholders."""
    return ", ".join("?" * count)
