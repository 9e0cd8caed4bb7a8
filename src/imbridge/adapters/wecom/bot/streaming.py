"""An answer that grows: a stream on the long connection.

Source: developer.work.weixin.qq.com, path/101463: each frame of a stream holds its whole text so far; it can be changed
for 6 minutes from its first frame (code 846608 afterwards), and ends with `finish`.
"""

import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from imbridge.adapters.base import Growing, GrowingFullError
from imbridge.adapters.errcode_calls import RetargetError
from imbridge.adapters.wecom.bot.markup import as_markdown
from imbridge.adapters.wecom.bot.outbound import measure, stream_body, stream_card
from imbridge.adapters.wecom.bot.ways import Way
from imbridge.protocol import DeliveryError, Element, ImbridgeError, NotSupportedError
from imbridge.rendering import Part

if TYPE_CHECKING:
    from imbridge.adapters.wecom.bot.speaking import BotSpeaker

_PATIENCE = 20.0
"""Seconds for one state on the way; the last one has as long as a message."""


class BotStream(Growing):
    """One stream that text grows in.

    Attributes:
        id: The stream's id.
        markdown: Its text is Markdown.
    """

    interval = 0.5
    """Far below what one stream was seen to take."""

    def __init__(self, speaker: "BotSpeaker", *, markdown: bool) -> None:
        """Nothing is shown yet."""
        self.id = uuid4().hex
        self._speaker = speaker
        self.markdown = markdown
        self._way: Way | None = None
        self._shown = ""
        self._doubt = False

    def measure(self, part: Part) -> int:
        """Bytes of the stream's content with this text in it."""
        return measure(part)

    async def open(self, text: str) -> Element:
        """What stands for it in the chat."""
        self._shown = text
        return stream_card(self.id, text)

    async def begin(self, way: Way) -> int:
        """Show the first state, as the answer to a message; the attempts made.

        Raises:
            RetargetError: the message cannot be answered any more.
            DeliveryError: as `BotCaller.call`.
        """
        attempts = await self._put(way, self._shown, finish=False, first=True)
        self._way = way
        self._speaker.open_streams[self.id] = self
        if way.grows_until is None:
            way.grows_until = time.monotonic() + self._speaker.settings.stream_window
        return attempts

    async def show(self, text: str) -> None:
        """Show the whole text."""
        if text == self._shown:
            return
        await self._within_window()
        await self._change(text, finish=False, patience=_PATIENCE)

    async def close(self, text: str) -> None:
        """Show the last state, and that it is the last one."""
        await self._within_window(text)
        await self._change(text, finish=True, patience=None)
        self._speaker.open_streams.pop(self.id, None)

    async def end(self) -> None:
        """Finish it as it is: nobody will write to it any more. What goes wrong leaves it to the platform."""
        self._speaker.open_streams.pop(self.id, None)
        if self._way is not None:
            await self._put(self._way, self._shown, finish=True, patience=2.0)

    async def _within_window(self, last: str | None = None) -> None:
        """Finish what is shown when its time is over: the rest has to go otherwise.

        Raises:
            GrowingFullError: it is over.
        """
        way = self._way
        if way is None:
            raise NotSupportedError("this answer does not grow: it answers nothing that can be answered")
        if way.grows_until is None or time.monotonic() < way.grows_until or last == self._shown:
            return
        window = self._speaker.settings.stream_window
        try:
            await self.end()
        except ImbridgeError as error:
            raise GrowingFullError(f"a stream was left open after {window:g} s: {error}") from None
        raise GrowingFullError(f"an answer can grow for {window:g} s")

    async def _change(self, text: str, *, finish: bool, patience: float | None) -> None:
        way = self._way
        if way is None:
            raise NotSupportedError("this answer does not grow: it answers nothing that can be answered")
        try:
            await self._put(way, text, finish=finish, patience=patience)
        except RetargetError as error:
            self._speaker.open_streams.pop(self.id, None)
            way.grows_until = 0.0  # nothing grows here any more
            if not self._doubt and not error.ambiguous:
                raise GrowingFullError(str(error)) from None
            error.ambiguous = True
            raise
        except DeliveryError as error:
            self._doubt = self._doubt or error.ambiguous
            error.ambiguous = self._doubt
            raise
        self._shown = text
        self._doubt = False

    async def _put(
        self, way: Way, text: str, *, finish: bool, first: bool = False, patience: float | None = None
    ) -> int:
        content = text if self.markdown else as_markdown(text)
        feedback = first and self._speaker.settings.feedback
        body: dict[str, Any] = stream_body(self.id, content, finish=finish, feedback=feedback)
        return (await self._speaker.respond(way, body, counts=first, repeatable=True, patience=patience)).attempts
