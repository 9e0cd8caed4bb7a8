"""Reading sessions from a collection."""

from collections.abc import Mapping, Sequence

from imbridge.storage.core.sessions import SessionReader
from imbridge.storage.mongo.database import MongoDatabase


class MongoSessionReader(SessionReader):
    """Documents by their ids."""

    def __init__(self, database: MongoDatabase) -> None:
        """Nothing is read yet."""
        super().__init__()
        self._database = database

    async def _found(self, ids: Sequence[str]) -> Mapping[str, str]:
        async with self._database.reading() as access:
            rows = await access.find("sessions", {"_id": {"$in": list(ids)}}, fields=["state"])
            return {row["id"]: row["state"] for row in rows}
