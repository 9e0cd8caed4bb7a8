"""The interface behind which a bridge keeps what must not be lost."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from imbridge.adapters.pending import PendingAnswer
from imbridge.protocol import Channel, Degradation, DeliveryState, Event, Message, Receipt, Reply
from imbridge.storage.errors import StaleLeaseError
from imbridge.storage.jobs import Jobs
from imbridge.storage.notes import BaseNotebook
from imbridge.storage.progress import NEW, Progress

if TYPE_CHECKING:
    from imbridge.storage.sharing import Partner

log = logging.getLogger(__name__)

SAID = frozenset({DeliveryState.SENT, DeliveryState.PARTIAL, DeliveryState.UNKNOWN})
"""Ends after which something is there, or may be: it is not said again under the same key."""


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class InboxEntry:
    """A delivery of a platform.

    Attributes:
        account: `platform:account` that received it.
        dedup_keys: The platform's ids of the delivery, unique within the account.
        lane: The conversation it belongs to: entries of one lane are handled one after another.
        item: The message or event.
        answer: Where somebody on the platform waits for an answer right now. It lives in this process only: an entry
            that comes back from a storage has none.
        uid: The storage's own id of it, once it is kept; 0 where the storage gives none.
        attempts: How often handling it was begun before, as far as the storage counts.
        suspect: It was under way when a process ended, so it may be what ended it.
        chat: The lane of the conversation that it is about, where that is another one than its own.
        handed_over: Another process has its conversation, and handles it.
        fence: The number under which it is this process's, where several share conversations; see `Partner`.
        joined: The deliveries that are handled as this one message, where several were joined; the rest is of the last.
            Never written down: each of them is kept by itself.
        at_once: Handling it begins as soon as it is kept, so a storage that counts may write it down as begun when it
            adds it, instead of once more; see `start_inbound`.
        session: The state of its conversation, where the storage has read it on the way; None: see `load_session`.
    """

    account: str
    dedup_keys: tuple[str, ...]
    lane: str
    item: Message | Event
    answer: PendingAnswer | None = field(default=None, compare=False, repr=False)
    uid: int = field(default=0, compare=False, repr=False)
    attempts: int = field(default=0, compare=False)
    suspect: bool = field(default=False, compare=False)
    chat: str = field(default="", compare=False, repr=False)
    handed_over: bool = field(default=False, compare=False)
    fence: int = field(default=0, compare=False, repr=False)
    joined: tuple["InboxEntry", ...] = field(default=(), compare=False, repr=False)
    at_once: bool = field(default=False, compare=False, repr=False)
    session: dict[str, dict[str, Any]] | None = field(default=None, compare=False, repr=False)

    @property
    def deliveries(self) -> tuple["InboxEntry", ...]:
        """What the storage knows of it: itself, or those that are joined in it."""
        return self.joined or (self,)


@dataclass(slots=True)
class OutboxEntry:
    """Something to be said.

    Attributes:
        key: Idempotency key; the same for every attempt.
        channel: Where.
        reply: What.
        reply_to: The message that is answered.
        answers: The newest message of the conversation that it answers: an answer to a question, when one was asked.
            `reply_to` when left out.
        degradations: What of it is otherwise than meant already.
        spool: A folder of ours that holds media of it, to be removed when it is finished; empty when there is none.
        hops: How many calls from bot to bot led to it.
        calls: Whether bots that are mentioned in it hear it.
        receipt: Done when the end is known.
        uid: The storage's own id of it, once it is kept; 0 where the storage gives none.
        attempts: How often sending it was begun before, as far as the storage counts.
        not_before: When it may be tried again (seconds since 1970), for one that was put off; None: at once.
        suspect: It was under way when a process ended, so it may be what ended it.
        progress: How far it is.
        fence: As of an `InboxEntry`.
        patient: It may be said later than now. Never written down: to another process it is.
        late: Nobody waits for its end: it was put off, or is an earlier process's.
        at_once: As of an `InboxEntry`.
    """

    key: str
    channel: Channel
    reply: Reply
    reply_to: str | None = None
    answers: str | None = None
    degradations: tuple[Degradation, ...] = ()
    spool: str = ""
    hops: int = 0
    calls: bool = True
    receipt: "asyncio.Future[Receipt]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    uid: int = field(default=0, compare=False, repr=False)
    attempts: int = field(default=0, compare=False)
    not_before: float | None = None
    suspect: bool = field(default=False, compare=False)
    progress: Progress = NEW
    fence: int = field(default=0, compare=False, repr=False)
    patient: bool = field(default=True, compare=False)
    late: bool = field(default=False, compare=False)
    at_once: bool = field(default=False, compare=False, repr=False)


async def begun(marked: "asyncio.Future[None] | None", what: str) -> None:
    """Wait until the beginning of work is written down. When it cannot be, the work is done all the same.

    Raises:
        StaleLeaseError: another process does it by now.
    """
    if marked is None:
        return
    if not marked.done():
        await asyncio.wait((marked,))
    if (error := marked.exception()) is not None:
        if isinstance(error, StaleLeaseError):
            raise error
        log.warning("%s: its beginning could not be noted (%s)", what, error)


class BaseStorage(ABC):
    """Inbox, outbox, sessions, and where the accounts' notes are. All futures are done in the order of the calls.

    Attributes:
        jobs: What is due at a time; None where the storage has no place for it: it is in memory then.
        survives: What is kept outlives the process.
    """

    jobs: Jobs | None = None
    survives: ClassVar[bool] = True

    @property
    def where(self) -> str:
        """Where it keeps things, for people; without a password."""
        return type(self).__name__

    @abstractmethod
    async def open(self) -> None:
        """Connect; make what is missing."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was begun, then let go."""

    def share(self, partner: "Partner") -> None:  # noqa: B027 - most storages belong to one process
        """Begin to work on what it keeps, beside other processes; before the first delivery.

        A storage that several processes share gives each conversation to one of them at a time: see `Partner`.
        """

    @abstractmethod
    def add_inbound(self, entry: InboxEntry) -> "asyncio.Future[bool]":
        """Keep a delivery. Never blocks the loop.

        Returns:
            True when it is stored; False when one of its keys is known, but not before the delivery that brought the
            key is stored itself: both answers let the platform be told that it is received. An exception when it could
            not be stored: the platform is asked to deliver it again.
        """

    @abstractmethod
    def forget_inbound(self, entry: InboxEntry) -> None:
        """Undo `add_inbound`: there was no room to handle it, the platform will deliver it again.

        It may be called while `close` finishes what was begun.
        """

    def start_inbound(self, entry: InboxEntry) -> "asyncio.Future[None] | None":
        """A delivery is being handled from now on.

        A storage that survives counts it, so that what ends the process again and again is known.

        Returns:
            Done when it is written down; None where nothing is counted, or where it was when the delivery was added
            (`InboxEntry.at_once`).
        """
        return None

    def delay_inbound(self, entry: InboxEntry) -> None:  # noqa: B027 - most storages do not write it down beforehand
        """A delivery that was to begin `at_once` has to wait after all: it is not begun until `start_inbound`."""

    @abstractmethod
    def finish_inbound(self, entry: InboxEntry) -> None:
        """A delivery was handled; only its dedup keys are still needed."""

    @abstractmethod
    async def unfinished_inbound(
        self, accounts: Collection[str] | None = None, *, wait: bool = True
    ) -> Sequence[InboxEntry]:
        """What processes that are gone took and did not finish, oldest first; it is this process's from now on.

        It is asked again and again while a bridge runs: what others leave meanwhile is taken over then.

        Args:
            accounts: Of these accounts (`platform:account`) only; None: of all.
            wait: Wait until it is clear of every process whether it lives, as at the start of a bridge; otherwise what
                is not clear yet is left for the next time.
        """

    @abstractmethod
    def add_outbound(self, entry: OutboxEntry) -> "asyncio.Future[Receipt | None]":
        """Keep something to be said.

        Returns:
            None when it is kept. What became of it, when something was said under its key already (`SAID`), by this
            account and as far as the storage knows: then it is not kept.
        """

    def start_outbound(self, entry: OutboxEntry) -> "asyncio.Future[None] | None":
        """It is being said from now on; as `start_inbound`."""
        return None

    def delay_outbound(self, entry: OutboxEntry) -> None:  # noqa: B027 - as `delay_inbound`
        """It has to wait after all; as `delay_inbound`."""

    def note_progress(self, entry: OutboxEntry) -> "asyncio.Future[None] | None":
        """Keep how far it is, for whoever goes on with it after a crash.

        Returns:
            Done when it is written down; None where nothing survives.
        """
        return None

    @abstractmethod
    def finish_outbound(self, entry: OutboxEntry, receipt: Receipt) -> None:
        """It was said, or never will be."""

    @abstractmethod
    async def unfinished_outbound(
        self, accounts: Collection[str] | None = None, *, wait: bool = True
    ) -> Sequence[OutboxEntry]:
        """What processes that are gone wanted to say and did not; as `unfinished_inbound`."""

    @abstractmethod
    async def load_session(self, lane: str) -> dict[str, dict[str, Any]]:
        """A conversation's state, by skill. It is in use then: a storage that forgets old ones keeps it for longer.

        It is saved where a message changed it, and only then.
        """

    @abstractmethod
    async def save_session(self, lane: str, state: dict[str, dict[str, Any]]) -> None:
        """Keep it."""

    def notebook(self) -> BaseNotebook | None:
        """Where the accounts' notes are, for a bridge that opens it after the storage and closes it before.

        Returns:
            None where the storage keeps none: they are in memory then.
        """
        return None
