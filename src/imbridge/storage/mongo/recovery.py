"""Finding what processes that are gone left unfinished, in collections."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from imbridge.storage.core.ids import plain
from imbridge.storage.core.plan import OPEN
from imbridge.storage.core.portions import portions
from imbridge.storage.core.recovery import Judged, Recovery
from imbridge.storage.core.work import ReadRow
from imbridge.storage.durable import Box
from imbridge.storage.mongo.access import Access, Document
from imbridge.storage.mongo.database import MongoDatabase


class MongoRecovery(Recovery[MongoDatabase]):
    """Reads and changes documents of the boxes."""

    async def _unclear(self, box: Box, accounts: Collection[str] | None) -> dict[int, float]:
        async with self._database.reading() as access:
            alive = await self._nodes.alive(access)
            unseen = {node: until for node, until in alive.items() if until is not None}
            if not unseen:
                return {}
            held = {**_pending(accounts), "node": {"$in": list(unseen)}}
            return {node: unseen[node] for node in await access.distinct(box, "node", held)}

    async def finds(self, box: Box, accounts: Collection[str] | None) -> bool:  # noqa: D102 - inherited
        async with self._database.reading() as access:
            left = _left(accounts, await self._nodes.alive(access))
            return await access.one(box, left, ["seq"]) is not None

    async def unclaimed(self, accounts: Collection[str]) -> dict[str, int]:  # noqa: D102 - inherited
        found: Counter[str] = Counter()
        others = [plain(account, 255) for account in accounts]
        async with self._database.reading() as access:
            left = {**_left(None, await self._nodes.alive(access)), "account": {"$nin": others}}
            for box in Box:
                found.update(await access.groups(box, "account", left))
        return dict(found)

    async def _left(
        self, connection: Access, box: Box, accounts: Collection[str] | None, alive: Collection[int]
    ) -> Sequence[ReadRow]:
        return await connection.find(box, _left(accounts, alive), sort=[("seq", 1)])

    async def _now(self, connection: Access) -> float:
        return await connection.now()

    async def _under_way(self, connection: Access, box: Box, nodes: Collection[int]) -> Mapping[int, int]:
        begun = {**_pending(None), "started_at": {"$ne": None}, "node": {"$in": list(nodes)}}
        return await connection.groups(box, "node", begun)

    async def _keep(self, connection: Access, box: Box, uids: Sequence[int]) -> None:
        for some in portions(uids):
            ours = {"$set": {"node": self._nodes.id, "state": "pending"}}
            await connection.update(box, {"_id": {"$in": some}}, ours)

    async def _write(self, connection: Access, box: Box, judged: Sequence[Judged], now: float) -> None:
        def change(one: Judged) -> Document:
            return {
                "state": "dead" if one.dead else "pending",
                "node": None if one.dead else self._nodes.id,
                "history": one.history,
                "started_at": None,
                "changed_at": now,
            }

        changes = (({"_id": one.uid}, {"$set": change(one)}) for one in judged)
        await connection.update_each(box, changes)


def _left(accounts: Collection[str] | None, alive: Collection[int]) -> Document:
    """What tells an entry that nobody works on from the others."""
    return {**_pending(accounts), "node": {"$nin": list(alive)}}


def _pending(accounts: Collection[str] | None) -> Document:
    """What waits or is worked on, of these accounts; None: of all."""
    wanted: Document = {"state": {"$in": list(OPEN)}}
    if accounts is not None:
        wanted["account"] = {"$in": sorted({plain(account, 255) for account in accounts})}
    return wanted
