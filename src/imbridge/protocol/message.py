"""A message, as a skill gets it."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, Field, PrivateAttr

from imbridge.protocol.bot import Bot
from imbridge.protocol.channel import Channel
from imbridge.protocol.conversation import Conversation, SessionState, StreamWriter
from imbridge.protocol.elements import AnyElement, Forward, Mention, MentionAll, Quote
from imbridge.protocol.errors import UnboundError
from imbridge.protocol.media import Media, Reader, Saver
from imbridge.protocol.model import ProtocolModel
from imbridge.protocol.receipt import Receipt
from imbridge.protocol.reply import Sendable
from imbridge.protocol.scheduled_job import ScheduledJob
from imbridge.protocol.sender import Sender


class Message(ProtocolModel):
    """What somebody said in a channel.

    Attributes:
        id: The platform's id of the message.
        channel: Where.
        sender: Who.
        elements: Content, in order.
        content_type: What it mainly is: `text`, `image`, `file`, ...: the platform's text and rich text are `text`.
        text: The text for a skill: a leading mention of us removed, other mentions as `@name`.
        raw: The text as the person typed it, with every mention as `@name`.
        reply_to: Id of the message this one answers, if any.
        timestamp: When it was said, or changed into what it is (aware, UTC).
        payload: What the platform sent, parsed but otherwise untouched.
        edited: True when this is a changed version of an earlier message.
        hops: How many bots of this bridge have called one another since a person spoke: 0 for a person's message.
        joined: Where quick successive messages became this one (the option `debounce`): all of them, in order.
            Id, time and payload of this one are the last one's. Empty for a message that is one.
    """

    id: str
    channel: Channel
    sender: Sender
    elements: tuple[AnyElement, ...] = ()
    content_type: str = "text"
    text: str = ""
    raw: str = ""
    reply_to: str | None = None
    timestamp: AwareDatetime
    payload: Any = Field(default=None, repr=False)
    edited: bool = False
    hops: int = Field(default=0, ge=0)
    joined: tuple["Message", ...] = Field(default=(), repr=False)
    _conversation: Conversation | None = PrivateAttr(default=None)

    @property
    def thread(self) -> str | None:
        """The thread it was said in, if any."""
        return self.channel.thread

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """Everybody mentioned by name, in order."""
        return tuple(element for element in self.elements if isinstance(element, Mention))

    @property
    def mentions_me(self) -> bool:
        """We are mentioned by name (not merely by `@all`)."""
        return any(isinstance(element, Mention) and element.is_self for element in self.elements)

    @property
    def mentions_all(self) -> bool:
        """Everybody in the group is called."""
        return any(isinstance(element, MentionAll) for element in self.elements)

    @property
    def media(self) -> tuple[Media, ...]:
        """The images, files and recordings in it."""
        return tuple(element for element in self.elements if isinstance(element, Media))

    @property
    def quote(self) -> Quote | None:
        """The message that this one answers to, as far as it could be read."""
        return next((element for element in self.elements if isinstance(element, Quote)), None)

    @property
    def forward(self) -> Forward | None:
        """The messages that are forwarded with it."""
        return next((element for element in self.elements if isinstance(element, Forward)), None)

    # -- bound to a bridge -----------------------------------------------------------------------------------------

    def bind(self, conversation: Conversation, reader: Reader | None = None, saver: Saver | None = None) -> Self:
        """Connect the message to the bridge it came through; for adapters, runtimes and test doubles."""
        private = self.__pydantic_private__
        if private is None:
            self._conversation = conversation
        else:
            private["_conversation"] = conversation  # what the line above comes to, in a tenth of the time
        if reader is not None:
            for element in self.media:
                element.bind(reader, saver)
        return self

    def _bound(self) -> Conversation:
        if self._conversation is None:
            raise UnboundError(f"message {self.id} did not come from a running bridge, so there is no way back")
        return self._conversation

    @property
    def session(self) -> SessionState:
        """State kept for this conversation and the skill that runs: a mapping of JSON values.

        Raises:
            UnboundError: the message did not come from a running bridge. The same holds for all methods below.
        """
        return self._bound().session

    async def reply(
        self,
        content: Sendable,
        *,
        in_thread: bool | None = None,
        quote: bool | None = None,
        strict: bool | None = None,
    ) -> Receipt:
        """Answer in the same conversation, after everything this conversation has said before.

        Args:
            content: Anything sendable; an async iterator of text becomes a stream.
            in_thread: True opens a thread, False stays out of one, None stays where the message is.
            quote: Attach the answer to this message; None does what the platform does usually.
            strict: True: send nothing that would be shown otherwise than meant. None: as the bridge's option says.

        Returns:
            What became of it. A refusal by the platform is a falsy receipt with the reason, not an exception.

        Raises:
            DegradedError: `strict` forbids what would be lost; nothing was sent, unless its receipt says otherwise.
        """
        return await self._bound().reply(content, in_thread=in_thread, quote=quote, strict=strict)

    async def react(self, emoji: str) -> Receipt:
        """Put a reaction on this message (`"THUMBSUP"` on Feishu, or a common emoji character)."""
        return await self._bound().react(emoji)

    async def unreact(self, emoji: str) -> Receipt:
        """Take our reaction off again."""
        return await self._bound().unreact(emoji)

    async def ask(self, question: Sendable | None = None, *, timeout: float = 300) -> "Message":
        """Ask the sender and wait for their next message in this conversation.

        Args:
            question: What to ask; None only waits.
            timeout: Seconds to wait.

        Raises:
            AskTimeoutError: no answer came in time.
            DegradedError: the question is strict (`Reply(strict=True)`, or the option), and was not asked.
        """
        answer: Message = await self._bound().ask(question, timeout=timeout)
        return answer

    async def schedule(
        self,
        content: Sendable | None = None,
        *,
        after: float | str | timedelta | None = None,
        at: datetime | str | None = None,
        every: float | str | timedelta | None = None,
        cron: str | None = None,
        name: str | None = None,
        method: str | None = None,
        options: Mapping[str, Any] | None = None,
        jitter: float | str | timedelta | None = None,
        time_zone: str | None = None,
        missed: str = "once",
        timeout: float | str | timedelta | None = None,
        retries: int = 0,
    ) -> ScheduledJob:
        """Have something said in this conversation later, once or again and again. It is in the storage then.

        Args:
            content: What is said, anything sendable but a stream. Left out: this skill is asked each time.
            after: When, as a time from now: seconds, a `timedelta`, or a text such as `10m`.
            at: When, as a moment: a datetime with a time zone, or a text such as `2026-12-01 09:00`.
            every: When, as an interval of at least a second.
            cron: When, as a cron expression.
            name: Its name, of this skill in this conversation: a job of the same name is replaced. Left out, the same
                plan is made once, and one with `after` once for this message.
            method: The method of this skill that is asked, with a `ScheduledRun`; `scheduled` when left out.
            options: What the run has as its `options`; JSON.
            jitter: With `every`: how much later by chance, at most.
            time_zone: Of `cron`, and of `at` in text; the option `time_zone` when left out.
            missed: What becomes of times that are missed: `once`, `skip` or `all`.
            timeout: How long the skill may take each time it is asked; as long as it takes when left out.
            retries: How often it is asked again for the same time when it fails, 10 at most.

        Returns:
            The job, with its whole name and the time at which it is due first.

        Raises:
            ValueError: something of it cannot be understood or kept, or it is past.
            SkillError: the skill has no such method, or the content cannot be sent.
            ImbridgeError: it could not be kept, or the settings or the code declare a job of this name.
        """
        return await self._bound().schedule(
            content,
            after=after,
            at=at,
            every=every,
            cron=cron,
            name=name,
            method=method,
            options=options,
            jitter=jitter,
            time_zone=time_zone,
            missed=missed,
            timeout=timeout,
            retries=retries,
        )

    async def jobs(self) -> tuple[ScheduledJob, ...]:
        """All that is planned in this conversation, the next first, whoever planned it."""
        return await self._bound().jobs()

    async def unschedule(self, name: str) -> bool:
        """Take back what is planned in this conversation; False when there is nothing of this name.

        Args:
            name: As it was given by this skill, or as `jobs` lists it.
        """
        return await self._bound().unschedule(name)

    async def bots(self) -> tuple[Bot, ...]:
        """The other bots of this bridge that can be called here: say `@` and one of their names, or `bot.mention()`."""
        return await self._bound().bots()

    def stream(self, *, markdown: bool = False, strict: bool | None = None, grows: bool = True) -> StreamWriter:
        """Begin an answer that grows: `async with msg.stream() as out: await out.write("...")`.

        Args:
            markdown: The text is Markdown.
            strict: True: Markdown does not grow but is said whole at its end, or, where something of it would be
                lost, not at all: then finishing raises `DegradedError`, and beginning does where no Markdown is shown.
                How plain text grows is no loss. None: as the bridge's option says.
            grows: False: it is said whole at its end.
        """
        return self._bound().stream(markdown=markdown, strict=strict, grows=grows)

    def typing(self) -> AbstractAsyncContextManager[None]:
        """Show that an answer is on its way, where the platform can: `async with msg.typing(): ...`."""
        return self._bound().typing()

    async def edit(self, receipt: Receipt, content: Sendable) -> Receipt:
        """Change what was sent under a receipt."""
        return await self._bound().edit(receipt, content)

    async def recall(self, receipt: Receipt) -> Receipt:
        """Take back what was sent under a receipt."""
        return await self._bound().recall(receipt)

    def __eq__(self, other: object) -> bool:
        """Equal when everything but the connection to a bridge is."""
        if type(other) is not type(self):
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        """By where and which."""
        return hash((self.channel.account_key, self.id))


def _unbound(message: BaseModel, context: Any, /) -> None:
    """No conversation yet. Pydantic's own way to that serves any default, and takes six calls for this one."""
    if getattr(message, "__pydantic_private__", None) is None:
        object.__setattr__(message, "__pydantic_private__", {"_conversation": None})


Message.model_post_init = _unbound  # type: ignore[method-assign]


def utc(milliseconds: float) -> datetime:
    """An aware UTC time from epoch milliseconds, the form all four platforms use.

    Raises:
        ValueError: outside the years that a datetime can hold.
    """
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"not a time in milliseconds: {milliseconds}") from error
