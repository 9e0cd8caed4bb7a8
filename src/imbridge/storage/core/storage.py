"""A storage in a database, whatever its kind: what a bridge asks of it, as work for the writer."""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from pydantic import SecretStr

from imbridge.protocol import ConfigError, Receipt
from imbridge.storage.base import InboxEntry, OutboxEntry
from imbridge.storage.core.beginning import Beginning
from imbridge.storage.core.committing import Committing
from imbridge.storage.core.database import AnyDatabase, DatabaseT
from imbridge.storage.core.ids import new_uid
from imbridge.storage.core.leases import lease_id
from imbridge.storage.core.looking_in import LookingIn
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.parts import Parts
from imbridge.storage.core.recovery import EntryT
from imbridge.storage.core.rows import Rows, delivery_keys, finished, key_of, said_by_us, said_to_us
from imbridge.storage.core.sealing import Sealing
from imbridge.storage.core.sessions import State, session_id, session_saved
from imbridge.storage.core.shares import Shares
from imbridge.storage.core.sharing import Sharing
from imbridge.storage.core.work import (
    AddInbound,
    AddOutbound,
    FinishInbound,
    ForgetInbound,
    NoteOutbound,
    Piece,
    ReadRow,
    Run,
    Statements,
    Unit,
)
from imbridge.storage.core.writer import Writer
from imbridge.storage.durable import Box
from imbridge.storage.errors import StorageError
from imbridge.storage.hints.base import BaseHints
from imbridge.storage.leases import Lease
from imbridge.storage.notes import BaseNotebook
from imbridge.storage.retention import Retention
from imbridge.storage.sharing import Partner, fence_here


class DatabaseStorage(LookingIn, Beginning):
    """Keeps everything in a database. A kind of database makes the parts.

    Several processes may share one database. Each entry belongs to the process that took it, until that is gone.
    """

    _database: AnyDatabase

    def __init__(
        self,
        parts: Parts[DatabaseT],
        database: DatabaseT,
        nodes: Nodes,
        rows: Rows,
        committing: Committing,
        shares: Shares | None,
        hints: BaseHints | None,
        *,
        max_attempts: int,
        log_messages: bool,
        retention: Retention,
        keys: Sequence[SecretStr | str],
    ) -> None:
        """Nothing is connected yet."""
        if hints is not None and shares is None:
            raise ConfigError(
                "storage: hints are for processes that share conversations, and these do not: set shared to true, or "
                "leave hints out",
                key="storage",
            )
        self._database = database
        self._errors = parts.errors
        self._nodes = nodes
        self._rows = rows
        self._shares = shares
        self._log_messages = log_messages
        self._writer = Writer(committing.commit)
        self._sharing = None if shares is None else Sharing(shares, nodes, self._writer.ask, committing.doubts, hints)
        self._opened = False
        self._looks = False
        sealing = Sealing([key if isinstance(key, SecretStr) else SecretStr(key) for key in keys])
        self._recovery = parts.recovery(database, nodes, max_attempts=max_attempts, shares=shares)
        self._backlog = parts.backlog(database, nodes, rows)
        self._sessions = parts.sessions(database, self._note_use, noted_every=retention.use_noted_every)
        self._notebook = parts.notebook(self._run, database, nodes, sealing)
        self._cleaner = parts.cleaner(self._run, retention)
        self.leases = parts.leases(self._run, nodes)
        self.log = parts.log(database)
        self.tokens = parts.tokens(self._run, database, sealing)
        self.media = parts.media(self._run, database)
        self.jobs = parts.jobs(self._run, database, nodes)

    # -- the database --------------------------------------------------------------------------------------------------

    @property
    def where(self) -> str:  # noqa: D102 - inherited
        return self._database.where

    @abstractmethod
    async def _connect(self) -> None:
        """Connect, and make what is missing."""

    async def _begin_to_watch(self) -> None:
        """What is to be seen to while the storage is open."""

    @abstractmethod
    async def _connect_to_look(self) -> None:
        """Connect, and see whether there is what this version needs; nothing is made.

        Raises:
            ConfigError: there is not.
        """

    @abstractmethod
    async def _let_go_of_writer(self) -> None:
        """Close what the writer alone used."""

    @abstractmethod
    async def _disconnect(self) -> None:
        """Let go of everything."""

    # -- life ----------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect, make what is missing, say that this process is there.

        Raises:
            ConfigError: it cannot be used, with the reason.
        """
        async with self._opening():
            await self._connect()
            await self._nodes.join()
            await self._begin_to_watch()
        self._writer.start()
        self._cleaner.start()
        if self._sharing is not None:
            self._sharing.start()

    async def look(self) -> None:  # noqa: D102 - inherited
        self._looks, self._nodes.shared = True, False
        async with self._opening():
            await self._connect_to_look()
        self._writer.start()

    @asynccontextmanager
    async def _opening(self) -> AsyncIterator[None]:
        if self._opened:
            raise RuntimeError("a storage is opened once; make another one")
        self._opened = True
        try:
            yield
        except BaseException as error:
            await self._disconnect()
            if isinstance(error, StorageError):
                raise ConfigError(f"storage: {error}", key="storage") from error
            if self._errors.is_of_database(error):
                raise ConfigError(
                    f"storage: {self.where} cannot be used: {self._errors.in_words(error)}", key="storage"
                ) from error
            raise

    async def close(self) -> None:
        """Write what was asked for, give back what is not done, let go. Closing twice is nothing."""
        if self._database.is_open:
            try:
                if self._sharing is not None:
                    await self._sharing.close()
                await self._cleaner.close()
                await self._notebook.close()
                await self._sessions.close()
                if not self._looks:
                    self._give_back()
                await self._writer.close()
                await self._let_go_of_writer()
                if not self._looks:
                    await self._nodes.leave()
            finally:
                await self._disconnect()

    def _give_back(self) -> None:
        """An orderly end is no attempt that failed."""

        async def give_back(connection: Any) -> None:
            await self._nodes.undo_starts(connection, self._nodes.id)
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
        return await self._taken_over(Box.INBOX, self._rows.read_inbound, accounts, wait)

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
        return await self._taken_over(Box.OUTBOX, self._rows.read_outbound, accounts, wait)

    # -- what others left ----------------------------------------------------------------------------------------------

    async def _taken_over(
        self, box: Box, read: Callable[[ReadRow], EntryT], accounts: Collection[str] | None, wait: bool
    ) -> list[EntryT]:
        if self._shares is not None and self._shares.partner is not None:
            if box is Box.INBOX:
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
        boxes = Box.INBOX, Box.OUTBOX
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

    def _note_use(self, statements: Statements) -> None:
        self._tell("that sessions are in use", Run(statements))

    # -- notes ---------------------------------------------------------------------------------------------------------

    def notebook(self) -> BaseNotebook:  # noqa: D102 - inherited
        return self._notebook

    # -- with a lease --------------------------------------------------------------------------------------------------

    async def take(self, lease: Lease, *, limit: int = 100) -> list[InboxEntry]:  # noqa: D102 - inherited
        read = self._rows.read_inbound
        statements = partial(self._backlog.of_lane, lane=lease.lane, limit=limit, read=read)
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
