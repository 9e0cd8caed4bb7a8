"""Connections to a database: the engine, how each kind is set up, and transactions that are tried once more."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from imbridge.protocol import ConfigError
from imbridge.storage.errors import StorageError
from imbridge.storage.place import default_path
from imbridge.storage.sql.dialect import in_words, is_about_all
from imbridge.storage.sql.file_thread import FileThread
from imbridge.storage.sql.watch import FileWatch

log = logging.getLogger(__name__)

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+asyncmy",
    "mariadb": "mariadb+asyncmy",
}
_EXTRAS = {"asyncpg": "postgres", "asyncmy": "mysql", "aiosqlite": ""}
_WRITES = "imbridge_writes"
_OR_NOTHING = "to keep nothing on disk set the option durability to memory (IMBRIDGE_DURABILITY=memory)"
_OTHERS = 4
_BUSY = 5.0
"""Seconds to wait for another process that writes into the file."""
Synchronous = Literal["full", "normal"]


def database_url(url: str) -> URL:
    """A URL with the driver that we use: `postgres://...`, `mysql://...`, `mariadb://...`, `sqlite:///...`.

    Raises:
        ConfigError: it is none; the message does not repeat it, for it may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "storage: this is no URL of a database; expected postgresql://user:password@host:5432/name, "
            "mysql://..., mariadb://..., sqlite:///file, or mongodb://... (of a MongoStorage)",
            key="storage",
        ) from None
    kind, _, driver = parsed.drivername.partition("+")
    if kind not in _DRIVERS or (driver and _DRIVERS[kind].partition("+")[2] != driver):
        raise ConfigError(
            f"storage: no support for {parsed.drivername}; known are {', '.join(sorted(_DRIVERS))}, and mongodb (of a "
            "MongoStorage)",
            key="storage",
        )
    if kind != "sqlite" and url.count("@") > 1:  # the end of a password would be taken for a host, which is no secret
        raise ConfigError(
            "storage: the URL has more than one @; write that of a user or a password as %40", key="storage"
        )
    return parsed.set(drivername=_DRIVERS[kind])


def place_of(where: str | Path | URL | None) -> URL:
    """The URL of what somebody names: a URL, a file's path, or nothing for the file in the user's data directory.

    Raises:
        ConfigError: it is no database that is known.
    """
    if isinstance(where, URL):
        return where
    if isinstance(where, str) and "://" in where:
        return database_url(where)
    path = default_path() if where is None else Path(where).expanduser()
    return URL.create("sqlite+aiosqlite", database=str(path))


def _as_the_driver_has_it(url: URL) -> URL:
    """`sslmode`, as everybody else's PostgreSQL URL has it, is `ssl` for asyncpg; the values are the same."""
    mode = url.query.get("sslmode") if url.get_backend_name() == "postgresql" else None
    return url if mode is None else url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


class Database:
    """An engine, made at `open()`."""

    def __init__(
        self,
        url: URL,
        *,
        schema: str | None = None,
        pool_size: int = 5,
        synchronous: Synchronous = "full",
        patience: float = 30.0,
        stalled: float | None = None,
        connect_args: Mapping[str, Any] | None = None,
    ) -> None:
        """`patience`: seconds that a server may take to connect or to answer a statement.

        `stalled`: seconds after which a server ends a transaction in which nothing happens, for others wait for what it
        holds; None: as the server is set.
        """
        self.url = _as_the_driver_has_it(url)
        self.dialect = url.get_backend_name()
        self.patience = patience
        self._stalled = stalled
        self._schema = schema
        self._pool_size = pool_size
        self._synchronous = synchronous
        self._connect_args = dict(connect_args or {})
        self._engine: AsyncEngine | None = None
        self.watch = FileWatch(url.database or "") if self.dialect == "sqlite" else None
        self._readers = asyncio.Semaphore(pool_size)

    @property
    def engine(self) -> AsyncEngine:
        """The engine.

        Raises:
            RuntimeError: it is not open.
        """
        if self._engine is None:
            raise RuntimeError("the storage is not open")
        return self._engine

    @property
    def is_open(self) -> bool:
        """Between `open` and `close`."""
        return self._engine is not None

    @property
    def gone(self) -> str:
        """Why nothing may be written, where the file is not that of the next process; empty where it is."""
        return "" if self.watch is None else self.watch.gone

    @property
    def where(self) -> str:
        """The database in words, without a password; options may hold one, too."""
        if self.dialect == "sqlite":
            return self.url.database or "memory"
        return self.url.set(query={}).render_as_string()

    def open(self, *, make: bool = True) -> None:
        """Make the engine; nothing is connected.

        Args:
            make: Make the file when it is missing.

        Raises:
            ConfigError: the driver is not installed, or the file cannot be made.
        """
        # However many read: the writer, signs of life and looks at what is handed over have connections of their own.
        options: dict[str, Any] = {"hide_parameters": True, "pool_size": self._pool_size + _OTHERS, "max_overflow": 0}
        if self.dialect == "sqlite":
            self._make_file(make=make)
            options["connect_args"] = {"timeout": _BUSY, "isolation_level": None, **self._connect_args}
        else:
            options["pool_pre_ping"] = True
            options["pool_recycle"] = 1800
            options["isolation_level"] = "READ COMMITTED"
            options["connect_args"] = self._server_args()
        try:
            self._engine = create_async_engine(self.url, **options)
        except ImportError as error:
            extra = _EXTRAS.get(str(error.name), "")
            raise ConfigError(
                f"storage: {error.name} is missing for {self.dialect}"
                + (f"; pip install 'imbridge[{extra}]'" if extra else ""),
                key="storage",
            ) from error
        if self.dialect == "sqlite":
            event.listen(self._engine.sync_engine, "connect", self._set_up_file)
            event.listen(self._engine.sync_engine, "begin", _begin)

    async def close(self) -> None:
        """Let go of all connections."""
        engine, self._engine = self._engine, None
        if self.watch is not None:
            await self.watch.close()
        if engine is not None:
            await engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for a look, in a transaction that is not kept.

        Raises:
            StorageError: something could not be read.
        """
        async with self.told("read"), asyncio.timeout(self.patience), self._readers, self._connected() as connection:
            yield connection

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that is committed at the end, beside the writer's.

        Raises:
            StorageError: something could not be written.
        """
        async with self.told("written"), asyncio.timeout(self.patience), self._connected() as connection:
            await connection.execution_options(**{_WRITES: True})
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def told(self, done: str) -> AsyncIterator[None]:
        """What goes wrong is a `StorageError`: it could not be `done`."""
        try:
            yield
        except (SQLAlchemyError, OSError, EOFError) as error:
            raise StorageError(
                f"{self.where} could not be {done}: {in_words(error)}", passing=is_about_all(error)
            ) from error

    async def writing(self) -> AsyncConnection:
        """A connection for the writer, which keeps it."""
        async with asyncio.timeout(self.patience):
            with self._naming_options():
                connection = await self.engine.connect()
        return await connection.execution_options(**{_WRITES: True})

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        async with AsyncExitStack() as stack:
            with self._naming_options():
                connection = await stack.enter_async_context(self.engine.connect())
            yield connection

    @contextmanager
    def _naming_options(self) -> Iterator[None]:
        """What the driver's connect() says of an option that it does not take."""
        try:
            yield
        except TypeError as error:
            raise ConfigError(
                f"storage: {self.where}: the driver does not take an option of the url: {error}", key="storage"
            ) from None

    def file_thread(self) -> FileThread | None:
        """A quicker way to the file, where there is one."""
        known = self._connect_args.keys() <= {"timeout"} and not self.url.query
        if self.dialect != "sqlite" or not self.url.database or not known:
            return None
        timeout = float(self._connect_args.get("timeout", _BUSY))
        return FileThread(self.url.database, timeout=timeout, set_up=lambda made: self._set_up_file(made, None))

    def _server_args(self) -> dict[str, Any]:
        if self.dialect == "postgresql":
            settings = {"application_name": "imbridge", **self._connect_args.get("server_settings", {})}
            if self._schema:
                settings["search_path"] = self._schema
            if self._stalled is not None:
                settings.setdefault("idle_in_transaction_session_timeout", str(max(int(self._stalled * 1000), 1)))
            return {"timeout": self.patience, **self._connect_args, "server_settings": settings}
        args: dict[str, Any] = {"connect_timeout": int(self.patience) or 1, **self._connect_args}
        if self._stalled is not None and self.dialect == "mariadb":  # MySQL has nothing like it
            args.setdefault("init_command", f"SET SESSION idle_transaction_timeout = {max(int(self._stalled), 1)}")
        return args

    def _make_file(self, *, make: bool) -> None:
        """For its owner alone: it holds what people write."""
        path = self.url.database
        if not path or path == ":memory:":
            raise ConfigError(f"storage: name a file; {_OR_NOTHING}", key="storage")
        if not make:
            if not Path(path).exists():
                raise ConfigError(f"storage: {path} does not exist; it is made when the bot runs", key="storage")
            return
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise ConfigError(
                f"storage: {path} cannot be used ({error.strerror}); name a file in a folder that can be written to "
                f"(storage: or IMBRIDGE_STORAGE); {_OR_NOTHING}",
                key="storage",
            ) from error

    def _set_up_file(self, connection: Any, record: Any) -> None:
        """WAL: readers and the writer do not wait for each other (https://www.sqlite.org/wal.html)."""
        cursor = connection.cursor()
        pragmas = (
            "journal_mode = WAL",
            f"synchronous = {self._synchronous.upper()}",
            "temp_store = MEMORY",
            f"wal_autocheckpoint = {_WAL_PAGES}",
        )
        for pragma in pragmas:
            for tries_left in reversed(range(_PRAGMA_TRIES)):
                try:
                    cursor.execute(f"PRAGMA {pragma}")
                    break
                except sqlite3.OperationalError as error:
                    # SQLite's own wait for a lock does not hold for a change of the journal's mode.
                    if "locked" not in str(error) or not tries_left:
                        raise
        cursor.close()


_WAL_PAGES = 4000
"""After so many of 4 KB, what was written goes from SQLite's log into the file, and commits wait for it meanwhile.
SQLite's own 1,000 are a hundred messages; keys come in no order, so many pages are written again and again."""
_PRAGMA_TRIES = 500
"""Each of them goes through the connection's thread: the event loop is not held up."""


def _begin(connection: Any) -> None:
    """A writer takes the lock at the beginning: what only becomes one in the middle may find that it cannot."""
    options: Mapping[str, Any] = connection.get_execution_options()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")
