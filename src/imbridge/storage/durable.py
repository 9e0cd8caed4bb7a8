"""What a storage that survives offers beyond the inbox, the outbox and the sessions."""

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from imbridge.protocol import Receipt
from imbridge.storage.base import BaseStorage, InboxEntry, OutboxEntry
from imbridge.storage.jobs import Jobs
from imbridge.storage.leases import Lease, Leases
from imbridge.storage.media_cache import MediaCache
from imbridge.storage.message_log import MessageLog
from imbridge.storage.tokens import Tokens


class Box(StrEnum):
    """Where an entry is."""

    INBOX = "inbox"
    OUTBOX = "outbox"


class EntryState(StrEnum):
    """What becomes of an entry that is kept. What is handled or said is not kept."""

    PENDING = "pending"
    """It waits, or is being worked on."""
    DEAD = "dead"
    """Nobody works on it any more, until a person says so: a dead letter."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as a person looks at it.

    Attributes:
        uid: Its id, to retry or drop it.
        box: Inbox or outbox.
        state: Pending or dead.
        account: `platform:account`.
        lane: The conversation.
        text: The beginning of what it says.
        attempts: How often it was begun.
        created_at: Seconds since 1970.
        changed_at: Seconds since 1970.
        not_before: When it may be tried again, if it was put off.
        history: What happened to it, oldest first: dicts with `at`, `what` and `why`.
    """

    uid: int
    box: Box
    state: EntryState
    account: str
    lane: str
    text: str
    attempts: int
    created_at: float
    changed_at: float
    not_before: float | None = None
    history: tuple[dict[str, Any], ...] = field(default=())


class DurableStorage(BaseStorage):
    """A storage whose entries outlive the process.

    What a process took and did not finish belongs to it while it lives. When it is gone, `unfinished_inbound` and
    `unfinished_outbound` of another process (or of its successor) take it over, oldest first. What was being worked on
    when its process ended so often as the storage allows is not taken up again: it is dead, with its history.

    Attributes:
        leases: Who works on which conversation.
        log: The message log.
        tokens: Credentials.
        media: What was uploaded.
        jobs: What is due at a time.
    """

    leases: Leases
    log: MessageLog
    tokens: Tokens
    media: MediaCache
    jobs: Jobs

    @abstractmethod
    async def give_up(self, entry: InboxEntry | OutboxEntry, why: str) -> bool:
        """Make a dead letter of an entry of this process, with the reason in its history. False when it is not ours."""

    @abstractmethod
    async def put_off(self, entry: OutboxEntry, not_before: float, why: str) -> bool:
        """Say it later, also after a restart; its attempts stay counted. False when it is not ours.

        Args:
            entry: Of this process.
            not_before: Seconds since 1970.
            why: For its history.
        """

    @abstractmethod
    async def take(self, lease: Lease, *, limit: int = 100) -> list[InboxEntry]:
        """What waits in the lease's conversation, oldest first, whoever took it in; it is this process's from now on.

        Raises:
            StaleLeaseError: somebody else has the conversation by now.
        """

    @abstractmethod
    def commit_handled(
        self,
        lease: Lease,
        entry: InboxEntry,
        *,
        answers: Sequence[OutboxEntry] = (),
        session: Mapping[str, dict[str, Any]] | None = None,
    ) -> "asyncio.Future[None]":
        """What came of a delivery: its answers, the session, and that it is handled; all of it or nothing.

        The future fails with `StaleLeaseError` when somebody else has the conversation by now; nothing is written then.
        """

    @abstractmethod
    def commit_said(self, lease: Lease, entry: OutboxEntry, receipt: Receipt) -> "asyncio.Future[None]":
        """It was said, or never will be; fails as `commit_handled`."""

    @abstractmethod
    async def kept(
        self, box: Box, state: EntryState, *, lane: str | None = None, after: int = 0, limit: int = 100
    ) -> list[Kept]:
        """Entries, oldest first.

        Args:
            box: Which.
            state: Pending or dead.
            lane: Of this conversation only.
            after: Go on behind the entry with this uid.
            limit: How many at most.
        """

    @abstractmethod
    async def retry(self, box: Box, uid: int) -> bool:
        """Give a dead entry another life: whoever takes over next works on it. False when there is none."""

    @abstractmethod
    async def drop(self, box: Box, uid: int) -> bool:
        """Forget a dead entry. False when there is none."""
