"""An answer that grows: a stream on the long connection.

Source: developer.work.weixin.qq.com, path/101463: each frame of a stream holds its whole text so far; it can be changed
for 6 minutes from its first frame (code 846608 afterwards), and ends with `finish`.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from imbridge.adapters.broken_off import INTERRUPTED, marked
from imbridge.adapters.errcode_refusals import RetargetError
from imbridge.adapters.growing import Growing, GrowingFullError
from imbridge.adapters.markdown_told import shown
from imbridge.adapters.plain_markdown import as_markdown
from imbridge.adapters.wecom.bot.calls import Obeyed
from imbridge.adapters.wecom.bot.capabilities import CONTENT_BYTES
from imbridge.adapters.wecom.bot.outbound import measure, stream_body, stream_card
from imbridge.adapters.wecom.bot.thinking import ROOM, room_for, with_thinking
from imbridge.adapters.wecom.bot.ways import Way
from imbridge.adapters.wecom.sent.markdown import BOT
from imbridge.protocol import DeliveryError, Element, ImbridgeError, NotSupportedError, RateLimitedError
from imbridge.rendering import Part

if TYPE_CHECKING:
    from imbridge.adapters.wecom.bot.speaking import BotSpeaker

_PATIENCE = 20.0
"""Seconds for one state on the way; the last one has as long as a message."""
_PATIENCE_AT_THE_END = 5.0


class BotStream(Growing):
    """One stream that text grows in.

    Attributes:
        id: The stream's id.
        markdown: Its text is Markdown.
    """

    interval = 0.5
    """Far below what one stream was seen to take."""
    thinking_bytes = ROOM

    def __init__(self, speaker: "BotSpeaker", *, markdown: bool) -> None:
        """Nothing is shown yet."""
        self.id = uuid4().hex
        self._speaker = speaker
        self.markdown = markdown
        self.dialect = BOT if markdown else None
        self._way: Way | None = None
        self._shown = self._newest = ""
        """What it shows, and what it was last told to show."""
        self._thought = ""
        """What it shows of the thinking."""
        self._doubt = False
        self._ended = False
        self._changing = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None

    def measure(self, part: Part) -> int:
        """Bytes of the stream's content with this text in it."""
        return measure(part) + room_for(self.thinking)

    async def open(self, text: str) -> Element:
        """What stands for it in the chat."""
        self._shown = self._newest = text
        self._thought = self.thinking
        return stream_card(self.id, text)

    async def begin(self, way: Way) -> Obeyed:
        """Show the first state, as the answer to a message.

        Raises:
            RetargetError: the message cannot be answered any more.
            DeliveryError: as `BotCaller.call`.
        """
        before = way.grows_until
        if before is None:
            way.grows_until = time.time() + self._speaker.settings.stream_window
        self._way = way
        try:
            done = await self._put(way, self._shown, finish=False, first=True)
        except DeliveryError as error:
            if error.ambiguous:
                self._is_open(way)
                self._speaker.end_soon(self)
            else:
                self._way, way.grows_until = None, before
            raise
        self._is_open(way)
        return done

    def _is_open(self, way: Way) -> None:
        """It is finished in time, also when nothing more is written: left open, it ends as an error on screens."""
        self._speaker.open_streams[self.id] = self
        left = max((way.grows_until or 0.0) - time.time(), 0.0)
        self._timer = asyncio.get_running_loop().call_later(left, self._speaker.end_soon, self)

    async def show(self, text: str) -> None:
        """Show the whole text."""
        if text == self._shown and self.thinking == self._thought:
            return
        async with self._changing:
            await self._within_window()
            await self._change(text, finish=False, patience=_PATIENCE)

    async def close(self, text: str) -> None:
        """Show the last state, and that it is the last one."""
        async with self._changing:
            if self._ended and text == self._shown:
                return
            await self._within_window()
            await self._change(text, finish=True, patience=None)
            self._done()

    async def end(self, *, interrupted: bool = False) -> None:
        """Finish it as it is: its time is over, or nobody will write to it any more.

        Args:
            interrupted: A word says that it was broken off.

        Raises:
            DeliveryError: as `BotCaller.call`; it is tried again when its time is over.
        """
        async with self._changing:
            await self._end(interrupted=interrupted)

    def abandon(self) -> None:
        """Leave it to the platform to end it."""
        self._done()

    async def _end(self, *, interrupted: bool = False) -> None:
        way = self._way
        if self._ended or way is None:
            return
        text = self._newest if self._doubt else self._shown
        if interrupted and (text.strip() or self._thought):
            said = marked(text, INTERRUPTED, markdown=self.markdown)
            text = said if len(self._content(said).encode()) <= CONTENT_BYTES else text
        try:
            await self._put(way, text, finish=True, patience=_PATIENCE_AT_THE_END)
        except DeliveryError as error:
            if isinstance(error, RetargetError) or not way.is_fresh():
                self._done()
            raise
        self._done()

    def _done(self) -> None:
        self._ended = True
        self._speaker.open_streams.pop(self.id, None)
        if self._timer is not None:
            self._timer.cancel()

    async def _within_window(self) -> None:
        """Finish what is shown when its time is over: the rest has to go otherwise.

        Raises:
            GrowingFullError: it is over.
        """
        if self._way is not None and self._way.is_fresh() and not self._ended:
            return
        window = self._speaker.settings.stream_window
        try:
            await self._end()
        except ImbridgeError as error:
            raise GrowingFullError(f"a stream was left open after {window:g} s: {error}") from None
        raise GrowingFullError(f"an answer can grow for {window:g} s")

    async def _change(self, text: str, *, finish: bool, patience: float | None) -> None:
        way = self._way
        if way is None:
            raise NotSupportedError("this answer does not grow: it answers nothing that can be answered")
        self._newest = text
        thought = self.thinking
        try:
            await self._put(way, text, finish=finish, patience=patience)
        except RetargetError as error:
            self._done()
            way.grows_until = 0.0  # nothing grows here any more
            if not self._doubt and not error.ambiguous:
                raise GrowingFullError(str(error)) from None
            error.ambiguous = True
            raise
        except DeliveryError as error:
            self._doubt = self._doubt or error.ambiguous
            error.ambiguous = self._doubt
            if finish or not (self._doubt or isinstance(error, RateLimitedError)):
                self._speaker.end_soon(self)  # whoever writes it goes on otherwise, or gives up
            raise
        self._shown, self._thought = text, thought
        self._doubt = False

    async def _put(
        self, way: Way, text: str, *, finish: bool, first: bool = False, patience: float | None = None
    ) -> Obeyed:
        feedback = first and self._speaker.settings.feedback
        body: dict[str, Any] = stream_body(self.id, self._content(text), finish=finish, feedback=feedback)
        return await self._speaker.respond(way, body, counts=first, repeatable=True, patience=patience)

    def _content(self, text: str) -> str:
        return with_thinking(self.thinking, shown(text, BOT).text if self.markdown else as_markdown(text, BOT))
