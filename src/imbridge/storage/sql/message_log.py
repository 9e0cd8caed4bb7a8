"""The message log in a table."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select

from imbridge.storage.core.message_log import DatabaseMessageLog, Search
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.tables import log as table


class SqlMessageLog(DatabaseMessageLog[Database]):
    """Rows."""

    async def _found(self, search: Search) -> Sequence[Mapping[Any, Any]]:
        query = select(table).order_by(table.c.at.desc(), table.c.seq.desc()).limit(search.limit)
        if search.channel is not None:
            query = query.where(table.c.channel == search.channel)
        if search.sender is not None:
            query = query.where(table.c.sender_id == search.sender)
        if search.direction is not None:
            query = query.where(table.c.direction == search.direction)
        if search.since is not None:
            query = query.where(table.c.at >= search.since)
        if search.until is not None:
            query = query.where(table.c.at < search.until)
        if search.text:
            part = re.sub(r"([%_/])", r"/\1", search.text)  # both sides as the database lowers them
            query = query.where(func.lower(table.c.text).like(func.lower(f"%{part}%"), escape="/"))
        if search.before is not None:
            same = and_(table.c.at == search.before.at, table.c.seq < search.before.number)
            query = query.where(or_(table.c.at < search.before.at, same))
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().all()
