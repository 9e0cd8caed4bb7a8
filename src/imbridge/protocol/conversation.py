"""What a bound message can ask of the bridge that delivered it."""

from collections.abc import MutableMapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Protocol, Self

from imbridge.protocol.bot import Bot
from imbridge.protocol.receipt import Receipt
from imbridge.protocol.reply import Sendable
from imbridge.protocol.scheduled_job import ScheduledJob

SessionState = MutableMapping[str, Any]
"""State of one conversation and one skill: kept between messages."""


class StreamWriter(Protocol):
    """An answer that grows while it is written."""

    async def write(self, text: str) -> None:
        """Append text. The platform is shown the newest state as often as its limits allow."""

    async def think(self, text: str) -> None:
        """Append to what is thought, which is shown apart from the text, where the platform has a place for it.

        Elsewhere the option `thinking` says whether it is left out, which the receipt tells, or stands in the text as a
        quote.
        """

    async def finish(self) -> Receipt:
        """Show the last state and close; further writes fail."""

    async def __aenter__(self) -> Self:
        """Begin."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish; when the body failed or was cancelled, what was written so far is shown, with a word that says so."""


class Conversation(Protocol):
    """The way back from a message to its platform; the runtime implements it."""

    @property
    def session(self) -> SessionState:
        """State of this conversation for the running skill."""

    async def reply(
        self, content: Sendable, *, in_thread: bool | None, quote: bool | None, strict: bool | None
    ) -> Receipt:
        """Answer the message."""

    async def react(self, emoji: str) -> Receipt:
        """Put a reaction on the message."""

    async def unreact(self, emoji: str) -> Receipt:
        """Take our reaction off again."""

    async def ask(self, question: Sendable | None, *, timeout: float) -> Any:
        """Send a question, give back the asked person's next message in the conversation."""

    async def schedule(self, content: Sendable | None, **plan: Any) -> ScheduledJob:
        """Have something said in the conversation later; `plan` is as `Message.schedule` has it."""

    async def jobs(self) -> tuple[ScheduledJob, ...]:
        """What is planned in the conversation."""

    async def unschedule(self, name: str) -> bool:
        """Take back what is planned in the conversation."""

    async def bots(self) -> tuple[Bot, ...]:
        """The other bots that can be called in the conversation."""

    def stream(self, *, markdown: bool, strict: bool | None, grows: bool) -> StreamWriter:
        """Begin an answer that grows."""

    def typing(self) -> AbstractAsyncContextManager[None]:
        """Show that an answer is on its way, for as long as the body runs."""

    async def edit(self, receipt: Receipt, content: Sendable) -> Receipt:
        """Change what was sent."""

    async def recall(self, receipt: Receipt) -> Receipt:
        """Take back what was sent."""
