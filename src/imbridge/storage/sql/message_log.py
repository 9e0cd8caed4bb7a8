"""The message log in a table."""

import re

from sqlalchemy import and_, func, or_, select

from imbridge.storage.core.ids import plain
from imbridge.storage.message_log import Direction, LogLine, MessageLog
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.tables import log as table


class SqlMessageLog(MessageLog):
    """Searches it; it is written with the messages themselves."""

    def __init__(self, database: Database) -> None:
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
        query = select(table).order_by(table.c.at.desc(), table.c.seq.desc()).limit(limit)
        if channel is not None:
            query = query.where(table.c.channel == plain(channel, 512))
        if sender is not None:
            query = query.where(table.c.sender_id == plain(sender, 255))
        if direction is not None:
            query = query.where(table.c.direction == direction)
        if since is not None:
            query = query.where(table.c.at >= since)
        if until is not None:
            query = query.where(table.c.at < until)
        if text:
            part = re.sub(r"([%_/])", r"/\1", plain(text))  # both sides as the database lowers them
            query = query.where(func.lower(table.c.text).like(func.lower(f"%{part}%"), escape="/"))
        if before is not None:
            same = and_(table.c.at == before.at, table.c.seq < before.number)
            query = query.where(or_(table.c.at < before.at, same))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [LogLine.of(row) for row in rows]
