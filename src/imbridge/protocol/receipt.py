"""What became of a reply."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from imbridge.protocol.model import ProtocolModel


class DeliveryState(StrEnum):
    """What became of a delivery."""

    SENT = "sent"
    """The platform took all of it."""
    PARTIAL = "partial"
    """The platform took some of its parts; `error` says what happened to the rest."""
    FAILED = "failed"
    """Nothing arrived; `error` says why."""
    UNKNOWN = "unknown"
    """It may have arrived or not, and the platform offers no way to find out."""
    PENDING = "pending"
    """It is kept, and tried again; `error` says why and until when. Its end is told to `bridge.on_receipt`."""
    SKIPPED = "skipped"
    """There was nothing to send."""


class Loss(StrEnum):
    """In which way something is otherwise than it was meant: what a program can branch on."""

    AS_TEXT = "as_text"
    """Its words are there as text; its form, and what it did when clicked, is not."""
    SIMPLIFIED = "simplified"
    """It is there, in a plainer form or with less to do: a card without its buttons, Markdown without a colour."""
    REPLACED = "replaced"
    """Something else with the same content is there: a file for a voice message, a picture for a sticker."""
    SPLIT = "split"
    """It is there whole, in several messages."""
    JOINED = "joined"
    """It is there whole, in one message with what was meant to stand apart."""
    MOVED = "moved"
    """It is said elsewhere: in the chat, not in the thread or under the message."""
    DELAYED = "delayed"
    """It is said later than it could have been."""
    DROPPED = "dropped"
    """It is not there, or not for everybody who was meant."""

    @property
    def is_forbidden(self) -> bool:
        """Whether `strict` forbids it: all but `SPLIT`, `JOINED` and `DELAYED`, for then people see what was meant."""
        return self not in (Loss.SPLIT, Loss.JOINED, Loss.DELAYED)


FEATURES = frozenset(
    {
        # where, when and for whom
        "reply", "thread", "recipient", "time", "length", "parts", "rest", "answer",
        # of a card
        "button", "select", "input", "date", "form", "fields", "table", "note", "divider", "color", "style", "confirm",
        "order", "cover",
        # of texts
        "rich", "heading", "bold", "italics", "strikethrough", "code", "code block", "nested quote", "list",
        "task list", "rule", "title", "tag",
        # of answers that grow
        "stream", "thinking",
    }
)  # fmt: skip
"""What losses are of, beside the types of elements."""


class Degradation(ProtocolModel):
    """Something that could not be shown as it was meant.

    Attributes:
        loss: In which way.
        what: Of what: the type of an element (`card`, `mention`), or one of `FEATURES` (`table`, `thread`).
        how: What was sent in its place, for people (`text: [PDF]`, `left out`, `split into 3`).
        why: The platform's rule or answer, for people.
    """

    loss: Loss
    what: str
    how: str
    why: str = ""


class SentPart(ProtocolModel):
    """One message on the platform.

    Attributes:
        message_id: The platform's id; empty where it gives none.
        kind: The platform's message type (`text`, `post`, `image`).
        key: The idempotency key it was sent with.
        choices: Of a card that is text: what can be chosen by answering with its number, in order from 1.
    """

    message_id: str = ""
    kind: str = ""
    key: str = ""
    choices: tuple[str, ...] = ()


class Receipt(ProtocolModel):
    """What became of a reply: falsy when it did not arrive whole.

    Attributes:
        state: How it ended.
        channel: Address it went to.
        parts: The platform's messages, in order.
        degradations: What was shown otherwise than meant.
        refused: What `strict` kept from being shown otherwise than meant: it was not sent.
        attempts: Requests made for the message itself, over all parts.
        error: One line: what happened, with the platform's code, and what to do next.
        code: The platform's code of the last refusal.
        sent_at: When the last part was taken.
        key: Idempotency key of the whole. What was said under it is not said again by the same account, for as long as
            the storage remembers.
        perhaps_twice: It was sent again although it may have arrived before, on a platform that does not recognise a
            repetition: people may see some of it twice.
        repeated: It was said before under this key: nothing was sent now, and all of this is about what was sent then.
    """

    state: DeliveryState
    channel: str = ""
    parts: tuple[SentPart, ...] = ()
    degradations: tuple[Degradation, ...] = ()
    refused: tuple[Degradation, ...] = ()
    attempts: Annotated[int, Field(ge=0)] = 0
    error: str = ""
    code: int | str | None = None
    sent_at: AwareDatetime | None = None
    key: str = ""
    perhaps_twice: bool = False
    repeated: bool = False

    def __bool__(self) -> bool:
        """True when all of it arrived, or there was nothing to send."""
        return self.state in (DeliveryState.SENT, DeliveryState.SKIPPED)

    @property
    def message_ids(self) -> tuple[str, ...]:
        """The platform's ids of the messages sent."""
        return tuple(part.message_id for part in self.parts if part.message_id)

    @property
    def message_id(self) -> str | None:
        """The id of the first message, if any."""
        return next(iter(self.message_ids), None)
