"""Leases in a collection."""

from functools import partial

from imbridge.storage.core.ids import plain
from imbridge.storage.core.leases import lease_id
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.work import RunStatements
from imbridge.storage.leases import Lease, Leases
from imbridge.storage.mongo.access import Access


class MongoLeases(Leases):
    """Every claim is part of the writer's next transaction."""

    def __init__(self, run: RunStatements, nodes: Nodes) -> None:
        """`run` has statements carried out by the writer."""
        self._run = run
        self._nodes = nodes

    async def claim(self, lane: str, *, seconds: float) -> Lease | None:  # noqa: D102 - inherited
        taken: Lease | None = await self._run(partial(self._claim, lane, seconds))
        return taken

    async def renew(self, lease: Lease, *, seconds: float) -> bool:  # noqa: D102 - inherited
        renewed: bool = await self._run(partial(self._until, lease, seconds))
        return renewed

    async def release(self, lease: Lease) -> bool:  # noqa: D102 - inherited
        released: bool = await self._run(partial(self._until, lease, 0.0))  # the document has to stay, with its number
        return released

    async def _claim(self, lane: str, seconds: float, access: Access) -> Lease | None:
        one = lease_id(lane)
        now = await access.now()
        held = await access.one("leases", {"_id": one})
        mine = {"holder": self._nodes.id, "until": now + seconds}
        if held is None:  # two who do this at once meet at the key
            await access.insert("leases", [{"id": one, "lane": plain(lane, 512), "fence": 1, **mine}])
            return Lease(lane, 1)
        others = held["until"] > now and held["holder"] != self._nodes.id
        if others and held["holder"] in await self._nodes.alive(access):
            return None
        await access.update("leases", {"_id": one}, {"$set": {"fence": held["fence"] + 1, **mine}})
        return Lease(lane, held["fence"] + 1)

    async def _until(self, lease: Lease, seconds: float, access: Access) -> bool:
        ours = {"_id": lease_id(lease.lane), "fence": lease.fence, "holder": self._nodes.id}
        return bool(await access.update("leases", ours, {"$set": {"until": await access.now() + seconds}}))
