"""The storage in MongoDB."""

from collections.abc import Sequence

from pydantic import SecretStr

from imbridge.storage.core.parts import Parts
from imbridge.storage.core.rows import Rows
from imbridge.storage.core.storage import DatabaseStorage
from imbridge.storage.hints.base import BaseHints
from imbridge.storage.hints.named import named
from imbridge.storage.memory import DEDUP_SECONDS
from imbridge.storage.mongo import faults
from imbridge.storage.mongo.backlog import MongoBacklog
from imbridge.storage.mongo.cleaner import MongoCleaner
from imbridge.storage.mongo.committing import MongoCommitting
from imbridge.storage.mongo.database import MongoDatabase
from imbridge.storage.mongo.jobs import MongoJobs
from imbridge.storage.mongo.leases import MongoLeases
from imbridge.storage.mongo.media import MongoMediaCache
from imbridge.storage.mongo.message_log import MongoMessageLog
from imbridge.storage.mongo.nodes import MongoNodes
from imbridge.storage.mongo.notes import MongoNotebook
from imbridge.storage.mongo.recovery import MongoRecovery
from imbridge.storage.mongo.schema import check, migrate
from imbridge.storage.mongo.sessions import MongoSessionReader
from imbridge.storage.mongo.shares import MongoShares
from imbridge.storage.mongo.tokens import MongoTokens
from imbridge.storage.mongo.transaction import MongoTransaction
from imbridge.storage.retention import Retention

_DOCUMENT = 16 * 1024 * 1024
"""Bytes of the largest document: https://www.mongodb.com/docs/manual/reference/limits/#bson-documents."""


_PARTS = Parts(
    errors=faults,
    recovery=MongoRecovery,
    backlog=MongoBacklog,
    sessions=MongoSessionReader,
    leases=MongoLeases,
    log=MongoMessageLog,
    tokens=MongoTokens,
    notebook=MongoNotebook,
    media=MongoMediaCache,
    jobs=MongoJobs,
    cleaner=MongoCleaner,
)


class MongoStorage(DatabaseStorage):
    """Keeps everything in MongoDB 4.4 or newer, in a replica set: transactions need one.

    Several processes may share one database. Each entry belongs to the process that took it, until that is gone. What
    is acknowledged is in the journal of a majority of the servers.

    Args:
        url: `mongodb://user:password@host:27017/name?replicaSet=rs0`, or `mongodb+srv://...`; the database is
            `imbridge` where it names none.
        pool_size: Most connections for reading.
        migrate: Make collections and indexes, and change them, when it is opened.
        lease: Seconds without a sign of life after which others take a process's entries over.
        shared: Several processes share the conversations of their accounts, each in order.
        hints: Over what they wake each other: a URL of Redis, or a `BaseHints`.
        max_attempts: How often something may be under way when its process ends, before it is a dead letter; three
            times more where it was never the only one.
        max_bytes: Most bytes of an answer that are kept; the content of a larger one is lost with its process.
        dedup_seconds: For how long dedup keys are kept.
        log_messages: Keep the message log.
        retention: How long things are kept.
        keys: Encrypt tokens and notes with the first, read them with any: 32 random bytes each, in URL-safe base64
            (Fernet's).
        patience: Seconds that the server may take to answer.

    Raises:
        ConfigError: `url` is none of MongoDB's, or `hints` are none that can be had.
    """

    _database: MongoDatabase

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 5,
        migrate: bool = True,
        lease: float = 10.0,
        shared: bool = True,
        hints: BaseHints | str | None = None,
        max_attempts: int = 2,
        max_bytes: int = 8 * 1024 * 1024,
        dedup_seconds: float = DEDUP_SECONDS,
        log_messages: bool = True,
        retention: Retention | None = None,
        keys: Sequence[SecretStr | str] = (),
        patience: float = 30.0,
    ) -> None:
        self._database = MongoDatabase(url, pool_size=pool_size, patience=patience)
        self._migrate = migrate
        nodes = MongoNodes(self._database, lease=lease, shared=shared)
        rows = Rows(max_bytes=max_bytes)
        rows.bound(_DOCUMENT)
        shares = MongoShares(nodes, self._database, rows.read_inbound) if shared else None
        transaction = MongoTransaction(nodes, shares, keep=dedup_seconds)
        committing = MongoCommitting(self._database, transaction, nodes, shares)
        super().__init__(
            _PARTS,
            self._database,
            nodes,
            rows,
            committing,
            shares,
            named(hints),
            max_attempts=max_attempts,
            log_messages=log_messages,
            retention=retention or Retention(),
            keys=keys,
        )

    async def _connect(self) -> None:
        await self._database.open()
        await migrate(self._database.collections, self._database.now, allowed=self._migrate)

    async def _connect_to_look(self) -> None:
        await self._database.open()
        await check(self._database.now)

    async def _let_go_of_writer(self) -> None:
        """It has nothing of its own."""

    async def _disconnect(self) -> None:
        await self._database.close()
