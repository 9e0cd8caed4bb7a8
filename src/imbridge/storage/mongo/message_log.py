"""The message log in a collection."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from imbridge.storage.core.message_log import DatabaseMessageLog, Search
from imbridge.storage.mongo.access import Document
from imbridge.storage.mongo.database import MongoDatabase


class MongoMessageLog(DatabaseMessageLog[MongoDatabase]):
    """Documents."""

    async def _found(self, search: Search) -> Sequence[Mapping[Any, Any]]:
        wanted: list[Document] = [{}]
        if search.channel is not None:
            wanted.append({"channel": search.channel})
        if search.sender is not None:
            wanted.append({"sender_id": search.sender})
        if search.direction is not None:
            wanted.append({"direction": search.direction})
        if search.since is not None:
            wanted.append({"at": {"$gte": search.since}})
        if search.until is not None:
            wanted.append({"at": {"$lt": search.until}})
        if search.text:
            wanted.append({"text": {"$regex": re.escape(search.text), "$options": "i"}})
        if search.before is not None:
            same = {"at": search.before.at, "seq": {"$lt": search.before.number}}
            wanted.append({"$or": [{"at": {"$lt": search.before.at}}, same]})
        async with self._database.reading() as access:
            return await access.find("log", {"$and": wanted}, sort=[("at", -1), ("seq", -1)], limit=search.limit)
