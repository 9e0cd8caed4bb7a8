"""Carrying units out whatever happens: conflicts are decided again, a broken connection is tried once more."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.plan import Plan
from imbridge.storage.core.portions import halves
from imbridge.storage.core.work import AddInbound, Unit, apart
from imbridge.storage.errors import StorageError
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import in_words, is_about_all, is_conflict, is_lost
from imbridge.storage.sql.file import FileTransactions
from imbridge.storage.sql.nodes import FencedError, Nodes
from imbridge.storage.sql.shares import Shares
from imbridge.storage.sql.transaction import Transaction

log = logging.getLogger(__name__)

_CONFLICTS = 20
_MAX_DOUBTFUL = 100_000


class Committing:
    """The writer's connection, and the rules of when a transaction is tried again."""

    def __init__(
        self,
        database: Database,
        transaction: Transaction,
        nodes: Nodes,
        shares: Shares | None,
        file: FileTransactions | None,
    ) -> None:
        """Nothing is connected yet. `file` carries out what it takes."""
        self._database = database
        self._nodes = nodes
        self._shares = shares
        self._transaction = transaction
        self._file = file
        self._connection: AsyncConnection | None = None
        self._number = 0
        self._made = Plan()
        self._doubtful: OrderedDict[int, None] = OrderedDict()

    async def close(self) -> None:
        """Let go of the connections."""
        if self._file is not None:
            await self._file.thread.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def commit(self, units: Sequence[Unit]) -> list[Any]:
        """Carry units out: each one's result, or its error."""
        if gone := self._database.gone:
            return [StorageError(f"not stored: {gone}", passing=True) for _ in units]
        return [result for some in apart(units) for result in await self._together(some)]

    async def _together(self, units: Sequence[Unit]) -> list[Any]:
        try:
            return await self._under_our_number(units)
        except Exception as error:  # noqa: BLE001 - statements of others are run here: their errors are for who asked
            away = is_about_all(error) or (isinstance(error, StorageError) and error.passing)
            if len(units) == 1 or away:
                return [_told(error) for _ in units]
        first, second = halves(units)  # one of them cannot be done: nobody else is to fail with it
        return [*await self._together(first), *await self._together(second)]

    async def _under_our_number(self, units: Sequence[Unit]) -> list[Any]:
        """When others have declared us gone, we go on under another number: what was ours under the old one is not."""
        while True:
            try:
                return await self._tried(units)
            except FencedError as fenced:
                await self._nodes.rejoin(fenced.node)

    async def _tried(self, units: Sequence[Unit]) -> list[Any]:
        broken = 0
        for conflict in range(_CONFLICTS):
            self._number += 0 if broken else 1
            try:
                results = await self._once(units, again=broken > 0)
            except BaseException as error:
                lost = is_lost(error)
                if lost or isinstance(error, TimeoutError):
                    self._doubt(units)
                if lost or isinstance(error, TimeoutError) or not isinstance(error, Exception):
                    await self._let_go()
                if lost and not broken:
                    broken += 1
                    log.warning("the connection to the database broke (%s); trying once more", in_words(error))
                elif not is_conflict(error) or conflict == _CONFLICTS - 1:
                    raise
            else:
                if broken:
                    self._trust(units)
                return results
        raise AssertionError("the last conflict is raised")

    async def _once(self, units: Sequence[Unit], *, again: bool) -> list[Any]:
        began = time.monotonic()
        async with asyncio.timeout(self._database.patience):
            if self._file is not None and self._file.takes(units):
                self._made = await self._file.run(units, self._doubtful, self._nodes.id)
            else:
                began = await self._on_connection(units, again=again)
        made = self._made
        for kept_as in made.adopted.values():
            self._doubtful.pop(kept_as, None)
        if made.adopted or self._shares is not None:
            for unit in units:
                for piece in unit.pieces:
                    if isinstance(piece, AddInbound):
                        piece.entry.uid = made.adopted.get(piece.uid, piece.uid)
                        piece.entry.handed_over = piece.uid in made.handed_over
                        piece.entry.fence = made.node if self._shares is not None else 0
        for number, run in made.runs:
            if run.then is not None:
                run.then(made.results[number], made.node)
        if self._shares is not None:
            self._nodes.note_contact(began)
            self._shares.committed(made)
        return made.results

    async def _on_connection(self, units: Sequence[Unit], *, again: bool) -> float:
        """The usual way; when it began."""
        if self._connection is None:
            self._connection = await self._database.writing()
        connection = self._connection
        began = time.monotonic()
        async with connection.begin():
            if not again or not await self._transaction.happened(connection, self._number):
                self._made = await self._transaction.run(connection, units, self._doubtful, self._number)
        return began

    def _doubt(self, units: Sequence[Unit]) -> None:
        """They may be stored: when the platform brings them again, somebody has to handle them."""
        for unit in units:
            for piece in unit.pieces:
                if isinstance(piece, AddInbound):
                    self._doubtful[piece.uid] = None
        while len(self._doubtful) > _MAX_DOUBTFUL:
            self._doubtful.popitem(last=False)

    def _trust(self, units: Sequence[Unit]) -> None:
        """What became of them is known after all."""
        for unit in units:
            for piece in unit.pieces:
                if isinstance(piece, AddInbound):
                    self._doubtful.pop(piece.uid, None)

    async def _let_go(self) -> None:
        """The next transaction begins with a connection of its own."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.invalidate()
            await connection.close()
        except (exc.SQLAlchemyError, OSError, EOFError) as error:
            log.debug("a broken connection could not be closed: %s", in_words(error))


def _told(error: Exception) -> Exception:
    """What whoever asked is told."""
    if isinstance(error, exc.SQLAlchemyError | OSError | EOFError):
        return StorageError(f"not stored: {in_words(error)}", passing=is_about_all(error))
    return error
