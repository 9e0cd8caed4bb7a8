"""The media cache in a collection."""

from typing import Any

from imbridge.storage import json_values
from imbridge.storage.core.media import media_id, media_row
from imbridge.storage.core.work import RunStatements
from imbridge.storage.errors import StorageError
from imbridge.storage.media_cache import MediaCache
from imbridge.storage.mongo.access import Access
from imbridge.storage.mongo.database import MongoDatabase


class MongoMediaCache(MediaCache):
    """Documents with an end."""

    def __init__(self, run: RunStatements, database: MongoDatabase) -> None:
        """`run` has statements carried out by the writer."""
        self._run = run
        self._database = database

    async def put(  # noqa: D102 - inherited
        self, account: str, kind: str, content: str, value: Any, *, seconds: float
    ) -> None:
        row = media_row(account, kind, content, value)

        async def save(access: Access) -> None:
            await access.put("media", [{**row, "expires_at": await access.now() + seconds}])

        await self._run(save)

    async def get(self, account: str, kind: str, content: str) -> Any:  # noqa: D102 - inherited
        try:
            async with self._database.reading() as access:
                lives = {"_id": media_id(account, kind, content), "expires_at": {"$gt": await access.now()}}
                row = await access.one("media", lives, ["value"])
        except RuntimeError as error:
            raise StorageError(f"the media cache could not be read: {error}") from error
        return None if row is None else json_values.read(row["value"])

    async def drop(self, account: str, kind: str, content: str) -> None:  # noqa: D102 - inherited
        await self._run(lambda access: access.delete("media", {"_id": media_id(account, kind, content)}))
