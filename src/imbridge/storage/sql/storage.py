"""The storage in a database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import URL, RowMapping, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.protocol import ConfigError, Receipt
from imbridge.storage.base import InboxEntry, OutboxEntry
from imbridge.storage.core.ids import new_uid
from imbridge.storage.core.rows import Rows, delivery_keys, finished, key_of, said_by_us, said_to_us
from imbridge.storage.core.sealing import Sealing
from imbridge.storage.core.work import (
    AddInbound,
    AddOutbound,
    FinishInbound,
    ForgetInbound,
    NoteOutbound,
    Piece,
    Run,
    Statements,
    Unit,
)
from imbridge.storage.core.writer import Writer
from imbridge.storage.errors import StorageError
from imbridge.storage.leases import Lease
from imbridge.storage.memory import DEDUP_SECONDS
from imbridge.storage.notes import BaseNotebook
from imbridge.storage.retention import Retention
from imbridge.storage.sharing import Partner, fence_here
from imbridge.storage.sql import backlog, tables
from imbridge.storage.sql.beginning import Beginning
from imbridge.storage.sql.cleaner import Cleaner
from imbridge.storage.sql.committing import Committing
from imbridge.storage.sql.database import Database, Synchronous, place_of
from imbridge.storage.sql.dialect import in_words, packet
from imbridge.storage.sql.file import FileTransactions
from imbridge.storage.sql.jobs import SqlJobs
from imbridge.storage.sql.leases import SqlLeases, lease_id
from imbridge.storage.sql.looking_in import LookingIn
from imbridge.storage.sql.media import SqlMediaCache
from imbridge.storage.sql.message_log import SqlMessageLog
from imbridge.storage.sql.migrate import check, migrate
from imbridge.storage.sql.nodes import Nodes, undo_starts
from imbridge.storage.sql.notes import SqlNotebook
from imbridge.storage.sql.recovery import EntryT, Recovery
from imbridge.storage.sql.sessions import SessionReader, State, session_id, session_saved
from imbridge.storage.sql.shares import Shares
from imbridge.storage.sql.sharing import Sharing
from imbridge.storage.sql.tokens import SqlTokens
from imbridge.storage.sql.transaction import Transaction


class SqlStorage(LookingIn, Beginning):
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
        ConfigError: `where` is no database that is known.
    """

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
        dialect = url.get_backend_name()
        shared = dialect != "sqlite" if shared is None else shared
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
        self._log_messages = log_messages
        self._nodes = Nodes(self._database, lease=lease, shared=shared)
        self._rows = Rows(max_bytes=max_bytes)
        self._shares = Shares(self._nodes, dialect, self._rows.read_inbound) if shared else None
        transaction = Transaction(dialect, self._nodes, self._shares, keep=dedup_seconds)
        thread = None if self._shares is not None else self._database.file_thread()
        file = None if thread is None else FileTransactions(thread, keep=dedup_seconds)
        self._committing = Committing(self._database, transaction, self._nodes, self._shares, file)
        self._writer = Writer(self._committing.commit)
        self._recovery = Recovery(self._database, self._nodes, max_attempts=max_attempts, shares=self._shares)
        self._sessions = SessionReader(self._database)
        self.leases = SqlLeases(self._run, self._nodes)
        self.log = SqlMessageLog(self._database)
        sealing = Sealing([_secret(key) for key in keys])
        self.tokens = SqlTokens(self._run, self._database, sealing)
        self._notebook = SqlNotebook(self._run, self._database, self._nodes, sealing)
        self.media = SqlMediaCache(self._run, self._database)
        self.jobs = SqlJobs(self._run, self._database, self._nodes)
        self._sharing: Sharing | None = None
        if self._shares is not None:
            self._sharing = Sharing(self._shares, self._nodes, self._database, self._writer.ask)
        self._cleaner = Cleaner(self._run, retention or Retention())
        self._opened = False
        self._looks = False

    @property
    def where(self) -> str:  # noqa: D102 - inherited
        return self._database.where

    # -- life ----------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect, make what is missing, say that this process is there.

        Raises:
            ConfigError: it cannot be used, with the reason.
        """
        async with self._opening():
            self._database.open()
            connection = await self._database.writing()
            try:
                await migrate(connection, schema=self._schema, allowed=self._migrate, patience=self._database.patience)
                self._rows.bound(await packet(connection))
            finally:
                await connection.close()
            await self._nodes.join()
            if self._database.watch is not None:
                await self._database.watch.start()
        self._writer.start()
        self._cleaner.start()
        if self._sharing is not None:
            self._sharing.start()

    async def look(self) -> None:  # noqa: D102 - inherited
        self._looks, self._nodes.shared = True, False
        async with self._opening():
            self._database.open(make=False)
            async with self._database.reading() as connection:
                await check(connection)
        self._writer.start()

    @asynccontextmanager
    async def _opening(self) -> AsyncIterator[None]:
        if self._opened:
            raise RuntimeError("a storage is opened once; make another one")
        self._opened = True
        try:
            yield
        except (SQLAlchemyError, OSError, StorageError) as error:
            await self._database.close()
            if isinstance(error, StorageError):
                raise ConfigError(f"storage: {error}", key="storage") from error
            raise ConfigError(
                f"storage: {self._database.where} cannot be used: {in_words(error)}", key="storage"
            ) from error
        except BaseException:
            await self._database.close()
            raise

    async def close(self) -> None:
        """Write what was asked for, give back what is not done, let go. Closing twice is nothing."""
        if self._database.is_open:
            try:
                if self._sharing is not None:
                    await self._sharing.close()
                await self._cleaner.close()
                await self._notebook.close()
                if not self._looks:
                    self._give_back()
                await self._writer.close()
                await self._sessions.close()
                await self._committing.close()
                if not self._looks:
                    await self._nodes.leave()
            finally:
                await self._database.close()

    def _give_back(self) -> None:
        """An orderly end is no attempt that failed."""

        async def give_back(connection: AsyncConnection) -> None:
            await undo_starts(connection, self._nodes.id)
            if self._shares is not None:
                await self._shares.leave(connection)

        self._tell("what was under way at the end", Run(give_back))

    def share(self, partner: Partner) -> None:  # noqa: D102 - inherited
        if self._sharing is not None:
            self._sharing.begin(partner)

    # -- inbox ---------------------------------------------------------------------------------------------------------

    def add_inbound(self, entry: InboxEntry) -> "asyncio.Future[bool]":  # noqa: D102 - inherited
        entry.uid = new_uid()
        entry.at_once &= self._sharing is None  # it may turn out to be another process's
        logged = said_to_us(entry) if self._log_messages else None
        piece = AddInbound(entry, entry.uid, delivery_keys(entry), self._rows.inbound(entry, entry.uid), logged)
        if self._sharing is not None:
            return self._sharing.add_inbound(piece)
        if entry.at_once:
            piece.session = session_id(entry.lane)
        return self._ask(piece)

    def forget_inbound(self, entry: InboxEntry) -> None:  # noqa: D102 - inherited
        self._tell("a delivery that found no room", ForgetInbound(entry.uid, delivery_keys(entry)))
        self._done_with(entry.uid)

    def finish_inbound(self, entry: InboxEntry) -> None:  # noqa: D102 - inherited
        self._tell("a delivery that is handled", FinishInbound(entry.uid), node=entry.fence)
        self._done_with(entry.uid)

    async def unfinished_inbound(  # noqa: D102 - inherited
        self, accounts: Collection[str] | None = None, *, wait: bool = True
    ) -> Sequence[InboxEntry]:
        return await self._taken_over(tables.inbox, self._rows.read_inbound, accounts, wait)

    # -- outbox --------------------------------------------------------------------------------------------------------

    def add_outbound(self, entry: OutboxEntry) -> "asyncio.Future[Receipt | None]":  # noqa: D102 - inherited
        piece = self._added(entry)
        return self._ask(piece) if self._sharing is None else self._sharing.add_outbound(entry, piece)

    def _added(self, entry: OutboxEntry) -> AddOutbound:
        entry.uid = new_uid()
        return AddOutbound(entry.uid, self._rows.outbound(entry, entry.uid), key_of(entry))

    def finish_outbound(self, entry: OutboxEntry, receipt: Receipt) -> None:  # noqa: D102 - inherited
        logged = said_by_us(entry, receipt) if self._log_messages else None
        self._tell("an answer that is done with", finished(entry, receipt, logged), node=entry.fence)
        self._done_with(entry.uid)

    def note_progress(self, entry: OutboxEntry) -> "asyncio.Future[None]":  # noqa: D102 - inherited
        noted = NoteOutbound(entry.uid, self._rows.outbound_head(entry))
        return self._writer.ask(Unit((noted,), node=entry.fence, what=f"an answer to {entry.channel.address}"))

    async def unfinished_outbound(  # noqa: D102 - inherited
        self, accounts: Collection[str] | None = None, *, wait: bool = True
    ) -> Sequence[OutboxEntry]:
        return await self._taken_over(tables.outbox, self._rows.read_outbound, accounts, wait)

    # -- what others left ----------------------------------------------------------------------------------------------

    async def _taken_over(
        self, box: Table, read: Callable[[RowMapping], EntryT], accounts: Collection[str] | None, wait: bool
    ) -> list[EntryT]:
        if self._shares is not None and self._shares.partner is not None:
            if box is tables.inbox:
                await self._inherit(accounts)
            return []
        if wait:
            await self._recovery.wait_for_silent(box, accounts)
        if not await self._recovery.finds(box, accounts):
            return []
        taken: list[EntryT] = await self._run(partial(self._recovery.take_over, box=box, read=read, accounts=accounts))
        if self._shares is not None:
            self._shares.adopt(taken, self._nodes.id)
        return taken

    async def _inherit(self, accounts: Collection[str] | None) -> None:
        """Take over both at once, and give it to the partner before anything that comes later.

        Nobody is waited for: what is sent to the chats of a process that is gone waits behind what it has left there.
        """
        boxes = tables.inbox, tables.outbox
        if any([await self._recovery.finds(box, accounts) for box in boxes]):
            taking = partial(self._recovery.take_over_both, rows=self._rows, accounts=accounts)
            await self._writer.ask(Unit((Run(taking, self._shares.restored if self._shares else None),)))

    async def unclaimed(self, accounts: Collection[str]) -> Mapping[str, int]:  # noqa: D102 - inherited
        return await self._recovery.unclaimed(accounts)

    # -- sessions ------------------------------------------------------------------------------------------------------

    async def load_session(self, lane: str) -> State:  # noqa: D102 - inherited
        return await self._sessions.load(lane)

    async def save_session(self, lane: str, state: State) -> None:  # noqa: D102 - inherited
        node = 0 if self._shares is None else fence_here()
        await self._writer.ask(Unit((session_saved(lane, state),), node=node, what=f"the session of {lane}"))

    # -- notes ---------------------------------------------------------------------------------------------------------

    def notebook(self) -> BaseNotebook:  # noqa: D102 - inherited
        return self._notebook

    # -- with a lease --------------------------------------------------------------------------------------------------

    async def take(self, lease: Lease, *, limit: int = 100) -> list[InboxEntry]:  # noqa: D102 - inherited
        node, read = self._nodes.id, self._rows.read_inbound
        statements = partial(backlog.of_lane, node=node, lane=lease.lane, limit=limit, read=read)
        taken: list[InboxEntry] = await self._fenced(lease, Run(statements))
        return taken

    def commit_handled(  # noqa: D102 - inherited
        self,
        lease: Lease,
        entry: InboxEntry,
        *,
        answers: Sequence[OutboxEntry] = (),
        session: Mapping[str, dict[str, Any]] | None = None,
    ) -> "asyncio.Future[None]":
        pieces: list[Piece] = [self._added(answer) for answer in answers]
        if session is not None:
            pieces.append(session_saved(entry.lane, dict(session)))
        return self._fenced(lease, *pieces, FinishInbound(entry.uid))

    def commit_said(  # noqa: D102 - inherited
        self, lease: Lease, entry: OutboxEntry, receipt: Receipt
    ) -> "asyncio.Future[None]":
        logged = said_by_us(entry, receipt) if self._log_messages else None
        return self._fenced(lease, finished(entry, receipt, logged))

    def _fenced(self, lease: Lease, *pieces: Piece) -> "asyncio.Future[Any]":
        return self._writer.ask(Unit(pieces, fence=(lease_id(lease.lane), lease.fence), lane=lease.lane))

    # -- looking in ----------------------------------------------------------------------------------------------------

    @property
    def transactions(self) -> int:
        """How many there were: with the number of entries it tells how well they are grouped."""
        return self._writer.transactions

    async def clean(self) -> int:
        """Delete what is older than `retention` says, now; how many rows."""
        return await self._cleaner.clean()

    async def _run(self, statements: Statements) -> Any:
        return await self._ask(Run(statements))

    def _ask(self, *pieces: Piece) -> "asyncio.Future[Any]":
        return self._writer.ask(Unit(pieces))

    def _tell(self, what: str, *pieces: Piece, node: int = 0) -> None:
        self._writer.tell(Unit(pieces, what=what, node=node))

    def _done_with(self, uid: int) -> None:
        if self._shares is not None:
            self._shares.end(uid)


def _secret(key: SecretStr | str) -> SecretStr:
    return key if isinstance(key, SecretStr) else SecretStr(key)
