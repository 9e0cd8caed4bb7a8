"""Searching the message log whatever the database is."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from imbridge.storage.core.database import DatabaseT
from imbridge.storage.core.ids import plain
from imbridge.storage.message_log import Direction, LogLine, MessageLog


@dataclass(frozen=True, slots=True)
class Search:
    """What lines have to meet, as it stands in the database; None, and no text, where nothing is asked for."""

    channel: str | None
    sender: str | None
    text: str
    direction: Direction | None
    since: float | None
    until: float | None
    before: LogLine | None
    limit: int


class DatabaseMessageLog(MessageLog, Generic[DatabaseT]):
    """Searches it; it is written with the messages themselves."""

    def __init__(self, database: DatabaseT) -> None:
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
        if limit <= 0:
            return []
        search = Search(
            channel=None if channel is None else plain(channel, 512),
            sender=None if sender is None else plain(sender, 255),
            text=plain(text or ""),
            direction=direction,
            since=since,
            until=until,
            before=before,
            limit=limit,
        )
        return [LogLine.of(row) for row in await self._found(search)]

    @abstractmethod
    async def _found(self, search: Search) -> Sequence[Mapping[Any, Any]]:
        """Lines, newest first."""
