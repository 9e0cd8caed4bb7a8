"""The media cache in a collection."""

from imbridge.storage.core.media import DatabaseMediaCache
from imbridge.storage.core.work import Row
from imbridge.storage.mongo.access import Access
from imbridge.storage.mongo.database import MongoDatabase


class MongoMediaCache(DatabaseMediaCache[MongoDatabase]):
    """Documents."""

    async def _save(self, row: Row, seconds: float, connection: Access) -> None:
        await connection.put("media", [{**row, "expires_at": await connection.now() + seconds}])

    async def _value(self, one: str) -> str | None:
        async with self._database.reading() as access:
            row = await access.one("media", {"_id": one, "expires_at": {"$gt": await access.now()}}, ["value"])
        return None if row is None else str(row["value"])

    async def _forget(self, one: str, connection: Access) -> None:
        await connection.delete("media", {"_id": one})
