"""The writer's transactions."""

import time
from collections.abc import Sequence

from imbridge.storage.core.committing import Committing
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.plan import Plan
from imbridge.storage.core.shares import Shares
from imbridge.storage.core.work import Unit
from imbridge.storage.mongo import faults
from imbridge.storage.mongo.access import Access
from imbridge.storage.mongo.database import MongoDatabase, pause
from imbridge.storage.mongo.transaction import MongoTransaction


class MongoCommitting(Committing):
    """Each transaction has a session of its own; which connection it goes over is the client's affair."""

    renews = False

    def __init__(
        self, database: MongoDatabase, transaction: MongoTransaction, nodes: Nodes, shares: Shares | None
    ) -> None:
        """Nothing is connected yet."""
        super().__init__(nodes, shares, faults, patience=database.patience)
        self._database = database
        self._transaction = transaction

    async def _carry_out(self, units: Sequence[Unit], *, again: bool) -> tuple[Plan, float]:
        began = time.monotonic()

        async def carry_out(access: Access) -> Plan:
            if not again or not await self._transaction.happened(access, self._number):
                doubtful = self.doubts.inbound(self._nodes.id)
                self._made = await self._transaction.run(access, units, doubtful, self._number)
            return self._made

        return await self._database.transaction(carry_out), began

    async def _let_go(self) -> None:
        """The client does so by itself."""

    async def _before_next(self, conflict: int, error: BaseException) -> None:
        if not faults.is_duplicate(error):  # who was quicker with a key is done already
            await pause(conflict)
