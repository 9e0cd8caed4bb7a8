"""Which chats are this process's, as documents."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from imbridge.storage.base import InboxEntry
from imbridge.storage.core.ids import plain
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.plan import HANDED
from imbridge.storage.core.shares import WHILE_IT_LIVES, Holding, Shares
from imbridge.storage.core.work import ReadRow
from imbridge.storage.mongo.access import Access, Document
from imbridge.storage.mongo.database import MongoDatabase


class MongoShares(Shares):
    """Documents of the leases; what is handed over is a document of the inbox."""

    def __init__(self, nodes: Nodes, database: MongoDatabase, read: Callable[[ReadRow], InboxEntry]) -> None:
        """`read` makes an entry of a row."""
        super().__init__(nodes, read)
        self._database = database

    async def waits(self) -> bool:  # noqa: D102 - inherited
        async with self._database.reading() as access:
            return await access.one("inbox", self._handed_to_us(), ["seq"]) is not None

    def _handed_to_us(self) -> Document:
        return {"state": HANDED, "node": self._nodes.id}

    async def _holdings(self, connection: Access, leases: Sequence[str]) -> Iterable[Holding]:
        these = {"_id": {"$in": list(leases)}}
        await connection.hold("leases", these)
        now = await connection.now()
        return [
            Holding(row["id"], row["holder"], row["fence"], row["until"] > now)
            for row in await connection.find("leases", these, sort=[("_id", 1)])
        ]

    async def _claim_new(self, connection: Access, lanes: Mapping[str, str], node: int) -> None:
        until = await connection.now() + WHILE_IT_LIVES
        rows = [{"id": one, "lane": lane, "holder": node, "fence": 1, "until": until} for one, lane in lanes.items()]
        await connection.insert("leases", rows)

    async def _claim_old(self, connection: Access, leases: Sequence[str], node: int) -> None:
        ours = {"holder": node, "until": await connection.now() + WHILE_IT_LIVES}
        await connection.update("leases", {"_id": {"$in": list(leases)}}, {"$set": ours, "$inc": {"fence": 1}})

    async def _hand(self, connection: Access, uid: int, holder: int) -> None:
        await connection.update("inbox", {"_id": uid}, {"$set": {"node": holder, "state": HANDED}})

    async def _handed(self, connection: Access, limit: int) -> Sequence[ReadRow]:
        return await connection.find("inbox", self._handed_to_us(), sort=[("seq", 1)], limit=limit)

    async def _pending(self, connection: Access, uids: Collection[int]) -> Sequence[ReadRow]:
        return await connection.find("inbox", {"_id": {"$in": list(uids)}, "node": self._nodes.id, "state": "pending"})

    async def _bury(self, connection: Access, uid: int, history: str) -> None:
        dead = {"state": "dead", "node": None, "history": history}
        await connection.update("inbox", {"_id": uid}, {"$set": dead})

    async def _take(self, connection: Access, uids: Sequence[int]) -> None:
        handed = {"_id": {"$in": list(uids)}, "state": HANDED}
        await connection.update("inbox", handed, {"$set": {"state": "pending"}})

    async def _hold(self, connection: Access, leases: Sequence[str]) -> None:
        await connection.hold("leases", {"_id": {"$in": list(leases)}, "holder": self._nodes.id})

    async def _handed_lanes(self, connection: Access) -> Iterable[str]:
        return await connection.distinct("inbox", "lane", self._handed_to_us())

    async def _free(self, connection: Access, leases: Sequence[str]) -> None:
        ours = {"_id": {"$in": list(leases)}, "holder": self._nodes.id}
        await connection.update("leases", ours, {"$set": {"until": await connection.now()}})

    async def _lanes_left(self, connection: Access, limit: int) -> Iterable[str]:
        left: set[str] = set()
        for box in ("inbox", "outbox"):
            left.update(await connection.distinct(box, "lane", {"node": self._nodes.id}))
        return left

    async def _free_but(self, connection: Access, leases: Collection[str]) -> None:
        now = await connection.now()
        ours = {"holder": self._nodes.id, "until": {"$gt": now}, "_id": {"$nin": list(leases)}}
        await connection.update("leases", ours, {"$set": {"until": now}})

    async def _without_holder(
        self, connection: Access, alive: Collection[int], accounts: Collection[str] | None
    ) -> Iterable[str]:
        lasting = {"$gt": await connection.now() + WHILE_IT_LIVES / 2}
        gone: Document = {"holder": {"$nin": list(alive)}, "until": lasting}
        if accounts is not None:
            gone["$or"] = [_of_account(account) for account in accounts]
        found = [row["id"] for row in await connection.find("leases", gone, sort=[("_id", 1)], fields=["fence"])]
        await connection.hold("leases", {"_id": {"$in": found}})
        return found

    async def _move(self, connection: Access, leases: Sequence[str]) -> None:
        moved = {"$set": {"holder": self._nodes.id}, "$inc": {"fence": 1}}
        await connection.update("leases", {"_id": {"$in": list(leases)}}, moved)


def _of_account(account: str) -> Document:
    return {"lane": {"$regex": f"^{re.escape(plain(account, 255))}(/|$)"}}
