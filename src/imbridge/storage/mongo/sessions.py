"""Reading sessions from a collection."""

from collections.abc import Mapping, Sequence

from imbridge.storage.core.sessions import SessionReader
from imbridge.storage.mongo.access import Access
from imbridge.storage.mongo.database import MongoDatabase


class MongoSessionReader(SessionReader[MongoDatabase]):
    """Documents by their ids."""

    async def _found(self, ids: Sequence[str]) -> Mapping[str, tuple[str, float]]:
        async with self._database.reading() as access:
            rows = await access.find("sessions", {"_id": {"$in": list(ids)}}, fields=["state", "used_at"])
            return {row["id"]: (row["state"], row["used_at"]) for row in rows}

    async def _note_use(self, connection: Access, ids: Sequence[str]) -> None:
        in_use = {"$set": {"used_at": await connection.now()}}
        await connection.update("sessions", {"_id": {"$in": sorted(ids)}}, in_use)
