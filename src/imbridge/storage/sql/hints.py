"""Hints over PostgreSQL itself: https://www.postgresql.org/docs/current/sql-notify.html."""

import asyncio
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.hints.base import BaseHints, HintsError
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import in_words

log = logging.getLogger(__name__)


class _Heard:
    """What one connection heard; the driver calls when it ends, too, also when we have a new one by then."""

    def __init__(self) -> None:
        self.something = asyncio.Event()
        self.ended = False

    def note(self, *said: object) -> None:
        self.something.set()

    def end(self, connection: object) -> None:
        self.ended = True
        self.something.set()


class PostgresHints(BaseHints):
    """LISTEN on one connection, NOTIFY on another: what comes back on the one that says it proves nothing.

    NOTIFY is said after the commit that it is about, and not within it: transactions with a NOTIFY are committed one
    after another in the whole server, and a queue that is full would refuse them.
    """

    unheard: ClassVar[str] = (
        "LISTEN hears nothing, as behind a pooler in transaction mode; name a Redis in the setting hints, or none"
    )

    def __init__(self, database: Database) -> None:
        """Nothing is connected yet."""
        self._database = database
        self._connections: list[AsyncConnection] = []
        self._speaks: Any = None
        self._heard = _Heard()

    @property
    def where(self) -> str:  # noqa: D102 - inherited
        return f"LISTEN at {self._database.where}"

    async def open(self, name: str) -> None:  # noqa: D102 - inherited
        self._heard = heard = _Heard()
        with _told():
            listens = await self._connected()
            listens.add_termination_listener(heard.end)
            await listens.add_listener(name, heard.note)
            self._speaks = await self._connected()

    async def _connected(self) -> Any:
        """The driver's connection, set up as the storage's own and not one of the pool's any more."""
        connection = await self._database.engine.connect()
        self._connections.append(connection)
        made = (await connection.get_raw_connection()).driver_connection
        await connection.run_sync(lambda plain: plain.detach())
        return made

    async def hear(self) -> None:  # noqa: D102 - inherited
        await self._heard.something.wait()
        self._heard.something.clear()
        if self._heard.ended:
            raise HintsError("the connection is gone")

    async def say(self, names: Collection[str]) -> None:  # noqa: D102 - inherited
        with _told():
            await self._speaks.execute("; ".join(f'NOTIFY "{name}"' for name in names))

    async def close(self) -> None:  # noqa: D102 - inherited
        while self._connections:
            try:
                await self._connections.pop().close()
            except (exc.SQLAlchemyError, OSError, EOFError) as error:
                log.debug("a broken connection for hints could not be closed: %s", in_words(error))


@contextmanager
def _told() -> Iterator[None]:
    # The engine has loaded it; it has no types.
    from asyncpg import InterfaceError, PostgresError  # type: ignore[import-untyped]

    try:
        yield
    except (exc.SQLAlchemyError, OSError, EOFError, InterfaceError, PostgresError) as error:
        raise HintsError(in_words(error)) from error
