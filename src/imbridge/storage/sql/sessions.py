"""Reading sessions: those that are asked for in one turn of the event loop are one query."""

import asyncio
import sqlite3
from typing import Any

from sqlalchemy import select

from imbridge.storage import json_values
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.portions import AT_ONCE
from imbridge.storage.core.work import SaveSession
from imbridge.storage.errors import StorageError
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.file import read_sessions
from imbridge.storage.sql.tables import sessions

State = dict[str, dict[str, Any]]


class SessionReader:
    """Reads conversations' states."""

    def __init__(self, database: Database) -> None:
        """Nothing is read yet."""
        self._database = database
        self._file = database.file_thread()
        self._wanted: dict[str, list[asyncio.Future[State]]] = {}
        self._task: asyncio.Task[None] | None = None

    def load(self, lane: str) -> "asyncio.Future[State]":
        """A conversation's state; empty when it has none."""
        future: asyncio.Future[State] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(session_id(lane), []).append(future)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read(), name="storage:sessions")
        return future

    async def close(self) -> None:
        """Wait for what is being read."""
        if self._task is not None:
            await asyncio.wait((self._task,))
        if self._file is not None:
            await self._file.close()

    async def _read(self) -> None:
        while self._wanted:
            ids = list(self._wanted)[:AT_ONCE]
            waiting = {one: self._wanted.pop(one) for one in ids}
            try:
                found = await self._found(ids)
            except (StorageError, RuntimeError) as error:
                passing = isinstance(error, StorageError) and error.passing
                for future in (future for futures in waiting.values() for future in futures if not future.done()):
                    future.set_exception(StorageError(f"a session is not known: {error}", passing=passing))
                continue
            for one, futures in waiting.items():
                for future in futures:  # each its own: a skill changes what it gets
                    if not future.done():
                        future.set_result(json_values.read(found[one]) if one in found else {})

    async def _found(self, ids: list[str]) -> dict[str, str]:
        if self._file is not None:
            self._database.engine  # noqa: B018 - it is open
            async with self._database.told("read"), asyncio.timeout(self._database.patience):
                return await self._file.run(_read_from_file, ids)
        async with self._database.reading() as connection:
            rows = await connection.execute(select(sessions.c.id, sessions.c.state).where(sessions.c.id.in_(ids)))
            return {row.id: row.state for row in rows}


def _read_from_file(connection: sqlite3.Connection, ids: list[str]) -> dict[str, str]:
    return read_sessions(connection.cursor(), ids)


def session_id(lane: str) -> str:
    """The id of a conversation's row."""
    return digest("session", lane)


def session_saved(lane: str, state: State) -> SaveSession:
    """The piece of work that keeps a state.

    Raises:
        StorageError: it holds something that is no JSON value.
    """
    try:
        text = json_values.written(state).decode()
    except ValueError as error:
        raise StorageError(f"{lane}: the session holds something that is no JSON value: {error}") from error
    one = session_id(lane)
    return SaveSession(one, {"id": one, "lane": plain(lane, 512), "state": text})
