"""What goes out to a platform: where a part goes, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from imbridge.protocol import Channel, Degradation, DegradedError, SentPart
from imbridge.rendering.cards import Choice


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Target:
    """Where a part goes.

    Attributes:
        channel: The conversation.
        reply_to: Message to attach it to; None sends it plainly.
        in_thread: Open or continue a thread under `reply_to`.
        answers: Message that this answers, whether it is attached to it or not. For platforms where an answer goes
            another way than something said unasked, for as long as the message can be answered.
        strict: Nothing may be shown otherwise than meant: what the platform refuses is not said in a plainer form.
        pushes: It may be sent unasked when it can no longer be an answer. Else `send` raises a `DeliveryError` that is
            `window_closed`.
    """

    channel: Channel
    reply_to: str | None = None
    in_thread: bool = False
    answers: str | None = None
    strict: bool = False
    pushes: bool = True

    def forbid(self, *losses: Degradation) -> None:
        """Called before something is shown otherwise than meant.

        Raises:
            DegradedError: it must not be.
        """
        if self.strict and any(one.loss.is_forbidden for one in losses):
            raise DegradedError([one for one in losses if one.loss.is_forbidden])


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Sent:
    """A part that the platform took.

    Attributes:
        part: Its message; the first, where it became several.
        attempts: The attempts made.
        degradations: What is shown otherwise than meant.
        more: The other messages.
        choices: What can be chosen by a number in its last message: a card that had to be text. Of a part that has
            choices already they need not be said again.
        by_credentials: The platform has taken the account's credentials for it; False where none are asked for, as with
            the answer to a callback or a session webhook.
    """

    part: SentPart
    attempts: int = 1
    degradations: tuple[Degradation, ...] = ()
    more: tuple[SentPart, ...] = ()
    choices: tuple[Choice, ...] = ()
    by_credentials: bool = True

    def but(self, *degradations: Degradation) -> "Sent":
        """The same, with these said before its own."""
        return replace(self, degradations=(*degradations, *self.degradations))

    def offering(self, choices: Iterable[Choice]) -> "Sent":
        """The same, where these can be chosen by their numbers."""
        return replace(self, choices=tuple(choices))

    def followed_by(self, other: "Sent") -> "Sent":
        """Both, as one."""
        return Sent(
            self.part,
            self.attempts + other.attempts,
            (*self.degradations, *other.degradations),
            (*self.more, other.part, *other.more),
            other.choices or self.choices,
            self.by_credentials or other.by_credentials,
        )
