"""A text that grows in a single chat, as QQ's own assistants show theirs.

The older documents have nothing of it; this is what QQ's own plugin for bots does: each state holds the whole text so
far, which begins with what was shown before; `index` rises, `msg_seq` stays; `stream_msg_id` is the id that the first
state was answered with; `input_state` 1 says that more follows, 10 that nothing does. States are half a second apart.
"""

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from imbridge.adapters.broken_off import broken_off, closed
from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.growing import Growing, GrowingFullError, Healing
from imbridge.adapters.qq.sent.markdown import C2C
from imbridge.adapters.qq.sent.stream_api import OVER, TOO_LONG, StreamApi, StreamPlace
from imbridge.adapters.qq.sent.stream_text import GrowingText
from imbridge.protocol import (
    AuthError,
    Card,
    Channel,
    ContentRefusedError,
    DeliveryError,
    Element,
    NotPermittedError,
    RateLimitedError,
    TargetGoneError,
)
from imbridge.rendering import Part

if TYPE_CHECKING:
    from imbridge.adapters.qq.sent.streams import Streams

log = logging.getLogger(__name__)

MARK = "imbridge_stream"
"""Key of a stream's id in what has to be sent so that it is seen."""
INTERVAL, _SLOWEST = 0.5, 8.0
"""Seconds between two states, and at most between two that the platform finds too many."""
_PATIENCE, _LAST_PATIENCE = 5.0, 30.0
"""Seconds for one state on its way, and for the last one."""
_PAUSE = 0.3


class C2CStream(Growing):
    """One message that grows in a single chat.

    Attributes:
        id: What names it before it is sent.
        place: Where it is, once it is sent.
        orphan: Nobody writes to it.
    """

    healing = Healing.OWN  # what is shown stays: see `stream_text`

    def __init__(self, streams: "Streams", api: StreamApi, *, markdown: bool) -> None:
        """Nothing is sent yet."""
        self.id = uuid4().hex
        self.place: StreamPlace | None = None
        self.interval = INTERVAL
        self.orphan = False
        self._streams = streams
        self._api = api
        self._markdown = markdown
        self._growing = GrowingText(markdown=markdown)
        self.dialect = C2C if markdown else None
        self._first = ""
        self._shown = ""
        """What it shows, or what it may show: all that comes has to begin with it."""
        self._doubt = False
        """It may show the newest text, or what it showed before."""
        self._ended = False
        self._changing = asyncio.Lock()

    def measure(self, part: Part) -> int:
        """Bytes of the text, as it is shown."""
        text = "".join(element.as_text() for element in part.elements)
        return len(GrowingText(markdown=self._markdown).written(text, last=True).encode("utf-8", "replace"))

    def can_begin(self, text: str) -> bool:
        """Once it is known how its beginning is read: what is shown first stays."""
        return bool(GrowingText(markdown=self._markdown).written(text, last=False).strip())

    async def open(self, text: str) -> Element:
        """What has to be sent."""
        self._first = text
        self._streams.waits(self)
        return Card(content={MARK: self.id, "markdown": self._markdown}, text=text)

    def adopt(self, text: str) -> None:
        """Stand for a stream that another process was about to begin: nobody here writes to it."""
        self._first = text
        self.orphan = True

    async def begin(self, channel: Channel, fields: dict[str, Any]) -> Answer:
        """Send the first text.

        Args:
            channel: The single chat.
            fields: What it answers, and the number of the answer.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        async with self._changing:
            first = self._growing.written(self._first, last=False)
            if not first.strip():
                first = self._growing.written(self._first, last=True)
            self.held, self._shown = self._growing.held, first  # also when the answer gets lost, and it is there
            answer = await self._api.begin(channel, fields, first)
            if identity := str(answer.body.get("id") or ""):
                self.place = StreamPlace(channel.id, fields, identity)
                self._streams.is_open(self, first)
                if self.orphan:
                    self._streams.end_soon(self)
            return answer

    async def show(self, text: str) -> None:
        """Show the whole text, as far as it is known how it is to be read."""
        async with self._changing:
            place = self._check_open()
            written = self._growing.written(text, last=False)
            held = self._growing.held
            await self._check_goes_on(place, written)
            if written == self._shown and not self._doubt:
                self.held = held
                return
            try:
                await self._put(place, written, last=False, patience=_PATIENCE)
            except DeliveryError as error:
                await self._refused(place, error)
                raise
            self.held = held
            self.interval = INTERVAL

    async def close(self, text: str) -> None:
        """Show the last state, and that it is the last one."""
        async with self._changing:
            place = self._check_open()
            written = self._growing.written(text, last=True)
            await self._check_goes_on(place, written)
            try:
                await self._finish(place, written)
            except DeliveryError as error:
                await self._refused(place, error)
                if not self._ended:  # whoever writes goes on otherwise
                    self._streams.end_soon(self, interrupted=False)
                raise
            self.held = ""
            self._done()

    async def end(self, *, interrupted: bool) -> None:
        """Finish it as it is: nobody will write to it any more.

        Raises:
            ImbridgeError: it could not be finished.
        """
        async with self._changing:
            if self._ended or self.place is None:
                return
            await self._finish(self.place, broken_off(self._shown) if interrupted else self._shown)
            self._done()

    # -- states --------------------------------------------------------------------------------------------------------

    async def _put(self, place: StreamPlace, written: str, *, last: bool, patience: float) -> None:
        before, doubt = self._shown, self._doubt
        self._shown, self._doubt = written, True  # also when it is cancelled on the way
        self._streams.note(self, written)
        try:
            await self._api.state(place, written, last=last, patience=patience)
        except DeliveryError as error:
            if not error.ambiguous:
                self._shown, self._doubt = before, doubt
            raise
        self._doubt = False

    async def _finish(self, place: StreamPlace, written: str) -> None:
        """The last state, tried again while nobody knows whether it arrived: it is the same text each time."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + _LAST_PATIENCE
        may_be_there = False
        while True:
            try:
                await self._put(place, written, last=True, patience=max(deadline - clock(), 1.0))
            except DeliveryError as error:
                if may_be_there and error.code in OVER and not error.ambiguous:
                    return  # the attempt before has arrived
                if not error.ambiguous or clock() + _PAUSE > deadline:
                    error.ambiguous = error.ambiguous or may_be_there
                    raise
                may_be_there = True
                await asyncio.sleep(_PAUSE)
            else:
                return

    async def _refused(self, place: StreamPlace, error: DeliveryError) -> None:
        """A state was not shown.

        Raises:
            GrowingFullError: it takes no more; what it shows stays.
        """
        if isinstance(error, RateLimitedError) or error.ambiguous:
            self.interval = min(self.interval * 2, _SLOWEST)
            return
        log.info("%s: a stream ends before its text does: %s", self._api.account, error)
        await self._leave(place)
        if error.code in TOO_LONG:
            raise GrowingFullError(str(error)) from None

    async def _check_goes_on(self, place: StreamPlace, written: str) -> None:
        """A text that does not begin with what is shown needs a stream of its own.

        Raises:
            GrowingFullError: it does not.
        """
        if not written.startswith(self._shown):
            await self._leave(place)
            raise GrowingFullError("qq: what is shown of a stream cannot be changed any more")

    async def _leave(self, place: StreamPlace) -> None:
        """Say that nothing follows; whoever writes goes on otherwise, so it is no harm when it cannot be said now."""
        try:
            await self._put(place, closed(self._shown), last=True, patience=_PATIENCE)
        except (DeliveryError, AuthError) as error:
            log.info("%s: a stream could not be finished: %s", self._api.account, error)
            if isinstance(error, AuthError | RateLimitedError) or error.ambiguous:
                self._streams.end_soon(self, interrupted=False)
                return
        self._done()

    def _check_open(self) -> StreamPlace:
        if self._ended or self.place is None:
            why = "was finished" if self._ended else "was not begun"
            raise DeliveryError(f"qq: a stream {why}", platform="qq")
        return self.place

    def _done(self) -> None:
        self._ended = True
        self._streams.is_over(self)


def growing_in(card: Card) -> str:
    """The id of the stream that this stands for; empty when it stands for none."""
    found = card.content.get(MARK)
    return found if isinstance(found, str) else ""


def is_markdown(card: Card) -> bool:
    """Whether the text of a stream is Markdown."""
    return card.content.get("markdown") is not False


def is_for_good(error: DeliveryError) -> bool:
    """Whether a refusal of the first state is one of streams as such, as far as one can tell."""
    if isinstance(error, RateLimitedError | TargetGoneError) or error.ambiguous:
        return False
    return isinstance(error, NotPermittedError) or not isinstance(error, ContentRefusedError)
