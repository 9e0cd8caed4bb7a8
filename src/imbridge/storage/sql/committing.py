"""Transactions on the writer's connection, or in the thread of a SQLite file."""

import logging
import time
from collections.abc import Sequence

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.committing import Committing
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.plan import Plan
from imbridge.storage.core.shares import Shares
from imbridge.storage.core.work import Unit
from imbridge.storage.sql import dialect
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.file import FileTransactions
from imbridge.storage.sql.transaction import Transaction

log = logging.getLogger(__name__)


class SqlCommitting(Committing):
    """The writer's connection."""

    def __init__(
        self,
        database: Database,
        transaction: Transaction,
        nodes: Nodes,
        shares: Shares | None,
        file: FileTransactions | None,
    ) -> None:
        """Nothing is connected yet. `file` carries out what it takes."""
        super().__init__(nodes, shares, dialect, patience=database.patience)
        self._database = database
        self._transaction = transaction
        self._file = file
        self._connection: AsyncConnection | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._file is not None:
            await self._file.thread.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    @property
    def _gone(self) -> str:
        return self._database.gone

    async def _carry_out(self, units: Sequence[Unit], *, again: bool) -> tuple[Plan, float]:
        began = time.monotonic()
        if self._file is not None and self._file.takes(units):
            return await self._file.run(units, self.doubts.inbound(self._nodes.id), self._nodes.id), began
        if self._connection is None:
            self._connection = await self._database.writing()
        connection = self._connection
        made, began = self._made, time.monotonic()
        async with connection.begin():
            if not again or not await self._transaction.happened(connection, self._number):
                doubtful = self.doubts.inbound(self._nodes.id)
                self._made = made = await self._transaction.run(connection, units, doubtful, self._number)
        return made, began

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.invalidate()
            await connection.close()
        except (exc.SQLAlchemyError, OSError, EOFError) as error:
            log.debug("a broken connection could not be closed: %s", dialect.in_words(error))
