"""What a storage that survives offers beyond the inbox, the outbox and the sessions."""

import asyncio
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypedDict, Unpack

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
        started_at: Since when it is being worked on; None while it waits.
        not_before: When it may be tried again, if it was put off.
        in_hand: A process that lives has it.
        history: What happened to it, oldest first: dicts with `at`, `what` and `why`.
        number: Its place in its box: larger is later.
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
    started_at: float | None = None
    not_before: float | None = None
    in_hand: bool = False
    history: tuple[dict[str, Any], ...] = field(default=())
    number: int = 0


class Sought(TypedDict, total=False):
    """Which entries: those that meet all that is given.

    Attributes:
        uids: Their ids, some hundreds at most.
        account: `platform:account`.
        lane: The conversation.
        text: Is part of what they say; upper and lower case do not matter.
        since: Taken in at this time or later (seconds since 1970).
        until: Taken in before this time.
    """

    uids: Collection[int]
    account: str
    lane: str
    text: str
    since: float
    until: float


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
    async def unclaimed(self, accounts: Collection[str]) -> Mapping[str, int]:
        """How many entries nobody works on, by account; without those of `accounts`."""

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

    async def look(self) -> None:
        """Open, instead of with `open`, only to look at entries, to retry and to drop them, while others work.

        Nothing is made, brought to another version or taken over. A storage to which this makes no difference is
        opened.

        Raises:
            ConfigError: there is none yet, it is of another version, or it cannot be used.
        """
        await self.open()

    @abstractmethod
    async def kept(
        self, box: Box, state: EntryState, *, after: Kept | None = None, limit: int = 100, **sought: Unpack[Sought]
    ) -> list[Kept]:
        """Entries, oldest first.

        Args:
            box: Which.
            state: Pending or dead.
            after: Go on behind this one: the last of the page before.
            limit: How many at most.
            sought: Those that meet all of it.
        """

    @abstractmethod
    async def count(self, box: Box, state: EntryState, **sought: Unpack[Sought]) -> int:
        """How many `kept` would give without a limit."""

    @abstractmethod
    async def retry(self, box: Box, *uids: int, state: EntryState = EntryState.DEAD) -> list[int]:
        """Give entries another life, as if they had never been tried: whoever takes over next works on them.

        Returns:
            Those that were there in this state and in no living process's hands.
        """

    @abstractmethod
    async def drop(self, box: Box, *uids: int, state: EntryState = EntryState.DEAD, in_hand: bool = False) -> list[int]:
        """Forget entries. Their deliveries stay known for their time.

        Args:
            box: Which.
            uids: Their ids, some hundreds at most.
            state: Pending or dead.
            in_hand: Also those that a living process has. It goes on with them; should it end before it is done,
                nobody takes them up.

        Returns:
            Those that were there in this state, and in no living process's hands unless `in_hand`.
        """
