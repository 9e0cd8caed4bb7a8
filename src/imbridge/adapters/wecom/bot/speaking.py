"""How a smart bot speaks on the long connection: as the answer to a message, or unasked."""

import logging
from dataclasses import dataclass
from typing import Any

from imbridge.adapters.errcode_refusals import DegradeError, RetargetError
from imbridge.adapters.outgoing import Target
from imbridge.adapters.tasks import Tasks
from imbridge.adapters.wecom.bot.calls import BotCaller, Obeyed
from imbridge.adapters.wecom.bot.errors import STREAM_OVER
from imbridge.adapters.wecom.bot.frames import RESPOND, SEND
from imbridge.adapters.wecom.bot.outbound import chat, markdown_body, stream_body, stream_id_of
from imbridge.adapters.wecom.bot.streaming import BotStream
from imbridge.adapters.wecom.bot.ways import Way, Ways
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.protocol import ChannelKind, DeliveryError, ImbridgeError
from imbridge.rendering.cards import Choice

log = logging.getLogger(__name__)

_OVER = (
    "a smart bot's message is answered within 24 hours, and this one is to be an answer: wait until the person writes, "
    "or set on_missed_window: push"
)
_END_WITHIN = 3.0
"""Seconds for open streams to be finished at the stop."""


@dataclass(slots=True)
class Said:
    """Something the platform took.

    Attributes:
        message_id: Its id, by which people's ratings and clicks name it; empty where there is none.
        kind: The platform's message type.
        attempts: The attempts made.
        held: Seconds for which the platform's rates held it back.
        choices: What can be chosen by a number in it.
    """

    message_id: str
    kind: str
    attempts: int
    held: float = 0.0
    choices: tuple[Choice, ...] = ()


class BotSpeaker:
    """Says things for one bot.

    The first thing that answers a message goes as its answer (`aibot_respond_msg`), which also ends the sign that the
    bot is thinking. What follows is pushed (`aibot_send_msg`), but for what cannot be: a stream, a card in a group.

    Attributes:
        ways: How the messages received can be answered.
        open_streams: Streams that are not finished.
    """

    def __init__(self, settings: WeComConfig, caller: BotCaller, ways: Ways) -> None:
        """Over the account's commands."""
        self.settings = settings
        self.ways = ways
        self.open_streams: dict[str, BotStream] = {}
        self._caller = caller
        self._tasks = Tasks()

    def can_grow(self, message_id: str) -> bool:
        """Whether an answer to a message can be shown growing."""
        way = self.ways.find(message_id)
        return way is not None and way.is_fresh()

    async def respond(
        self,
        way: Way,
        body: dict[str, Any],
        *,
        counts: bool = True,
        repeatable: bool = False,
        patience: float | None = None,
    ) -> Obeyed:
        """Say something as the answer to a message.

        Raises:
            RetargetError: it cannot be answered (any more), or the stream takes no more.
            DeliveryError: as `BotCaller.call`.
        """
        paced = way.chat if counts else ""
        async with way.order:
            try:
                done = await self._caller.call(
                    RESPOND, body, req_id=way.req_id, paced=paced, repeatable=repeatable, patience=patience
                )
            except RetargetError as error:
                ours = error.ambiguous or _stream_of(body) == way.answered_by
                if not (ours and error.code == STREAM_OVER and _finishes(body) and way.is_fresh()):
                    raise
                # Its time is not over, so what finished it is the attempt whose acknowledgement got lost, or one of a
                # process that ended.
                done = Obeyed({}, 2)
        if not way.answered_by:
            way.answered_by = _stream_of(body) or body["msgtype"]
            self.ways.changed(way)
        return done

    async def push(self, target: Target, body: dict[str, Any]) -> Obeyed:
        """Say something unasked, where somebody has spoken to the bot before.

        Raises:
            TargetGoneError: nobody has, or there is no such chat.
            DeliveryError: as `BotCaller.call`; or what it answers cannot be answered any more, and it is to be that.
        """
        channel = target.channel
        if not target.pushes and self.ways.find(target.answers) is None:
            raise DeliveryError(_OVER, platform="wecom", window_closed=True)
        return await self._caller.call(SEND, {**chat(channel), **body}, paced=channel.id)

    async def say(self, target: Target, content: str, key: str) -> Said:
        """Say a text."""
        answers = target.answers
        way, stream_id = self.ways.find(answers), stream_id_of(key)
        if way is not None and way.answered_by in ("", stream_id):
            body = stream_body(stream_id, content, finish=True, feedback=self.settings.feedback)
            try:
                done = await self.respond(way, body, repeatable=True)
            except (RetargetError, DegradeError) as error:
                if error.ambiguous:
                    raise
                if isinstance(error, RetargetError):
                    self.ways.forget(answers)
            else:
                return Said(stream_id, "stream", done.attempts, done.held)
        rated_as = stream_id if self.settings.feedback else ""
        done = await self.push(target, markdown_body(content, rated_as))
        return Said(rated_as, "markdown", done.attempts, done.held)

    async def show(self, target: Target, body: dict[str, Any]) -> Said:
        """Send a card or an uploaded medium."""
        answers = target.answers
        way = self.ways.find(answers)
        only_answers = body["msgtype"] == "template_card" and target.channel.kind is ChannelKind.GROUP
        done: Obeyed | None = None
        if way is not None and (not way.answered_by or only_answers):
            try:
                done = await self.respond(way, body)
            except RetargetError as error:
                if error.ambiguous:
                    raise
                self.ways.forget(answers)
        done = done or await self.push(target, body)
        task = str(body.get("template_card", {}).get("task_id", ""))
        return Said(task, body["msgtype"], done.attempts, done.held)

    def end_soon(self, stream: BotStream, *, interrupted: bool = False) -> None:
        """Finish a stream as it is, in a task of its own; `interrupted`: with a word that it was broken off."""
        self._tasks.begin(self._end(stream, interrupted=interrupted), f"link:{self.settings.key}:stream")

    async def end_streams(self) -> None:
        """Finish every open stream as it is."""
        for stream in tuple(self.open_streams.values()):
            self.end_soon(stream, interrupted=True)
        await self._tasks.end(_END_WITHIN)
        for stream in tuple(self.open_streams.values()):
            stream.abandon()

    async def _end(self, stream: BotStream, *, interrupted: bool) -> None:
        try:
            await stream.end(interrupted=interrupted)
        except ImbridgeError as error:
            log.warning("%s: a stream could not be finished: %s", self.settings.key, error)


def _stream_of(body: dict[str, Any]) -> str:
    return str(body["stream"]["id"]) if "stream" in body else ""


def _finishes(body: dict[str, Any]) -> bool:
    return "stream" in body and bool(body["stream"]["finish"])
