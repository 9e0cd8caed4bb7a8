"""Leases in a collection."""

from imbridge.storage.core.ids import plain
from imbridge.storage.core.leases import DatabaseLeases, lease_id
from imbridge.storage.leases import Lease
from imbridge.storage.mongo.access import Access


class MongoLeases(DatabaseLeases):
    """Documents."""

    async def _claim(self, lane: str, seconds: float, connection: Access) -> Lease | None:
        one = lease_id(lane)
        now = await connection.now()
        held = await connection.one("leases", {"_id": one})
        mine = {"holder": self._nodes.id, "until": now + seconds}
        if held is None:  # two who do this at once meet at the key
            await connection.insert("leases", [{"id": one, "lane": plain(lane, 512), "fence": 1, **mine}])
            return Lease(lane, 1)
        others = held["until"] > now and held["holder"] != self._nodes.id
        if others and held["holder"] in await self._nodes.alive(connection):
            return None
        await connection.update("leases", {"_id": one}, {"$set": {"fence": held["fence"] + 1, **mine}})
        return Lease(lane, held["fence"] + 1)

    async def _until(self, lease: Lease, seconds: float, connection: Access) -> bool:
        ours = {"_id": lease_id(lease.lane), "fence": lease.fence, "holder": self._nodes.id}
        return bool(await connection.update("leases", ours, {"$set": {"until": await connection.now() + seconds}}))
