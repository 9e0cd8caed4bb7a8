"""The message log in a collection."""

import re

from imbridge.storage.core.ids import plain
from imbridge.storage.message_log import Direction, LogLine, MessageLog
from imbridge.storage.mongo.access import Document
from imbridge.storage.mongo.database import MongoDatabase


class MongoMessageLog(MessageLog):
    """Searches it; it is written with the messages themselves."""

    def __init__(self, database: MongoDatabase) -> None:
        """Nothing is read yet."""
        self._database = database

    async def search(  # noqa: D102 - inherited
        self,
        *,
        channel: str | None = None,
        sender: str | None = None,
        text: str | None = None,
        direction: Direction | None = None,
        since: float | None = None,
        until: float | None = None,
        before: LogLine | None = None,
        limit: int = 50,
    ) -> list[LogLine]:
        wanted: list[Document] = [{}]
        if channel is not None:
            wanted.append({"channel": plain(channel, 512)})
        if sender is not None:
            wanted.append({"sender_id": plain(sender, 255)})
        if direction is not None:
            wanted.append({"direction": direction})
        if since is not None:
            wanted.append({"at": {"$gte": since}})
        if until is not None:
            wanted.append({"at": {"$lt": until}})
        if text:
            wanted.append({"text": {"$regex": re.escape(plain(text)), "$options": "i"}})
        if before is not None:
            same = {"at": before.at, "seq": {"$lt": before.number}}
            wanted.append({"$or": [{"at": {"$lt": before.at}}, same]})
        if limit <= 0:  # to MongoDB it means no limit
            return []
        async with self._database.reading() as access:
            rows = await access.find("log", {"$and": wanted}, sort=[("at", -1), ("seq", -1)], limit=limit)
        return [LogLine.of(row) for row in rows]
