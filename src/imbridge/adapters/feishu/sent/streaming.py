"""Text that grows in a card: CardKit.

Source: open.feishu.cn, cardkit-v1: a card entity is made with `streaming_mode`, sent once as an `interactive` message
that names it, and given its whole text again and again; clients print what is new of it like a typewriter. Every
operation on a card carries a `sequence` that rises strictly, whichever operation it is. Streaming ends by itself 10
minutes after it was switched on; an entity lives 14 days and holds 30 KB. Clicks come while it streams, too, and a
button that stops the answer is deleted at its end ("Updating cards").
"""

import asyncio
import logging
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

from pydantic_core import to_json

from imbridge.adapters.broken_off import INTERRUPTED, marked
from imbridge.adapters.card_seals import Seal
from imbridge.adapters.feishu.capabilities import FEISHU
from imbridge.adapters.feishu.errors import CARD_CLOSED, CARD_FULL, CARD_SEQUENCE
from imbridge.adapters.feishu.sent import streaming_json as made
from imbridge.adapters.feishu.sent.markdown import CARD
from imbridge.adapters.feishu.sent.streaming_json import dumped
from imbridge.adapters.growing import Growing, GrowingFullError, Healing
from imbridge.adapters.markdown_told import shown
from imbridge.protocol import Card, DeliveryError, Element, ImbridgeError, NotPermittedError, RateLimitedError
from imbridge.rendering import Part, PartKind

if TYPE_CHECKING:
    from imbridge.adapters.feishu.sent.card_streams import CardStreams

log = logging.getLogger(__name__)

_CARDS = "/open-apis/cardkit/v1/cards"
_PATIENCE = 15.0
"""Seconds for one state on the way; the last one has as long as a message."""
_MENDINGS = 6
_ROOM_FOR_SUMMARY = 512


class StreamingCard(Growing):
    """One card that text grows in.

    Attributes:
        card_id: Its id, once it is made.
    """

    interval = 0.3  # below the 10 changes a second that one card takes, and enough for the typewriter to run smoothly
    healing = Healing.HELD  # the typewriter goes on where a state begins with the one before; clients show open marks
    thinking_bytes = 6_000  # of the 30 KB of the card

    def __init__(self, streams: "CardStreams", *, markdown: bool, seal: Seal, button: bool = False) -> None:
        """Nothing is made yet.

        Args:
            streams: Those of the account.
            markdown: The text is Markdown.
            seal: For the chat it goes to.
            button: It gets a button that stops it.
        """
        self.card_id = ""
        self._streams = streams
        self._caller = streams.caller
        self._markdown = markdown
        self.dialect = CARD if markdown else None
        self._seal = seal
        self._sequence = 0
        self._shown = self._newest = ""
        """What it shows, and what it was last told to show."""
        self._doubt = False
        """It may show the newest instead."""
        self._thought = ""
        """What it shows of the thinking."""
        self._has_button = button
        """It has, or is to have, a button that stops it."""
        self._ended = False
        self._patience: float | None = _PATIENCE
        self._changing = asyncio.Lock()

    def measure(self, part: Part) -> int:
        """Bytes of the card with this text in it, as sent, on the scale of its kind's limit."""
        text = "".join(element.as_text() for element in part.elements)
        size = len(to_json(self._json(text))) + _ROOM_FOR_SUMMARY
        return size if self._markdown else size * (FEISHU.text_bytes // FEISHU.markdown_bytes)

    async def open(self, text: str) -> Element:
        """Make the entity; what sends it."""
        body = {"type": "card_json", "data": dumped(self._json(text))}
        try:
            data, _ = await self._caller.call("POST", _CARDS, api="cardkit.create", json=body, patience=_PATIENCE)
        except NotPermittedError as error:
            self._streams.refused(error)
            raise
        card_id = data.get("card_id")
        if not isinstance(card_id, str) or not card_id:
            raise DeliveryError("feishu cardkit.create: an answer without card_id", platform="feishu")
        self.card_id = card_id
        self._shown = self._newest = text
        self._thought = self.thinking
        self._has_button = self._has_button and self.stop is not None
        self._streams.is_open(self)
        return Card(content={"type": "card", "data": {"card_id": card_id}}, text=text or "💭")

    async def show(self, text: str) -> None:
        """Give it the whole text, and what is thought so far."""
        async with self._changing:
            await self._show(text)

    async def close(self, text: str) -> None:
        """The last text, then the end of streaming: the chat's list shows the text instead of "generating"."""
        async with self._changing:
            self._patience = None
            await self._show(text)
            await self._finish()

    def leave(self) -> None:
        """End the streaming, in a task of its own."""
        if self.card_id and not self._ended:
            self._streams.end_soon(self, interrupted=False)

    async def end(self, *, interrupted: bool) -> None:
        """Finish it as it is: nobody will write to it any more.

        Raises:
            ImbridgeError: it could not be reached; the next process does it.
        """
        async with self._changing:
            if self._ended:
                return
            if interrupted and (self._newest.strip() or self._thought):
                try:
                    await self._show(marked(self._newest, INTERRUPTED, markdown=self._markdown))
                except (DeliveryError, GrowingFullError) as error:
                    if isinstance(error, RateLimitedError) or getattr(error, "ambiguous", False):
                        raise  # another time
                    log.info("%s: the end of a card could not be shown: %s", self._caller.config.key, error)
            await self._finish()

    # -- over the end of a process -------------------------------------------------------------------------------------

    def note(self) -> dict[str, Any]:
        """What the next process has to know to finish it."""
        return {
            "card": self.card_id,
            "text": self._newest,
            "thinking": self._thought,
            "markdown": self._markdown,
            "button": self._has_button,
            "sequence": self._sequence,
        }

    def recall(self, note: dict[str, Any]) -> None:
        """It is a card that an earlier process has left."""
        self.card_id = str(note["card"])
        self._newest, self._thought = str(note["text"]), str(note["thinking"])
        self.thinking = self._thought
        self._sequence = int(note["sequence"]) + 1  # one was perhaps on its way when that process ended

    # -- changes -------------------------------------------------------------------------------------------------------

    @property
    def _path(self) -> str:
        return f"{_CARDS}/{quote(self.card_id, safe='')}"

    async def _show(self, text: str) -> None:
        if self._ended:
            raise DeliveryError("a streaming card was finished", platform="feishu")
        if self.thinking != self._thought:
            await self._think(self.thinking)
        if text == self._shown and not self._doubt:
            return
        self._newest = text
        self._streams.noted(self)
        path = f"{self._path}/elements/{made.ANSWER}/content"
        try:
            await self._operate("PUT", path, "cardkit.content", {"content": self._prepared(text)})
        except DeliveryError as error:
            self._doubt = self._doubt or error.ambiguous
            raise
        self._shown, self._doubt = text, False

    async def _think(self, thinking: str) -> None:
        if self._thought:
            path, body = f"{self._path}/elements/{made.THINKING}/content", {"content": thinking}
            await self._operate("PUT", path, "cardkit.content", body)
        else:
            panel = dumped([made.panel(thinking)])
            body = {"type": "insert_before", "target_element_id": made.ANSWER, "elements": panel}
            await self._operate("POST", f"{self._path}/elements", "cardkit.elements", body)
        self._thought = thinking

    async def _finish(self) -> None:
        """All of the text is there, and the platform ends the streaming by itself: a failure is no harm."""
        more = {"thinking": bool(self._thought), "stop": self._has_button}
        try:
            if any(more.values()):
                try:
                    actions = dumped(made.last_changes(self._newest, **more))
                    await self._operate("POST", f"{self._path}/batch_update", "cardkit.batch", {"actions": actions})
                except DeliveryError as error:
                    log.info("%s: a streamed card is closed without more: %s", self._caller.config.key, error)
                else:
                    self._done()
                    return
            body = {"settings": dumped(made.ending(self._newest))}
            await self._operate("PATCH", f"{self._path}/settings", "cardkit.settings", body)
        except ImbridgeError as error:
            log.warning("%s: a streamed card could not be closed: %s", self._caller.config.key, error)
        self._done()

    def _done(self) -> None:
        self._ended = True
        self._streams.is_over(self)

    async def _operate(self, method: str, path: str, api: str, body: dict[str, Any]) -> None:
        """One operation, mended and made again where the platform says how: the newest text, a higher sequence."""
        doubt = False
        for mending in range(_MENDINGS):
            try:
                await self._change(method, path, api, body)
            except DeliveryError as error:
                doubt = doubt or error.ambiguous
                if mending == _MENDINGS - 1 or error.code not in CARD_CLOSED | CARD_SEQUENCE:
                    raise _final(error, doubt) from None
                closed = error.code in CARD_CLOSED
            else:
                return
            if closed:
                await self._reopen(doubt)
            else:
                # Somebody else has worked on this card, or an answer got lost: leap, further each time.
                self._sequence += 10 ** (mending + 1)

    async def _reopen(self, doubt: bool) -> None:
        """Streaming was ended: by the platform after 10 minutes, or by a replacement of the whole card."""
        settings = dumped({"config": {"streaming_mode": True}})
        try:
            await self._change("PATCH", f"{self._path}/settings", "cardkit.settings", {"settings": settings})
        except DeliveryError as error:
            if error.code not in CARD_SEQUENCE:
                raise _final(error, doubt) from None
            self._sequence += 10

    async def _change(self, method: str, path: str, api: str, body: dict[str, Any]) -> None:
        self._sequence += 1
        sent = {**body, "sequence": self._sequence, "uuid": uuid4().hex}
        await self._caller.call(method, path, api=api, json=sent, patience=self._patience)

    def _json(self, text: str) -> dict[str, Any]:
        return made.card(
            self._prepared(text),
            markdown=self._markdown,
            thinking=self.thinking,
            stop=self.stop if self._has_button else None,
            seal=self._seal,
        )

    def _prepared(self, text: str) -> str:
        return shown(text, CARD).text if self._markdown else text


def key_for(part: Part, key: str) -> str:
    """The key that a part is sent with: one of its own for each card entity.

    An answer that an earlier process broke off is written anew, into another card: under the same key the platform
    would take it for the message that is there already.
    """
    card = part.elements[0] if part.kind is PartKind.CARD else None
    data = card.content.get("data") if isinstance(card, Card) and card.content.get("type") == "card" else None
    card_id = data.get("card_id") if isinstance(data, dict) else None
    return blake2b(f"{key} {card_id}".encode(), digest_size=16).hexdigest() if isinstance(card_id, str) else key


def _final(error: DeliveryError, doubt: bool) -> DeliveryError | GrowingFullError:
    """What an operation ends with; `doubt`: its text may be shown all the same."""
    if error.code in CARD_FULL and not doubt:
        return GrowingFullError(str(error))
    error.ambiguous = doubt
    return error
