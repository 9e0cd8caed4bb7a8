"""Text that grows in a card: CardKit.

Source: open.feishu.cn, cardkit-v1: a card entity is made with `streaming_mode`, sent once as an `interactive` message
that names it, and given its whole text again and again; clients print what is new of it like a typewriter. Every
operation on a card carries a `sequence` that rises strictly, whichever operation it is. Streaming ends by itself 10
minutes after it was switched on; an entity lives 14 days and holds 30 KB.
"""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from pydantic_core import to_json

from imbridge.adapters.base import Growing, GrowingFullError
from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.capabilities import FEISHU
from imbridge.adapters.feishu.errors import CARD_CLOSED, CARD_FULL, CARD_SEQUENCE
from imbridge.adapters.feishu.sent.markup import without_mentions
from imbridge.adapters.feishu.sent.tables import MOST_TABLES, limit_tables
from imbridge.protocol import Card, DeliveryError, Element, ImbridgeError, NotPermittedError
from imbridge.rendering import Part

log = logging.getLogger(__name__)

_CARDS = "/open-apis/cardkit/v1/cards"
_ELEMENT = "answer"
_PATIENCE = 15.0
"""Seconds for one state on the way; the last one has as long as a message."""
_MENDINGS = 6
_SUMMARY_LENGTH = 60
_ROOM_FOR_SUMMARY = 512


class StreamingCard(Growing):
    """One card that text grows in."""

    interval = 0.3  # below the 10 changes a second that one card takes, and enough for the typewriter to run smoothly

    def __init__(
        self, caller: Caller, *, markdown: bool, on_refused: Callable[[NotPermittedError], None] = lambda error: None
    ) -> None:
        """Nothing is made yet; `on_refused` is told when the app may not make cards at all."""
        self._caller = caller
        self._on_refused = on_refused
        self._markdown = markdown
        self._card_id = ""
        self._sequence = 0
        self._shown = ""
        self._patience: float | None = _PATIENCE

    def measure(self, part: Part) -> int:
        """Bytes of the card with this text in it, as sent, on the scale of its kind's limit."""
        size = len(to_json(self._json("".join(element.as_text() for element in part.elements)))) + _ROOM_FOR_SUMMARY
        return size if self._markdown else size * (FEISHU.text_bytes // FEISHU.markdown_bytes)

    async def open(self, text: str) -> Element:
        """Make the entity; what sends it."""
        body = {"type": "card_json", "data": to_json(self._json(text)).decode()}
        try:
            data, _ = await self._caller.call("POST", _CARDS, api="cardkit.create", json=body, patience=_PATIENCE)
        except NotPermittedError as error:
            self._on_refused(error)
            raise
        card_id = data.get("card_id")
        if not isinstance(card_id, str) or not card_id:
            raise DeliveryError("feishu cardkit.create: an answer without card_id", platform="feishu")
        self._card_id = card_id
        self._shown = text
        return Card(content={"type": "card", "data": {"card_id": card_id}}, text=text)

    async def show(self, text: str) -> None:
        """Give it the whole text."""
        if text != self._shown:
            path = f"{self._path}/elements/{_ELEMENT}/content"
            await self._operate("PUT", path, "cardkit.content", {"content": self._prepared(text)})
            self._shown = text

    async def close(self, text: str) -> None:
        """The last text, then the end of streaming: the chat's list shows the text instead of "generating"."""
        self._patience = None
        await self.show(text)
        config = {"streaming_mode": False, "summary": {"content": _summary(text)}}
        try:
            await self._operate(
                "PATCH", f"{self._path}/settings", "cardkit.settings", {"settings": _dumps({"config": config})}
            )
        except ImbridgeError as error:
            # All of the text is there, and the platform ends the streaming by itself.
            log.warning("%s: a streamed card could not be closed: %s", self._caller.config.key, error)

    @property
    def _path(self) -> str:
        return f"{_CARDS}/{quote(self._card_id, safe='')}"

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
        settings = _dumps({"config": {"streaming_mode": True}})
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
        prepared = self._prepared(text)
        element: dict[str, Any]
        if self._markdown:
            element = {"tag": "markdown", "element_id": _ELEMENT, "content": prepared}
        else:
            inner = {"tag": "plain_text", "element_id": _ELEMENT, "content": prepared}
            element = {"tag": "div", "text": inner}
        return {
            "schema": "2.0",
            "config": {"streaming_mode": True, "update_multi": True},
            "body": {"elements": [element]},
        }

    def _prepared(self, text: str) -> str:
        return limit_tables(without_mentions(text), MOST_TABLES)[0] if self._markdown else text


def _final(error: DeliveryError, doubt: bool) -> DeliveryError | GrowingFullError:
    """What an operation ends with; `doubt`: its text may be shown all the same."""
    if error.code in CARD_FULL and not doubt:
        return GrowingFullError(str(error))
    error.ambiguous = doubt
    return error


def _dumps(value: Any) -> str:
    return to_json(value).decode()


def _summary(text: str) -> str:
    """The first line with something in it, shortened: what the list of chats shows."""
    line = next((line.strip() for line in text.splitlines() if line.strip(" #>*-`|")), "")
    return line if len(line) <= _SUMMARY_LENGTH else f"{line[: _SUMMARY_LENGTH - 1]}…"
