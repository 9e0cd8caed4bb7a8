"""Looking at entries in collections, and changing them."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from imbridge.storage.core.backlog import Backlog
from imbridge.storage.core.ids import plain
from imbridge.storage.core.plan import OPEN
from imbridge.storage.core.work import ReadRow
from imbridge.storage.durable import Box, EntryState, Sought
from imbridge.storage.mongo.access import Access, Document
from imbridge.storage.mongo.database import MongoDatabase


class MongoBacklog(Backlog[MongoDatabase]):
    """Documents of the boxes."""

    @property
    def _locks(self) -> bool:
        return True

    def _reading(self) -> AbstractAsyncContextManager[Access]:
        return self._database.reading()

    async def _page(
        self, connection: Access, box: Box, state: EntryState, sought: Sought, last: int, size: int
    ) -> Sequence[ReadRow]:
        wanted = {**_wanted(state, sought), "seq": {"$gt": last}}
        return await connection.find(box, wanted, sort=[("seq", 1)], limit=size)

    async def _count(self, connection: Access, box: Box, state: EntryState, sought: Sought) -> int:
        return await connection.count(box, _wanted(state, sought))

    async def _now(self, connection: Access) -> float:
        return await connection.now()

    async def _hold(self, connection: Access, box: Box, uids: Sequence[int], state: EntryState) -> Sequence[ReadRow]:
        these = {"_id": {"$in": list(uids)}, **_is(state)}
        return await connection.find(box, these, sort=[("seq", 1)], fields=["node", "history"])

    async def _history(self, connection: Access, box: Box, uid: int, node: int) -> str | None:
        found = await connection.one(box, _ours(uid, node), ["history"])
        return None if found is None else str(found["history"])

    async def _change(
        self, connection: Access, box: Box, uid: int, values: dict[str, Any], *, node: int | None = None
    ) -> bool:
        this = {"_id": uid} if node is None else _ours(uid, node)
        return bool(await connection.update(box, this, {"$set": values}))

    async def _delete(self, connection: Access, box: Box, uids: Sequence[int]) -> None:
        await connection.delete(box, {"_id": {"$in": list(uids)}})

    async def _of_lane(self, connection: Access, lane: str, limit: int) -> Sequence[ReadRow]:
        waiting = {"lane": plain(lane, 512), "state": {"$in": list(OPEN)}}
        return await connection.find("inbox", waiting, sort=[("seq", 1)], limit=limit)

    async def _take(self, connection: Access, uids: Sequence[int], node: int) -> None:
        ours = {"node": node, "state": EntryState.PENDING.value}
        await connection.update("inbox", {"_id": {"$in": list(uids)}}, {"$set": ours})


def _ours(uid: int, node: int) -> Document:
    return {"_id": uid, "node": node, "state": EntryState.PENDING.value}


def _wanted(state: EntryState, sought: Sought) -> Document:
    wanted = _is(state)
    if "uids" in sought:
        wanted["_id"] = {"$in": list(sought["uids"])}
    if "account" in sought:
        wanted["account"] = plain(sought["account"], 255)
    if "lane" in sought:
        wanted["lane"] = plain(sought["lane"], 512)
    created: Document = {}
    if "since" in sought:
        created["$gte"] = sought["since"]
    if "until" in sought:
        created["$lt"] = sought["until"]
    return {**wanted, "created_at": created} if created else wanted


def _is(state: EntryState) -> Document:
    return {"state": {"$in": list(OPEN)} if state is EntryState.PENDING else state.value}
