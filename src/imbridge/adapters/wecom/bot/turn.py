"""What answers one message over HTTP: a stream that the platform comes back for, until it is finished.

Source: developer.work.weixin.qq.com, "passive replies" (path/101031) and "receive messages" (path/100719): the answer
to the callback shows the first state; while it is not the last, the platform asks for the newest one, for at most 6
minutes from the message. Images come with the last state, a card once.
"""

import asyncio
import base64
import hashlib
import time
from typing import Any

from imbridge.adapters.wecom.bot.capabilities import CONTENT_BYTES
from imbridge.adapters.wecom.bot.outbound import stream_body
from imbridge.adapters.wecom.bot.thinking import with_thinking
from imbridge.protocol import ImbridgeError

MOST_IMAGES = 10
_GAP = "\n\n"
_NOTHING = "\u2026"
"""What a stream ends with that has shown nothing but the sign that the bot is thinking."""
_NOT_FETCHED = 20.0
"""Seconds without a question after which the platform has given up."""
_HURRY = 3.0


class TurnOverError(ImbridgeError):
    """Nothing more can be said as the answer to the callback."""


class Piece:
    """A part of the answer; its text may change while it is the last one.

    Attributes:
        text: What it says.
        thinking: What is thought before it; shown of the first one only, where clients look for it.
    """

    __slots__ = ("text", "thinking")

    def __init__(self, text: str, thinking: str = "") -> None:
        self.text = text
        self.thinking = thinking


class Turn:
    """One message's answer.

    Attributes:
        stream_id: The stream that it is.
        released: Nothing more will be said.
        over: Nothing more can be said.
        growing: How many of its pieces are being written.
        left: The answer to the callback itself is on its way.
        ended: The platform was told that nothing follows.
    """

    def __init__(self, stream_id: str, window: float, *, feedback: bool = False) -> None:
        """It can be added to for `window` seconds; with `feedback` people can rate it."""
        self.stream_id = stream_id
        self.released = False
        self.over = False
        self.growing = 0
        self.left = asyncio.Event()
        self.ended = asyncio.Event()
        self._comes_again = False
        self._patience = _NOT_FETCHED
        self._began = time.monotonic()
        self._until = self._began + window
        self._feedback = feedback
        self._pieces: list[Piece] = []
        self._images: list[dict[str, Any]] = []
        self._card: dict[str, Any] | None = None
        self._card_sent = False
        self._version = 0
        self._fetched = 0
        self._asked_at = time.monotonic()
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()

    @property
    def age(self) -> float:
        """Seconds since the message came."""
        return time.monotonic() - self._began

    @property
    def is_open(self) -> bool:
        """More can be said."""
        return not self.over and not self.released and time.monotonic() < self._until

    @property
    def is_awaited(self) -> bool:
        """The platform comes for the end of it."""
        return self._comes_again and not self.ended.is_set() and not self.over

    @property
    def content(self) -> str:
        """All of it so far."""
        said = _GAP.join(piece.text for piece in self._pieces)
        return with_thinking(self._pieces[0].thinking, said) if self._pieces else said

    @property
    def room(self) -> int:
        """Bytes that it can still take."""
        return CONTENT_BYTES - len(self.content.encode())

    @property
    def is_empty(self) -> bool:
        """Nothing is said."""
        return not self._version

    @property
    def is_news(self) -> bool:
        """Something was said that has not been fetched."""
        return self._fetched < self._version

    # -- saying --------------------------------------------------------------------------------------------------------

    @property
    def has_said(self) -> bool:
        """Whether a piece is there already: what is thought before a later one is not shown."""
        return bool(self._pieces)

    def add(self, text: str, thinking: str = "") -> Piece:
        """Say a text, below what was said before.

        Raises:
            TurnOverError: there is no time or no room for it.
        """
        self._check()
        piece = Piece(text, thinking)
        self._pieces.append(piece)
        if len(self.content.encode()) > CONTENT_BYTES:
            self._pieces.pop()
            self._end()
            raise TurnOverError(f"an answer has at most {CONTENT_BYTES} bytes")
        self._change()
        return piece

    def change(self, piece: Piece, text: str, thinking: str = "") -> None:
        """Say a piece otherwise.

        Raises:
            TurnOverError: there is no time or no room for it.
        """
        self._check()
        before, piece.text = piece.text, text
        before_that, piece.thinking = piece.thinking, thinking
        if len(self.content.encode()) > CONTENT_BYTES:
            piece.text, piece.thinking = before, before_that
            self._end()
            raise TurnOverError(f"an answer has at most {CONTENT_BYTES} bytes")
        self._change()

    def withdraw(self, said: Piece | dict[str, Any]) -> None:
        """A piece, a card or an image was not fetched, and goes another way."""
        self._pieces = [one for one in self._pieces if one is not said]
        self._images[:] = [one for one in self._images if one is not said]
        if self._card is said:
            self._card = None

    def add_card(self, card: dict[str, Any]) -> dict[str, Any]:
        """Show a card with it; gives the card.

        Raises:
            TurnOverError: there is one already, or no time.
        """
        self._check()
        if self._card is not None:
            raise TurnOverError("an answer has one card")
        self._card = card
        self._change()
        return card

    def add_image(self, data: bytes) -> dict[str, Any]:
        """Show an image at its end; gives what stands for it.

        Raises:
            TurnOverError: there are ten already, or no time.
        """
        self._check()
        if len(self._images) == MOST_IMAGES:
            raise TurnOverError(f"an answer has at most {MOST_IMAGES} images")
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        image = {"msgtype": "image", "image": {"base64": base64.b64encode(data).decode("ascii"), "md5": md5}}
        self._images.append(image)
        self._change()
        return image

    def hurry(self) -> None:
        """We are about to stop: who waits for the platform waits no longer than it usually takes."""
        self._patience = _HURRY
        self._asked_at = time.monotonic()
        self._taken.set()

    def release(self) -> None:
        """Nothing more will be said."""
        self.released = True
        self._changed.set()

    async def fetched(self) -> None:
        """Wait until the platform has all that is said now.

        Raises:
            TurnOverError: it does not come for it any more.
        """
        version = self._version
        while self._fetched < version:
            self._taken.clear()
            left = self._asked_at + self._patience - time.monotonic()
            if left <= 0:
                self.over = True
                raise TurnOverError("the platform has stopped asking for the rest of the answer")
            waiting = asyncio.ensure_future(self._taken.wait())
            try:
                await asyncio.wait((waiting,), timeout=left)
            finally:
                waiting.cancel()

    def _check(self) -> None:
        if not self.is_open:
            self._end()
            raise TurnOverError("the time for an answer to the callback is over")

    def _end(self) -> None:
        self.over = True
        self._changed.set()

    def _change(self) -> None:
        self._version += 1
        self._changed.set()

    # -- fetching ------------------------------------------------------------------------------------------------------

    async def ready(self, within: float) -> None:
        """Wait, at most so many seconds, until something new is said or nothing more will be."""
        until = time.monotonic() + within
        while self._fetched == self._version and self.is_open and (left := until - time.monotonic()) > 0:
            self._changed.clear()
            waiting = asyncio.ensure_future(self._changed.wait())
            try:
                await asyncio.wait((waiting,), timeout=left)
            finally:
                waiting.cancel()

    def take(self, *, first: bool) -> dict[str, Any] | None:
        """The newest state, for the callback itself (`first`) or for a question of the platform; None for nothing."""
        self._asked_at = time.monotonic()
        finish = not self.is_open
        self._comes_again = not finish
        if finish:
            self.ended.set()
        if finish and self._images:
            # They are large, and are not asked for twice; what got lost on the way is asked for at once.
            asyncio.get_running_loop().call_later(_NOT_FETCHED, self._images.clear)
        self._fetched = self._version
        self._taken.set()
        if first and finish and self.is_empty:
            return None
        if first and finish and self._card is not None and not self._pieces and not self._images:
            self._card_sent = True
            return {"msgtype": "template_card", "template_card": self._card}
        content = self.content
        if finish and not content and not self._images and self._card is None:
            content = _NOTHING
        body = stream_body(self.stream_id, content, finish=finish, feedback=first and self._feedback)
        if finish and self._images:
            body["stream"]["msg_item"] = self._images
        if self._card is not None and (first or not self._card_sent):
            body |= {"msgtype": "stream_with_template_card", "template_card": self._card}
            self._card_sent = True
        return body
