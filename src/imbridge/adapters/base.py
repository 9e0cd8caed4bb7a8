"""The contract between the runtime and a platform's adapter."""

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Protocol

from imbridge.adapters.growing import Growing
from imbridge.adapters.kept_tokens import KeptTokens, MemoryTokens
from imbridge.adapters.kept_uploads import KeptUploads, NotedUploads
from imbridge.adapters.notes import MemoryNotes, Notes
from imbridge.adapters.outgoing import Sent, Target
from imbridge.adapters.pending import PendingAnswer
from imbridge.adapters.rehearsal import NoIntake, Preview, RehearsalPool, Script, Sort, rehearse
from imbridge.config import AccountConfig
from imbridge.media.sources import gathered
from imbridge.media.walking import may_have_media
from imbridge.protocol import (
    Bot,
    Capabilities,
    Channel,
    Degradation,
    Event,
    Media,
    Message,
    NotSupportedError,
    Reply,
)
from imbridge.rendering import Dialect, Part, Rendered, shown_bytes
from imbridge.transport import HttpPool, WebhookRoute

__all__ = [
    "Adapter",
    "AdapterContext",
    "Health",
    "HealthListener",
    "Inbound",
    "Intake",
    "Probe",
    "Sent",
    "Target",
    "Verdict",
]


class Verdict(StrEnum):
    """What the inbox says of something a platform delivered; the link or webhook turns it into the platform's ack."""

    ACCEPTED = "accepted"
    """Stored: acknowledge."""
    DUPLICATE = "duplicate"
    """Known already: acknowledge, nothing will happen."""
    OVERLOADED = "overloaded"
    """No room: tell the platform to deliver it again later."""


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Inbound:
    """A decoded delivery.

    Attributes:
        item: The message or event.
        dedup_keys: The platform's ids of this delivery; it is a duplicate if any of them was seen.
        answer: Set by an adapter whose platform waits for an answer to this very delivery. Of an event (a click wants
            a toast) the runtime fills it with what a skill says. Of a message the adapter fills it itself, when it is
            told to send something that `answers` it. In both cases the runtime releases it when nothing more will be
            said.
    """

    item: Message | Event
    dedup_keys: tuple[str, ...]
    answer: PendingAnswer | None = None


class Intake(Protocol):
    """The way into the inbox. `offer` is called in order of arrival and returns at once."""

    def offer(self, inbound: Inbound) -> "asyncio.Future[Verdict]":
        """Hand over a delivery; the future is done when it is stored (or refused)."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What an account found out about itself.

    Attributes:
        ok: Credentials work, the bot exists, and nothing that it cannot do without is known to be missing.
        bot_id: Our own id on the platform.
        bot_name: Our own name.
        problems: What is missing, one line each, with where to mend it; also what it can do without.
    """

    ok: bool
    bot_id: str = ""
    bot_name: str = ""
    problems: tuple[str, ...] = ()


class Health(StrEnum):
    """How an account is doing."""

    STARTING = "starting"
    UP = "up"
    DOWN = "down"
    """Not connected; it comes back by itself."""
    FAILED = "failed"
    """Not connected, and no retry helps until a person acts."""
    STOPPED = "stopped"


@dataclass(slots=True)
class AdapterContext:
    """What the runtime lends an adapter.

    Attributes:
        intake: Where deliveries go.
        pool: The process's HTTP connections: the only thing accounts share.
        on_health: Called at every change of health, with a line that says why.
        notes: What the account has to know again after a restart.
        tokens: Credentials that it is given while it runs.
        uploads: What it has uploaded.
    """

    intake: Intake
    pool: HttpPool
    on_health: "HealthListener" = field(default=lambda adapter, health, reason: None)
    notes: Notes = field(default_factory=MemoryNotes)
    tokens: KeptTokens = field(default_factory=MemoryTokens)
    uploads: KeptUploads = field(default_factory=NotedUploads)


class HealthListener(Protocol):
    """Gets every change of an account's health."""

    def __call__(self, adapter: "Adapter", health: Health, reason: str) -> None:
        """Take note; must not block."""


class Adapter(ABC):
    """One account on one platform.

    Raises, from all methods that talk to the platform: `DeliveryError` and its kinds when it refused, `AuthError` when
    the credentials are wrong, `NotSupportedError` when the platform cannot do it.

    Attributes:
        without_id: Why something that it sent may have no id, by which it could be changed or taken back: for people.
        dialects: The Markdown that its messages are written in, the one to prefer first; empty where it has none, or
            where the adapter writes Markdown by itself, each as a message of its own.
        noted: What a restart forgets when notes are in memory only, for people; empty where it is nothing.
        shares_message_ids: A message has the same id for all accounts of the platform that see it.
        mentions_bots: The platform shows a bot being mentioned by another, by the id under which that one sees it.
        one_id_for_all: A message has one id for all accounts, so that a bot can answer to what another has said.
        modes: Sorts of accounts that differ in what they can show, by name. What is documented and tested of a platform
            is so for each of them.
        script: How the platform answers a rehearsal.
    """

    platform: ClassVar[str]
    without_id: ClassVar[str] = "the platform gives no id for what is sent this way"
    noted: ClassVar[str] = ""
    mentions_bots: ClassVar[bool] = False
    shares_message_ids: ClassVar[bool] = False
    one_id_for_all: ClassVar[bool] = False
    modes: ClassVar[Mapping[str, Sort]] = {}
    script: ClassVar[Script] = Script({})
    config_type: ClassVar[type[AccountConfig]]
    capabilities: Capabilities
    dialects: tuple[Dialect, ...] = ()
    health: Health = Health.STARTING
    _remembers = False

    def __init__(self, config: AccountConfig, context: AdapterContext) -> None:
        """Keep the settings; no I/O before `start`."""
        self.config = config
        self.context = context

    @classmethod
    def create(cls, config: AccountConfig, context: AdapterContext) -> "Adapter":
        """The adapter for these settings; a platform with modes that have little in common chooses here."""
        return cls(config, context)

    @property
    def key(self) -> str:
        """`platform:account`."""
        return self.config.key

    def tell(self, health: Health, reason: str) -> None:
        """Say how the account is doing from now on, and why; what is no change is not told."""
        if health is not self.health:
            self.health = health
            self.context.on_health(self, health, reason)

    async def remember(self) -> None:
        """Read what an earlier process has noted, once: what it left unsaid is sent before there is a connection.

        `start` does it, too, where nobody has asked for it before.
        """
        if not self._remembers:
            await self.restore()
            self._remembers = True

    async def restore(self) -> None:  # noqa: B027 - some have nothing to read
        """What `remember` does: read from the notes whatever sending goes by. For adapters to override."""

    @abstractmethod
    async def start(self) -> None:
        """Connect and begin to deliver into the intake."""

    @abstractmethod
    async def stop_reading(self) -> None:
        """Take nothing new from the platform; sending still works."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything; no task is left."""

    @abstractmethod
    async def probe(self) -> Probe:
        """Ask the platform who we are and whether the credentials work."""

    @abstractmethod
    async def send(self, target: Target, part: Part, key: str) -> Sent:
        """Send one part; `key` makes a repeated send harmless where the platform supports it."""

    def key_lasts(self, target: Target, part: Part, key: str) -> float:
        """Seconds for which the platform takes a repetition of this very send for what it is; 0: it shows it twice.

        Override it where that depends on what is sent, or where. It is asked before something is sent again that may
        have arrived, also by another process after a crash.
        """
        if not self.capabilities.idempotent_send:
            return 0.0
        seconds = self.capabilities.key_seconds
        return math.inf if seconds is None else seconds

    async def preview(self, target: Target, part: Part) -> Preview:
        """What `send` would send, and what of it is shown otherwise than meant; nothing leaves.

        As far as it can be known beforehand: that the platform takes the part in its best form is assumed.

        Raises:
            ImbridgeError: as `send`, for what never leaves.
        """
        return await rehearse(self, target, part)

    def rehearsing(self, pool: RehearsalPool, target: Target) -> "Adapter":
        """Another one like this, which knows what this one knows, and speaks to `pool` only. It is never started.

        Args:
            pool: Takes notes.
            target: What it is asked to send to.
        """
        return type(self).create(self.config, AdapterContext(NoIntake(), pool))

    def measure(self, part: Part) -> int:
        """Bytes of a part as it is sent, as the platform counts them; override it where the form is larger."""
        return shown_bytes(part)

    def plan(self, target: Target, parts: Sequence[Part], key: str) -> Rendered:
        """The parts of one reply as they are to be sent there, and what that changes; as they are by default.

        For platforms where it is limited how much can be said to a message: asked before the first part is sent, and of
        a reply that an earlier process left half said once more. The keys of its parts go by their place, so it then
        has to give the same ones.

        Args:
            target: Of the first part.
            parts: As rendered, in order; at least one.
            key: Of the reply; its first part is sent with it.
        """
        return Rendered(tuple(parts))

    def gathered(self, reply: Reply) -> AbstractAsyncContextManager[tuple[Reply, tuple[Degradation, ...]]]:
        """A reply with its media at hand for as long as the block, and what could not be had; before it is rendered."""
        if not may_have_media(reply.elements):
            return nullcontext((reply, ()))
        return gathered(reply, self.capabilities, self.context.pool, hands_over=self.hands_over)

    def hands_over(self, media: Media, *, in_card: bool = False) -> bool:
        """Whether the platform itself is to fetch what is at the medium's address."""
        return False

    async def edit(self, channel: Channel, message_id: str, part: Part) -> Sent:
        """Change a sent message."""
        raise NotSupportedError(f"{self.platform} cannot edit messages")

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take a sent message back."""
        raise NotSupportedError(f"{self.platform} cannot recall messages")

    async def react(self, channel: Channel, message_id: str, emoji: str) -> None:
        """Put a reaction on a message."""
        raise NotSupportedError(f"{self.platform} cannot react to messages")

    async def unreact(self, channel: Channel, message_id: str, emoji: str) -> None:
        """Take our reaction off a message."""
        raise NotSupportedError(f"{self.platform} cannot react to messages")

    async def typing(self, channel: Channel, message_id: str, on: bool) -> None:
        """Show, or stop showing, that an answer to a message is on its way."""
        raise NotSupportedError(f"{self.platform} cannot show that an answer is on its way")

    async def read(self, message_id: str, media: Media) -> bytes:
        """Fetch the bytes of a received media element."""
        raise NotSupportedError(f"{self.platform} cannot download {type(media).__name__}")

    async def save(self, message_id: str, media: Media, to: str | PathLike[str]) -> Path:
        """Write a received media element into a folder (with a safe name of its own) or a file; the file."""
        raise NotSupportedError(f"{self.platform} cannot download {type(media).__name__}")

    def knows_kind(self, channel: Channel) -> bool:
        """False when the kind of a received channel is a guess, because the platform did not tell it."""
        return True

    def bot(self) -> Bot | None:
        """Who it is for other bots of the bridge; None where it hears nobody, or does not know yet who it is."""
        return None

    def chat_for_all(self, channel: Channel) -> str:
        """What tells a group from all others of the platform, whichever account names it.

        Empty where each account sees ids of its own.
        """
        return ""

    async def is_in(self, channel: Channel) -> bool | None:
        """Whether the bot is in a group; None where the platform tells no bot."""
        return None

    def is_complete(self, message: Message) -> bool:
        """False when the platform has to be asked for what belongs to a message: what it quotes, what is forwarded."""
        return True

    async def complete(self, message: Message) -> Message:
        """The message with what it quotes and what is forwarded with it; as much of it as can be read."""
        return message

    def grow(self, *, markdown: bool, channel: Channel | None = None) -> Growing | None:
        """A message that the platform shows growing; None where there is no such thing: messages are edited then.

        Args:
            markdown: Its text is Markdown.
            channel: Where it is to be seen, for platforms that do not show it everywhere.
        """
        return None

    def can_grow(self, message_id: str) -> bool:
        """False when an answer to this message cannot be shown growing (any more), whatever `grow` gives."""
        return True

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URLs this account answers, if any."""
        return ()

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics and `imbridge status`."""
        return {}
