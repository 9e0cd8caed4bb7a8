"""The notes of all accounts of a bridge: in memory, or in a SQLite file."""

import asyncio
import functools
import logging
import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from imbridge.adapters.notes import MemoryNotes, Notes
from imbridge.protocol import ConfigError
from imbridge.storage import json_values
from imbridge.storage.errors import StorageError

log = logging.getLogger(__name__)

_WAIT = 5.0
"""Seconds for another process to let go of the file."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    account TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (account, kind, name)
) WITHOUT ROWID
"""
_Key = tuple[str, str, str]
ResultT = TypeVar("ResultT")


class BaseNotebook(ABC):
    """Where the notes of a bridge's accounts are."""

    @abstractmethod
    async def open(self) -> None:
        """Make what is missing.

        Raises:
            ImbridgeError: it cannot be opened.
        """

    @abstractmethod
    async def close(self) -> None:
        """Write what is to be written, then let go; closing twice is nothing."""

    @abstractmethod
    def of(self, account: str) -> Notes:
        """The notes of an account key (`dingtalk:work`)."""

    @abstractmethod
    async def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:
        """Every note of a kind as it is written by now, whoever wrote it: by account, then by name.

        Raises:
            ImbridgeError: it cannot be read.
        """


class MemoryNotebook(BaseNotebook):
    """Notes that end with the process."""

    def __init__(self) -> None:
        """Empty."""
        self._notes: dict[str, MemoryNotes] = {}

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    def of(self, account: str) -> Notes:  # noqa: D102 - inherited
        return self._notes.setdefault(account, MemoryNotes())

    async def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:  # noqa: D102 - inherited
        return {account: found for account, notes in self._notes.items() if (found := await notes.all(kind))}


class SqliteNotebook(BaseNotebook):
    """Notes in a SQLite file that its owner alone can read. What was written survives a kill of the process.

    Writes are gathered: many changes of one note in a short time are one write.
    """

    def __init__(self, path: Path) -> None:
        """Not opened yet."""
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imbridge-notes")
        self._connection: sqlite3.Connection | None = None
        self._pending: dict[_Key, bytes | None] = {}
        self._writing: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:  # noqa: D102 - inherited
        try:
            self._connection = await self._run(self._connect)
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(
                f"state: {self._path} cannot be used ({error}); name a file in a folder that can be written to",
                key="state",
            ) from error

    async def close(self) -> None:  # noqa: D102 - inherited
        if self._closed:
            return
        await self.flush()
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._run(connection.close)
        self._thread.shutdown(wait=False)

    def of(self, account: str) -> Notes:  # noqa: D102 - inherited
        return _SqliteNotes(self, account)

    def change(self, key: _Key, value: bytes | None) -> None:
        """Write a note in a moment; None forgets it."""
        if self._closed:
            log.warning("a note of %s (%s) comes after the end; it is not kept", key[0], key[1])
            return
        self._pending.pop(key, None)
        self._pending[key] = value
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="notes:write")

    async def read(self, account: str, kind: str) -> dict[str, bytes]:
        """All notes of a kind, by name.

        Raises:
            StorageError: they cannot be read.
        """
        return dict(await self._found("SELECT name, value FROM notes WHERE account = ? AND kind = ?", account, kind))

    async def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:  # noqa: D102 - inherited
        found: dict[str, dict[str, Any]] = {}
        for account, name, value in await self._found("SELECT account, name, value FROM notes WHERE kind = ?", kind):
            found.setdefault(account, {})[name] = json_values.read(value)
        return found

    async def flush(self) -> None:
        """Wait until all is written."""
        while self._writing is not None and not self._writing.done():
            await asyncio.wait((self._writing,))

    async def _found(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        await self.flush()
        connection = self._opened()
        try:
            return await self._run(lambda: connection.execute(query, values).fetchall())
        except sqlite3.Error as error:
            raise StorageError(f"state: {self._path} cannot be read: {error}", passing=True) from error

    async def _write(self) -> None:
        while self._pending:
            batch, self._pending = self._pending, {}
            try:
                connection = self._opened()
                await self._run(functools.partial(_store, connection, batch))
            except (sqlite3.Error, RuntimeError) as error:
                log.error(  # noqa: TRY400 - the values are nobody's business
                    "%d notes could not be written to %s: %s", len(batch), self._path, error
                )

    def _connect(self) -> sqlite3.Connection:
        if not self._path.exists():
            os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(self._path, timeout=_WAIT, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(_SCHEMA)
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("the notebook is not open")
        return self._connection

    async def _run(self, work: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class _SqliteNotes(Notes):
    """One account's view."""

    def __init__(self, notebook: SqliteNotebook, account: str) -> None:
        self._notebook = notebook
        self._account = account

    async def all(self, kind: str) -> dict[str, Any]:
        return {
            name: json_values.read(value) for name, value in (await self._notebook.read(self._account, kind)).items()
        }

    def put(self, kind: str, name: str, value: Any, *, until: float | None = None) -> None:
        self._notebook.change((self._account, kind, name), json_values.written(value))

    def drop(self, kind: str, name: str) -> None:
        self._notebook.change((self._account, kind, name), None)

    async def flush(self) -> None:
        await self._notebook.flush()


def notebook_at(path: Path | None) -> BaseNotebook:
    """The notes in this file; in memory without one."""
    return MemoryNotebook() if path is None else SqliteNotebook(path)


def _store(connection: sqlite3.Connection, batch: dict[_Key, bytes | None]) -> None:
    with connection:
        for key, value in batch.items():
            if value is None:
                connection.execute("DELETE FROM notes WHERE account = ? AND kind = ? AND name = ?", key)
            else:
                connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?)", (*key, value))
