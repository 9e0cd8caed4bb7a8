"""The storage in a database of SQLAlchemy's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import URL

from imbridge.storage.core.parts import Parts
from imbridge.storage.core.rows import Rows
from imbridge.storage.core.storage import DatabaseStorage
from imbridge.storage.hints.base import BaseHints
from imbridge.storage.hints.named import named
from imbridge.storage.memory import DEDUP_SECONDS
from imbridge.storage.retention import Retention
from imbridge.storage.sql import dialect
from imbridge.storage.sql.backlog import SqlBacklog
from imbridge.storage.sql.cleaner import SqlCleaner
from imbridge.storage.sql.committing import SqlCommitting
from imbridge.storage.sql.database import Database, Synchronous, place_of
from imbridge.storage.sql.file import FileTransactions
from imbridge.storage.sql.hints import PostgresHints
from imbridge.storage.sql.jobs import SqlJobs
from imbridge.storage.sql.leases import SqlLeases
from imbridge.storage.sql.media import SqlMediaCache
from imbridge.storage.sql.message_log import SqlMessageLog
from imbridge.storage.sql.migrate import check, migrate
from imbridge.storage.sql.nodes import SqlNodes
from imbridge.storage.sql.notes import SqlNotebook
from imbridge.storage.sql.recovery import SqlRecovery
from imbridge.storage.sql.sessions import SqlSessionReader
from imbridge.storage.sql.shares import SqlShares
from imbridge.storage.sql.tokens import SqlTokens
from imbridge.storage.sql.transaction import Transaction

_PARTS = Parts(
    errors=dialect,
    recovery=SqlRecovery,
    backlog=SqlBacklog,
    sessions=SqlSessionReader,
    leases=SqlLeases,
    log=SqlMessageLog,
    tokens=SqlTokens,
    notebook=SqlNotebook,
    media=SqlMediaCache,
    jobs=SqlJobs,
    cleaner=SqlCleaner,
)


class SqlStorage(DatabaseStorage):
    """Keeps everything in SQLite, PostgreSQL, MariaDB or MySQL.

    Several processes may share one database. Each entry belongs to the process that took it, until that is gone.

    Args:
        where: A URL (`postgresql://user:password@host/name`), or the path of a SQLite file; the file `imbridge.db` in
            the user's data directory when left out.
        schema: PostgreSQL's schema to work in; made when it is missing.
        pool_size: Most connections for reading; the writer has one of its own.
        synchronous: Of SQLite: `full` keeps what was acknowledged through a loss of power, `normal` through a kill of
            the process only (https://www.sqlite.org/pragma.html#pragma_synchronous).
        migrate: Make and change tables when it is opened.
        lease: Seconds without a sign of life after which others take a process's entries over.
        shared: Several processes share the conversations of their accounts, each in order; when left out, on a server.
        hints: Over what they wake each other: a URL of Redis, a `BaseHints`, or `none`; when left out PostgreSQL does
            it itself.
        max_attempts: How often something may be under way when its process ends, before it is a dead letter; three
            times more where it was never the only one.
        max_bytes: Most bytes of an answer that are kept; the content of a larger one is lost with its process.
        dedup_seconds: For how long dedup keys are kept.
        log_messages: Keep the message log.
        retention: How long things are kept.
        keys: Encrypt tokens and notes with the first, read them with any: 32 random bytes each, in URL-safe base64
            (Fernet's).
        patience: Seconds that a server may take to connect or to answer.
        connect_args: Given to the driver (`ssl`, ...).

    Raises:
        ConfigError: `where` is no database that is known, or `hints` are none that can be had.
    """

    _database: Database

    def __init__(
        self,
        where: str | Path | URL | None = None,
        *,
        schema: str | None = None,
        pool_size: int = 5,
        synchronous: Synchronous = "full",
        migrate: bool = True,
        lease: float = 10.0,
        shared: bool | None = None,
        hints: BaseHints | str | None = None,
        max_attempts: int = 2,
        max_bytes: int = 8 * 1024 * 1024,
        dedup_seconds: float = DEDUP_SECONDS,
        log_messages: bool = True,
        retention: Retention | None = None,
        keys: Sequence[SecretStr | str] = (),
        patience: float = 30.0,
        connect_args: Mapping[str, Any] | None = None,
    ) -> None:
        url = place_of(where)
        shared = url.get_backend_name() != "sqlite" if shared is None else shared
        self._database = Database(
            url,
            schema=schema,
            pool_size=pool_size,
            synchronous=synchronous,
            patience=patience,
            stalled=lease if shared else None,
            connect_args=connect_args,
        )
        self._schema = schema
        self._migrate = migrate
        nodes = SqlNodes(self._database, lease=lease, shared=shared)
        rows = Rows(max_bytes=max_bytes)
        shares = SqlShares(nodes, self._database, rows.read_inbound) if shared else None
        transaction = Transaction(self._database.dialect, nodes, shares, keep=dedup_seconds)
        thread = None if shares is not None else self._database.file_thread()
        retention = retention or Retention()
        noted_every = retention.use_noted_every
        file = None if thread is None else FileTransactions(thread, keep=dedup_seconds, noted_every=noted_every)
        self._committing = SqlCommitting(self._database, transaction, nodes, shares, file)
        by_itself = shared and hints is None and self._database.dialect == "postgresql"
        hints = PostgresHints(self._database) if by_itself else named(hints)
        super().__init__(
            _PARTS,
            self._database,
            nodes,
            rows,
            self._committing,
            shares,
            hints,
            max_attempts=max_attempts,
            log_messages=log_messages,
            retention=retention,
            keys=keys,
        )

    async def _connect(self) -> None:
        self._database.open()
        connection = await self._database.writing()
        try:
            await migrate(connection, schema=self._schema, allowed=self._migrate, patience=self._database.patience)
            self._rows.bound(await dialect.packet(connection))
        finally:
            await connection.close()

    async def _begin_to_watch(self) -> None:
        if self._database.watch is not None:
            await self._database.watch.start()

    async def _connect_to_look(self) -> None:
        self._database.open(make=False)
        async with self._database.reading() as connection:
            await check(connection)

    async def _let_go_of_writer(self) -> None:
        await self._committing.close()

    async def _disconnect(self) -> None:
        await self._database.close()
