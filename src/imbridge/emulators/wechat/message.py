"""Messages as the platform keeps them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from imbridge.emulators.wechat.account import Account

if TYPE_CHECKING:
    from imbridge.emulators.wechat.follower import Follower

How = Literal["passive", "customer_service", "template"]
Outcome = Literal["waiting", "taken", "answered", "fault", "given_up", "no_address"]
"""`taken`: an empty answer or `success`; `answered`: with a passive reply; `fault`: with something that is none;
`given_up`: no attempt was answered; `no_address`: the account has no callback."""


@dataclass(slots=True, eq=False, kw_only=True)
class SentMessage:
    """A follower's message or event, on its way to the account's callback.

    Attributes:
        follower: Whose it is.
        kind: The `MsgType`; of events, `event`.
        fields: What is in its XML.
        msg_id: The `MsgId`; 0 for events, which have none.
        attempts: How often it was sent.
        outcome: What came of it.
        reason: Why the outcome is `fault` or `given_up`.
    """

    follower: "Follower"
    kind: str
    fields: Mapping[str, Any]
    msg_id: int = 0
    attempts: int = 0
    outcome: Outcome = "waiting"
    reason: str = ""
    _settled: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def event(self) -> str:
        """The `Event`, empty for messages."""
        return str(self.fields.get("Event", ""))

    def settle(self, outcome: Outcome, reason: str = "") -> None:
        """Says what came of it."""
        self.outcome = outcome
        self.reason = reason
        self._settled.set()

    async def settled(self) -> Outcome:
        """Waits until the platform is done with it."""
        await self._settled.wait()
        return self.outcome


@dataclass(slots=True, eq=False, kw_only=True)
class BotMessage:
    """A message of an account to a follower.

    Attributes:
        account: Whose it is.
        follower: Who sees it.
        kind: text, image, voice, video, music, news, mpnews, msgmenu, template, ...
        how: `passive`, `customer_service` or `template`.
        body: What of the request belongs to the kind: of a text `{"content": ...}`; of a passive reply all its fields.
        text: What a person reads.
        answers: The message it is the passive reply to.
        staff: The customer-service account it was sent as, or empty.
        marked_as_ai: Whether a note below it says that an AI wrote it.
        msg_id: The number of a template message, else 0.
    """

    account: Account
    follower: "Follower"
    kind: str
    how: How
    body: dict[str, Any]
    text: str
    answers: SentMessage | None = None
    staff: str = ""
    marked_as_ai: bool = False
    msg_id: int = 0

    def __repr__(self) -> str:
        return f"<BotMessage {self.kind} ({self.how}) to {self.follower.name}: {self.text!r}>"
