"""The processes that share a database, as documents."""

from collections.abc import Awaitable, Callable, Iterable

from imbridge.storage.core.nodes import MUTEX, Neighbour, Nodes, ResultT
from imbridge.storage.core.processes import identity
from imbridge.storage.mongo.access import Access
from imbridge.storage.mongo.database import MongoDatabase


class MongoNodes(Nodes):
    """Documents with an end.

    A process has two: one says until when it lives, and each of its transactions writes the other (`commits`). Whoever
    declares it gone deletes both, and meets what it is in the middle of. In one document its signs of life would be in
    conflict with its own transactions.
    """

    def __init__(self, database: MongoDatabase, *, lease: float, shared: bool = False) -> None:
        """It is among them from `join()` on."""
        super().__init__(lease=lease, shared=shared)
        self._database = database

    async def _change(self, work: Callable[[Access], Awaitable[ResultT]]) -> ResultT:
        return await self._database.change(work)

    async def _enter(self, connection: Access, node: int) -> None:
        host, process = identity()
        until = await connection.now() + self.lease
        row = {"id": node, "host": host, "process": process, "until": until}
        await connection.insert("nodes", [{**row, "sessions": self._database.sessions}])
        await connection.insert("commits", [{"id": node, "number": 0}])

    async def _renew(self, connection: Access, node: int) -> bool:
        until = await connection.now() + self.lease
        return bool(await connection.update("nodes", {"_id": node}, {"$set": {"until": until}}))

    async def _remove(self, connection: Access, node: int) -> bool:
        await connection.delete("commits", {"_id": node})
        return bool(await connection.delete("nodes", {"_id": node}))

    async def _remove_silent(self, connection: Access, node: int) -> bool:
        if not await connection.delete("nodes", {"_id": node, "until": {"$lte": await connection.now()}}):
            return False
        await connection.delete("commits", {"_id": node})
        return True

    async def _count(self, connection: Access) -> int:
        return await connection.count("nodes", {"_id": {"$ne": self.id}, "until": {"$gt": await connection.now()}})

    async def _all(self, connection: Access) -> Iterable[Neighbour]:
        now = await connection.now()
        return [
            Neighbour(row["id"], row["host"], row["process"], row["until"], row["until"] > now)
            for row in await connection.find("nodes", {}, sort=[("_id", 1)])
        ]

    async def _hold(self, connection: Access) -> None:
        await self._end_transactions()
        held = {"id": MUTEX, "lane": "", "holder": self.id, "fence": 0, "until": 0.0}
        await connection.put("leases", [held])

    async def _end_transactions(self) -> None:
        """End what processes that are gone were in the middle of.

        A server does not end it with their connections, but only after a minute (transactionLifetimeLimitSeconds), and
        till then all who write what they wrote are in conflict with them.
        """
        access = self._database.now
        now = await access.now()
        left = []
        for row in await access.find("nodes", {"_id": {"$ne": self.id}}):
            node = Neighbour(row["id"], row["host"], row["process"], row["until"], row["until"] > now)
            if node.has_ended or not node.lives:
                left += row["sessions"]
        if left:
            await self._database.kill(left)

    async def undo_starts(self, connection: Access, node: int) -> None:  # noqa: D102 - inherited
        begun = {"node": node, "started_at": {"$ne": None}, "attempts": {"$gt": 0}}
        for box in ("inbox", "outbox"):
            await connection.update(box, begun, {"$set": {"started_at": None}, "$inc": {"attempts": -1}})
