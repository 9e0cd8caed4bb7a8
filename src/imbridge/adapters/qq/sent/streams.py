"""The growing messages of a bot: where there are any, which are open, and what becomes of them at the end."""

import logging
from collections import Counter, OrderedDict
from typing import Any

from imbridge.adapters.base import Sent, Target
from imbridge.adapters.broken_off import broken_off
from imbridge.adapters.errcode_refusals import RetargetError
from imbridge.adapters.notes import Notes
from imbridge.adapters.qq.api import QQApi, kind_of
from imbridge.adapters.qq.errors import ADDRESS_CODES, DUPLICATE
from imbridge.adapters.qq.sent.rights import Rights
from imbridge.adapters.qq.sent.speaking import Speaking
from imbridge.adapters.qq.sent.stream_api import StreamApi, StreamPlace
from imbridge.adapters.qq.sent.streaming import C2CStream, is_for_good, is_markdown
from imbridge.adapters.qq.sent.windows import Handle, Windows
from imbridge.adapters.tasks import Tasks
from imbridge.protocol import (
    AuthError,
    Card,
    Channel,
    Degradation,
    DeliveryError,
    Loss,
    Markdown,
    RateLimitedError,
    SentPart,
    Text,
)
from imbridge.rendering import Part, PartKind

log = logging.getLogger(__name__)

_KIND = "open_stream"
_MOST_WAITING = 1000
_END_WITHIN = 0.7
"""Seconds for open streams to be finished at the stop; the others are finished by the next process."""
_RIGHT = "stream"
_LEAST_LEFT = 2
"""Answers that have to be left for one of them to grow."""


class Streams:
    """Streams of one bot.

    Attributes:
        counts: What happened, for metrics.
    """

    def __init__(self, api: QQApi, windows: Windows, speaking: Speaking, rights: Rights, notes: Notes) -> None:
        """None yet."""
        self._api = StreamApi(api)
        self._windows = windows
        self._speaking = speaking
        self._rights = rights
        self._notes = notes
        self.counts: Counter[str] = Counter()
        self._waiting: OrderedDict[str, C2CStream] = OrderedDict()
        self._begun: OrderedDict[str, None] = OrderedDict()
        self._open: dict[str, C2CStream] = {}
        self._tasks = Tasks()

    async def start(self) -> None:
        """Finish what an earlier process left open, in the background."""
        left = await self._notes.read(_KIND, _read, left=True)
        if left:
            self._begin_task(self._finish_left(left))

    async def close(self) -> None:
        """Finish what is open, as far as there is time."""
        for stream in tuple(self._open.values()):
            self.end_soon(stream)
        await self._tasks.end(_END_WITHIN)
        if self._open:
            text = "%s: %d streams could not be finished in time; the next process does it"
            log.warning(text, self._api.account, len(self._open))

    # -- beginning -----------------------------------------------------------------------------------------------------

    def grow(self, channel: Channel | None, *, markdown: bool) -> C2CStream | None:
        """A stream for an answer.

        None where there is no such thing, or nothing that could be answered, and for the last answer: a text that does
        not fit into it can be told at its end only, in a file.
        """
        if not self._rights.may_all((_RIGHT, "markdown")):
            return None
        if channel is not None and (kind_of(channel) != "c2c" or self._windows.find(channel, None) is None):
            return None
        if channel is not None and (self._windows.left(channel, None) or 0) < _LEAST_LEFT:
            return None
        return C2CStream(self, self._api, markdown=markdown)

    def waits(self, stream: C2CStream) -> None:
        """It is about to be sent."""
        self._waiting[stream.id] = stream
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)

    async def say(self, target: Target, card: Card, stream_id: str, key: str) -> Sent:
        """Begin a stream; where it cannot be had, its first text becomes a message.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        stream = self._waiting.pop(stream_id, None)
        if stream is None:
            stream = C2CStream(self, self._api, markdown=is_markdown(card))
            stream.adopt(card.text)
        handle = self._windows.find(target.channel, target.answers, key) if kind_of(target.channel) == "c2c" else None
        if handle is None:
            return await self._as_message(target, card, key, "there is nothing that it could answer")
        number_of = self._number_key(handle, stream, key)
        known = number_of in handle.numbers
        fields = self._windows.take(handle, number_of)
        try:
            answer = await stream.begin(target.channel, fields)
        except DeliveryError as error:
            if error.code == DUPLICATE and (known or error.ambiguous):
                # It was begun, by an attempt whose answer got lost, and nobody knows its id.
                return Sent(SentPart(message_id=handle.sent.get(number_of, ""), kind="stream", key=key))
            if error.ambiguous:
                raise
            stream.held = ""  # all of it is a message
            if isinstance(error, RetargetError):
                self._windows.over(handle)
            else:
                self._windows.give_back(handle, number_of)
                if is_for_good(error) and error.code not in (*ADDRESS_CODES, DUPLICATE):
                    self._rights.refuse(_RIGHT, str(error))
            return await self._as_message(target, card, number_of, str(error))
        identity = stream.place.id if stream.place is not None else ""
        self._windows.confirm(handle, number_of, identity)
        self._rights.grant(_RIGHT)
        return Sent(SentPart(message_id=identity, kind="stream", key=key), answer.attempts)

    def _number_key(self, handle: Handle, stream: C2CStream, key: str) -> str:
        """What the number of the answer is kept by: as a rule the key, so that what is said again is not shown twice.

        An answer that an earlier process broke off is written anew, and is another text: it gets a stream of its own.
        """
        written_anew = not stream.orphan and key in handle.numbers and key not in self._begun
        self._begun[key] = None
        if len(self._begun) > _MOST_WAITING:
            self._begun.popitem(last=False)
        return f"{key} {stream.id}" if written_anew else key

    async def _as_message(self, target: Target, card: Card, key: str, why: str) -> Sent:
        if is_markdown(card):
            part = Part(PartKind.MARKDOWN, (Markdown(card.text),))
        else:
            part = Part(PartKind.TEXT, (Text(card.text),))
        sent = await self._speaking.say(target, part, key)
        self.counts["streams_refused"] += 1
        return Sent(
            sent.part,
            sent.attempts,
            (Degradation(loss=Loss.DELAYED, what="stream", how="text", why=why), *sent.degradations),
        )

    # -- under way -----------------------------------------------------------------------------------------------------

    def is_open(self, stream: C2CStream, text: str) -> None:
        """It shows this, and more may follow."""
        if stream.place is not None:
            self.counts["streams"] += 1
            self._open[stream.place.id] = stream
            self.note(stream, text)

    def note(self, stream: C2CStream, text: str) -> None:
        """It may show this: a stream that nobody finishes seems to be written for ever."""
        place = stream.place
        if place is not None and place.id in self._open:
            facts = {"openid": place.openid, "fields": place.fields, "index": place.index, "text": text}
            self._notes.put(_KIND, place.id, facts)

    def is_over(self, stream: C2CStream) -> None:
        """Nothing follows."""
        if stream.place is not None and self._open.pop(stream.place.id, None) is not None:
            self._notes.drop(_KIND, stream.place.id)

    def end_soon(self, stream: C2CStream, *, interrupted: bool = True) -> None:
        """Finish a stream as it is, in a task of its own."""
        self._begin_task(self._end(stream, interrupted=interrupted))

    async def _end(self, stream: C2CStream, *, interrupted: bool) -> None:
        try:
            await stream.end(interrupted=interrupted)
        except (DeliveryError, AuthError) as error:
            log.warning("%s: a stream could not be finished: %s", self._api.account, error)
        else:
            self.counts["streams_broken_off" if interrupted else "streams_left"] += 1

    # -- what an earlier process left ----------------------------------------------------------------------------------

    async def _finish_left(self, left: dict[str, tuple[StreamPlace, str]]) -> None:
        log.info("%s: %d streams were left open by an earlier process; they are finished", self._api.account, len(left))
        for identity, (place, text) in left.items():
            place.id = identity
            place.index += 2  # one was perhaps on its way when that process ended, and an earlier attempt to finish it
            try:
                await self._api.state(place, broken_off(text), last=True, patience=60.0)
            except (DeliveryError, AuthError) as error:
                log.warning("%s: a stream that was left open could not be finished: %s", self._api.account, error)
                if isinstance(error, AuthError | RateLimitedError) or error.ambiguous:
                    continue  # the next process tries it again
            else:
                self.counts["streams_broken_off"] += 1
            self._notes.drop(_KIND, identity)

    def _begin_task(self, work: Any) -> None:
        self._tasks.begin(work, f"link:{self._api.account}:stream")


def _read(note: Any) -> tuple[StreamPlace, str]:
    return StreamPlace(str(note["openid"]), dict(note["fields"]), "", int(note["index"])), str(note["text"])
