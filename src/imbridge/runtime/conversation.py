"""The way back of one message: what `msg.reply` and its neighbours do."""

import asyncio
import logging
from collections.abc import AsyncIterable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imbridge.adapters.pending import PendingAnswer
from imbridge.protocol import (
    Bot,
    DeliveryState,
    Event,
    ImbridgeError,
    Markdown,
    Media,
    Message,
    Receipt,
    Reply,
    ScheduledJob,
    SessionState,
    Text,
    to_reply,
)
from imbridge.runtime.answers import is_awaited
from imbridge.runtime.bots import is_made_here
from imbridge.runtime.changes import change, outcome, take_back
from imbridge.runtime.delivery import answer_key
from imbridge.runtime.outbox.quoting import quoted
from imbridge.runtime.scheduling.here import JobsHere
from imbridge.runtime.session import Session
from imbridge.runtime.stream import AnswerStream
from imbridge.runtime.strictness import forbid_text, unless_refused
from imbridge.runtime.typing import TypingSign, paused

if TYPE_CHECKING:
    from imbridge.runtime.handling import Handling
    from imbridge.skills import BaseSkill

log = logging.getLogger(__name__)


class MessageConversation:
    """One message's connection to the bridge; made for each message, dropped with it.

    Attributes:
        kept: What skills keep in the conversation.
    """

    __slots__ = (
        "_answers",
        "_channel",
        "_handling",
        "_hops",
        "_jobs",
        "_message_id",
        "_number",
        "_owed",
        "_pending",
        "_reply_to",
        "_sender_id",
        "_signs",
        "_skill",
        "_streams",
        "_typing",
        "kept",
    )

    def __init__(self, handling: "Handling", message: Message, kept: Session) -> None:
        """For one message, and what skills keep in its conversation."""
        self._handling = handling
        # Not the message itself: it holds this object, and a circle would leave it to the garbage collector.
        self._channel = message.channel
        self._message_id = self._answers = message.id
        # What another bot said has an id of that one's, which is nobody else's on most platforms.
        known = handling.adapter_of(message.channel.account_key).one_id_for_all or not is_made_here(message)
        self._reply_to = message.id if known else None
        self._sender_id = message.sender.id
        self._hops = message.hops
        self._number = 0
        self._skill = ""
        self.kept = kept
        self._jobs: JobsHere | None = None
        self._streams: list[AnswerStream] = []
        self._typing: TypingSign | None = None
        self._pending: asyncio.Future[Receipt] | None = None
        self._owed: list[PendingAnswer] = []
        """Where the platform waits for what is said: to the message, and to answers to our questions."""
        self._signs: list[TypingSign] = []
        """Our own, and those on answers to our questions."""

    # -- for the runtime -----------------------------------------------------------------------------------------------

    def enter(self, skill: "BaseSkill") -> None:
        """Note which skill runs: sessions and jobs are kept apart by it."""
        if skill.name != self._skill:
            self._skill, self._jobs = skill.name, None

    async def post(self, content: Any, *, calls: bool = True, patient: bool = True, **placing: bool | None) -> Any:
        """Put an answer into the outbox and come back at once; gives the outbox entry.

        Args:
            content: Anything sendable.
            calls: Whether bots that are mentioned in it hear it.
            patient: It may be said later than now; see `Delivery.post`.
            placing: `in_thread`, `quote` and `strict` of the reply, where they are not None.
        """
        reply = to_reply(content)
        if placing and (said := {name: value for name, value in placing.items() if value is not None}):
            reply = reply.model_copy(update=said)
        channel = self._channel
        key = answer_key(channel.account_key, self._message_id, self._number)
        self._number += 1
        entry = await self._handling.delivery.post(
            channel,
            reply,
            key=key,
            reply_to=self._reply_to,
            answers=self._answers,
            hops=self._hops,
            calls=calls,
            patient=patient,
        )
        self._pending = entry.receipt
        return entry

    @property
    def has_spoken(self) -> bool:
        """Whether anything was said so far."""
        return self._pending is not None

    def owe(self, answer: PendingAnswer | None) -> None:
        """The platform waits for what is said to the message, or to an answer to our question."""
        if answer is not None:
            self._owed.append(answer)

    def release_when_said(self) -> None:
        """The platform need not wait any more once all that was said so far is sent: the outbox keeps its order."""
        for answer in self._owed:
            if self._pending is None or self._pending.done():
                answer.release()
            else:
                self._pending.add_done_callback(lambda _, one=answer: one.release())  # type: ignore[misc]
        self._owed.clear()

    def connect(self, message: Message) -> Message:
        """Bind the message to this conversation, and its media to the message that they came with."""
        message.bind(self)
        for one in message.joined or (message,):
            for element in one.elements:
                if type(element) is not Text and isinstance(element, Media):
                    element.bind(partial(self._read, one.id), partial(self._save, one.id))
        return message

    async def _read(self, message_id: str, media: Media) -> bytes:
        return await self._handling.adapter_of(self._channel.account_key).read(message_id, media)

    async def _save(self, message_id: str, media: Media, to: str | PathLike[str]) -> Path:
        return await self._handling.adapter_of(self._channel.account_key).save(message_id, media, to)

    def show_typing(self) -> None:
        """It takes longer: show that an answer is on its way, unless people see it grow."""
        if self._reply_to is not None and not any(stream.is_growing for stream in self._streams):
            self._typing_sign().show()

    @property
    def shows_progress(self) -> bool:
        """Whether there is anything to be ended: an answer that grows, or a sign that one is on its way."""
        return bool(self._streams or self._signs)

    async def end_typing(self) -> None:
        """The answer is there, or there will be none."""
        if self._signs:
            await asyncio.gather(*(sign.end() for sign in self._signs))

    def _typing_sign(self) -> TypingSign:
        if self._typing is None:
            adapter = self._handling.adapter_of(self._channel.account_key)
            self._typing = TypingSign(adapter, self._channel, self._message_id)
            self._signs.append(self._typing)
        return self._typing

    def note_stop(self) -> None:
        """The person stops the skill: what grows now ends with a word that says so."""
        for stream in self._streams:
            stream.note_stop()

    def shows(self, message_id: str) -> bool:
        """Whether a message of the platform is one of those that an answer grew in."""
        return any(stream.shows(message_id) for stream in self._streams)

    @property
    def shows_stop(self) -> bool:
        """Whether something that grew says that it was stopped."""
        return any(stream.shows_stop for stream in self._streams)

    async def finish_streams(self, *, broken_off: bool = False) -> None:
        """Close what the skill left open, each stream whatever becomes of the others; `broken_off`: before its end."""
        left = list(self._streams)
        try:
            while left:
                try:
                    await (left[-1].break_off() if broken_off else left[-1].finish())
                except ImbridgeError as error:
                    log.error("%s: a stream could not be finished: %s", self._channel.address, error)  # noqa: TRY400 - it says all
                left.pop()
        finally:
            for stream in left:  # cancelled meanwhile
                stream.abandon()

    # -- for the skill -------------------------------------------------------------------------------------------------

    @property
    def session(self) -> SessionState:
        """State of this conversation for the running skill."""
        return self.kept.of(self._skill)

    async def reply(
        self, content: Any, *, in_thread: bool | None = None, quote: bool | None = None, strict: bool | None = None
    ) -> Receipt:
        """Answer the message and wait for the end."""
        if isinstance(content, AsyncIterable):
            return await self._open_stream(in_thread=in_thread, quote=quote, strict=strict).feed(content)
        entry = await self.post(content, in_thread=in_thread, quote=quote, strict=strict)
        return unless_refused(await entry.receipt)

    async def ask(self, question: Any, *, timeout: float) -> Message:
        """Ask, and wait for the person's next message."""
        self._handling.inbox.questions.check(self._channel, self._sender_id)
        if question is not None:
            entry = await self.post(question)
            if self._handling.delivery.is_strict(entry.reply.strict):  # nobody answers what was not asked
                unless_refused(await entry.receipt)
        answer = self._handling.inbox.take_waiting(self._channel, self._sender_id)
        if answer is None:
            self.release_when_said()  # what is said next answers the answer
            self._typing_sign()  # its time may come meanwhile
            with paused(self._signs):
                answer = await self._handling.inbox.questions.wait(self._channel, self._sender_id, timeout)
        self.owe(self._handling.inbox.take_owed(answer))
        return self._continued_by(await self._handling.completed(answer))

    def _continued_by(self, answer: Message) -> Message:
        """Bind an answer so that it can be replied to itself, in the same session."""
        conversation = MessageConversation(self._handling, answer, self.kept)
        self._answers = answer.id  # what is said from now on answers this
        conversation._skill = self._skill
        conversation._streams, conversation._signs, conversation._owed = self._streams, self._signs, self._owed
        return conversation.connect(answer)

    @property
    def _here(self) -> JobsHere:
        if self._jobs is None:
            self._jobs = JobsHere(self._handling.planner, self._channel, self._skill, self._message_id)
        return self._jobs

    async def schedule(self, content: Any, **plan: Any) -> ScheduledJob:
        """Have something said here later."""
        return await self._here.schedule(content, **plan)

    async def jobs(self) -> tuple[ScheduledJob, ...]:
        """What is planned here."""
        return await self._here.jobs()

    async def unschedule(self, name: str) -> bool:
        """Take back what is planned here."""
        return await self._here.unschedule(name)

    async def bots(self) -> tuple[Bot, ...]:
        """The other bots that can be called in the conversation."""
        return await self._handling.bots.beside(self._channel)

    def stream(self, *, markdown: bool = False, strict: bool | None = None, grows: bool = True) -> AnswerStream:
        """Begin an answer that grows."""
        return self._open_stream(markdown=markdown, strict=strict, grows=grows)

    def _open_stream(
        self,
        *,
        markdown: bool = False,
        in_thread: bool | None = None,
        quote: bool | None = None,
        strict: bool | None = None,
        grows: bool = True,
    ) -> AnswerStream:
        channel = self._channel
        adapter = self._handling.adapter_of(channel.account_key)
        whole = markdown and self._handling.delivery.is_strict(strict)
        if whole:
            forbid_text(adapter.capabilities)

        async def post(reply: Reply) -> Receipt:
            entry = await self.post(reply, in_thread=in_thread, quote=quote, strict=whole, calls=False)
            return unless_refused(await entry.receipt)

        async def begin(reply: Reply) -> Receipt:
            placing = {"in_thread": in_thread, "quote": quote, "strict": whole}
            entry = await self.post(reply, calls=False, patient=False, **placing)
            number = self._number
            receipt: Receipt = await entry.receipt
            if receipt.state is DeliveryState.PENDING and self._number == number and not receipt.perhaps_twice:
                self._number -= 1  # said whole at its end, it is the same answer
            return unless_refused(receipt)

        async def call(text: str, receipt: Receipt) -> None:
            element = Markdown(text) if markdown else Text(text)
            quotes = quoted(adapter, channel, self._reply_to, quote=quote, in_thread=in_thread)
            await self._handling.bots.streamed(channel, element, receipt, hops=self._hops, quotes=quotes)

        stream = AnswerStream(
            adapter,
            channel,
            post,
            begin=begin,
            markdown=markdown,
            answers=self._message_id,
            thinking=self._handling.thinking,
            stop=self._handling.stop_button,
            on_finished=call,
            whole=whole,
            grows=grows,
        )
        self._streams.append(stream)
        return stream

    async def react(self, emoji: str) -> Receipt:
        """Put a reaction on the message."""
        channel = self._channel
        adapter = self._handling.adapter_of(channel.account_key)
        return await outcome(channel.address, adapter.react(channel, self._message_id, emoji))

    async def unreact(self, emoji: str) -> Receipt:
        """Take our reaction off."""
        channel = self._channel
        adapter = self._handling.adapter_of(channel.account_key)
        return await outcome(channel.address, adapter.unreact(channel, self._message_id, emoji))

    def typing(self) -> AbstractAsyncContextManager[None]:
        """Show that an answer is on its way; where the platform cannot, nothing is shown."""
        adapter = self._handling.adapter_of(self._channel.account_key)
        shown = adapter.capabilities.typing and self._reply_to is not None
        return self._typing_sign().held() if shown else nullcontext()

    async def edit(self, receipt: Receipt, content: Any) -> Receipt:
        """Change what was sent. Only content that makes one message can be changed into."""
        channel = self._channel
        strict = self._handling.delivery.is_strict(None)
        adapter = self._handling.adapter_of(channel.account_key)
        changed = await change(adapter, channel, receipt, content, strict=strict)
        if changed:
            self._handling.delivery.choices.withdraw(channel, receipt.message_ids)
        return changed

    async def recall(self, receipt: Receipt) -> Receipt:
        """Take back what was sent: all its messages."""
        channel = self._channel
        gone = await take_back(self._handling.adapter_of(channel.account_key), channel, receipt)
        self._handling.delivery.choices.withdraw(channel, gone.message_ids)
        return gone


def lane_of(item: Message | Event, account: str) -> str:
    """The lane of a delivery: its conversation, or the account for what belongs to none.

    What somebody waits for is beside its conversation: a click must not wait behind a skill that takes a minute.
    """
    channel = item.channel
    lane = account if channel is None else channel.address
    return f"{lane} {getattr(item, 'message_id', '') or item.id}" if is_awaited(item) else lane
