"""The way to a MongoDB server, and transactions there."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from imbridge.protocol import ConfigError
from imbridge.storage.errors import StorageError
from imbridge.storage.mongo.access import Access, Document
from imbridge.storage.mongo.faults import (
    UNKNOWN_COMMIT,
    UnclearCommitError,
    in_words,
    is_about_all,
    is_conflict,
    is_of_database,
)

ResultT = TypeVar("ResultT")
DEFAULT_NAME = "imbridge"
_SELECTION = 3_000
"""Milliseconds to find the primary: a platform waits for its answer not much longer, and delivers again."""
_CONFLICTS, _COMMITS = 20, 3
_ABORT = 1.0
"""Seconds for which the end of a transaction that failed is waited for."""
_MAJORITY = WriteConcern("majority", j=True)
"""What is acknowledged outlives the loss of a server, and of power."""
_OLDEST, _OLDEST_NAME = 9, "4.4"
"""The wire version of the oldest server that makes collections and updates by pipelines in transactions."""
_FORM = "mongodb://user:password@host:27017/name?replicaSet=rs0, or mongodb+srv://..."


class MongoDatabase:
    """A client, made at `open()`."""

    def __init__(self, url: str, *, pool_size: int, patience: float) -> None:
        """`patience`: seconds that the server may take to answer.

        Raises:
            ConfigError: the URL is none; the message does not repeat it, for it may hold a password.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in {"mongodb", "mongodb+srv"} or not parts.netloc:
            raise ConfigError(f"storage: this is no URL of MongoDB; expected {_FORM}", key="storage")
        self.patience = patience
        self.where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._url = url
        self._pool_size = pool_size
        self._client: AsyncMongoClient[Document] | None = None
        self._beside = asyncio.Lock()
        self._writer: AsyncClientSession | None = None
        self._other: AsyncClientSession | None = None

    @property
    def is_open(self) -> bool:
        """Between `open` and `close`."""
        return self._client is not None

    async def open(self) -> None:
        """Connect, and see whether the server can do what is needed.

        Raises:
            ConfigError: it cannot, or the URL is none.
        """
        try:
            self._client = AsyncMongoClient(
                self._url,
                maxPoolSize=self._pool_size + 4,
                serverSelectionTimeoutMS=_SELECTION,
                appname="imbridge",
                tz_aware=False,
            )
        except (InvalidURI, ValueError) as error:
            raise ConfigError(
                f"storage: this is no URL of MongoDB ({type(error).__name__}); expected {_FORM}", key="storage"
            ) from None
        except ConfigurationError as error:
            raise ConfigError(f"storage: {self.where} cannot be used: {error}", key="storage") from error
        async with asyncio.timeout(self.patience):
            told = await self._client.admin.command("hello")
        if "setName" not in told and told.get("msg") != "isdbgrid":
            raise ConfigError(
                f"storage: {self.where} is a MongoDB server by itself, and transactions need a replica set, which may "
                "be one of a single server: start mongod with --replSet rs0, say rs.initiate() in mongosh once",
                key="storage",
            )
        if told.get("maxWireVersion", 0) < _OLDEST:
            raise ConfigError(f"storage: {self.where} is older than MongoDB {_OLDEST_NAME}; update it", key="storage")
        self._writer, self._other = self._client.start_session(), self._client.start_session()

    async def close(self) -> None:
        """Let go of all connections."""
        client, self._client = self._client, None
        for session in (self._writer, self._other):
            if session is not None:
                await session.end_session()
        self._writer = self._other = None
        if client is not None:
            await client.close()

    @property
    def sessions(self) -> list[Any]:
        """What the server knows our transactions by: whoever takes over from us ends them by it; see `kill`."""
        return [session.session_id["id"] for session in (self._writer, self._other) if session is not None]

    async def kill(self, sessions: Sequence[Any]) -> None:
        """End the transactions of sessions, of whichever process."""
        await self._opened().admin.command("killSessions", [{"id": one} for one in sessions])

    @property
    def now(self) -> Access:
        """What is there, in no transaction: what a majority has, and nothing that could be taken back.

        Raises:
            RuntimeError: it is not open.
        """
        return Access(self.collections)

    @property
    def collections(self) -> AsyncDatabase[Document]:
        """The database as pymongo has it.

        Raises:
            RuntimeError: it is not open.
        """
        return self._opened().get_default_database(
            DEFAULT_NAME, read_concern=ReadConcern("majority"), write_concern=_MAJORITY
        )

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Access]:
        """A look.

        Raises:
            StorageError: something could not be read.
        """
        async with self.told("read"), asyncio.timeout(self.patience):
            yield self.now

    async def change(self, work: Callable[[Access], Awaitable[ResultT]]) -> ResultT:
        """Have something done in a transaction beside the writer's; done again where others were in the way.

        Raises:
            StorageError: something could not be written.
        """
        async with self.told("written"), asyncio.timeout(self.patience):
            for tries in range(_CONFLICTS):
                try:
                    async with self._beside:
                        return await self._in_session(self._other, work)
                except PyMongoError as error:
                    if not is_conflict(error) or tries == _CONFLICTS - 1:
                        raise
                await pause(tries)
        raise AssertionError("the last conflict is raised")

    async def transaction(self, work: Callable[[Access], Awaitable[ResultT]]) -> ResultT:
        """Have something done in one transaction of the writer's, and commit it. What goes wrong is raised as it is.

        Raises:
            UnclearCommitError: nobody knows whether it was committed.
        """
        return await self._in_session(self._writer, work)

    async def _in_session(
        self, session: AsyncClientSession | None, work: Callable[[Access], Awaitable[ResultT]]
    ) -> ResultT:
        database = self._opened().get_default_database(DEFAULT_NAME)
        assert session is not None  # noqa: S101 - it is made when it is opened
        await session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=_MAJORITY)
        try:
            done = await work(Access(database, session))
            await self._commit(session)
        finally:
            if session.in_transaction:
                # If the server does not hear of it now, it ends with the next one of this session.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_ABORT):
                        await session.abort_transaction()
        return done

    async def _commit(self, session: AsyncClientSession) -> None:
        """A commit whose end is not known is asked for again: the server says then what became of it.

        https://www.mongodb.com/docs/manual/core/transactions-in-applications/#-unknowntransactioncommitresult-
        """
        unclear: PyMongoError | None = None
        for tries in range(_COMMITS):
            try:
                await session.commit_transaction()
            except PyMongoError as error:
                if unclear is None and not error.has_error_label(UNKNOWN_COMMIT):
                    raise  # it is not committed
                unclear = error
                await pause(tries)
            else:
                return
        raise UnclearCommitError(in_words(unclear) if unclear is not None else "") from unclear

    @asynccontextmanager
    async def told(self, done: str) -> AsyncIterator[None]:
        """What goes wrong is a `StorageError`: it could not be `done`."""
        try:
            yield
        except Exception as error:
            if not is_of_database(error):
                raise
            raise StorageError(
                f"{self.where} could not be {done}: {in_words(error)}",
                passing=is_about_all(error) or is_conflict(error),
            ) from error

    def _opened(self) -> AsyncMongoClient[Document]:
        if self._client is None:
            raise RuntimeError("the storage is not open")
        return self._client


async def pause(tries: int) -> None:
    """Wait a little, and not as long as others who met us do: MongoDB lets nobody wait for a document."""
    await asyncio.sleep(random.uniform(0, min(0.002 * 2**tries, 0.25)))  # noqa: S311 - no secret
