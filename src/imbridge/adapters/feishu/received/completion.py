"""What belongs to a message and does not come with it: what it quotes, what is forwarded, the card as it was sent.

Each is one call; a call that fails leaves the message as it came, and is counted.
"""

import logging
from collections import Counter

from imbridge.adapters.feishu.api import FeishuApi
from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.adapters.feishu.received.fetched import Bounds, Item, content_of, forwarded, item_of, items_of, quoted
from imbridge.adapters.feishu.received.identity import Identity
from imbridge.adapters.feishu.received.received_cards import is_flattened
from imbridge.protocol import Card, Element, Forward, ImbridgeError, Message, Quote

log = logging.getLogger(__name__)

_PATIENCE = 5.0
"""Seconds for one call: somebody waits for an answer to the message itself."""


class Completion:
    """Completes the messages of one account.

    Attributes:
        counts: `quotes_read`, `forwards_read`, `cards_read`, and each `..._missed`.
    """

    def __init__(self, api: FeishuApi, me: Identity, config: FeishuConfig) -> None:
        """No I/O."""
        self.counts: Counter[str] = Counter()
        self._api = api
        self._me = me
        self._quotes = config.resolve_quotes
        self._cards = config.read_cards
        self._bounds = Bounds(config.forward_depth, config.forward_count)

    def is_complete(self, message: Message) -> bool:
        """True when nothing has to be asked for: nearly always."""
        if message.reply_to is not None and self._quotes and message.quote is None:
            return False
        return message.content_type not in ("forward", "card") or not self._is_partial(message)

    def _is_partial(self, message: Message) -> bool:
        """What was forwarded is not there, or the card is not the one that was sent."""
        element = message.elements[0] if message.elements else None
        if isinstance(element, Forward):
            return self._bounds.count > 0 and not element.messages
        return isinstance(element, Card) and self._cards and is_flattened(element)

    async def complete(self, message: Message) -> Message:
        """The message with all of it that can be read."""
        if self._is_partial(message):
            message = await self._whole(message)
        if message.reply_to is not None and self._quotes and message.quote is None:
            quote = await self._quote(message.reply_to)
            message = message.model_copy(update={"elements": (quote, *message.elements)})
        return message

    async def _quote(self, message_id: str) -> Quote:
        items = await self._items(message_id, "quotes")
        return quoted(items, message_id, self._me, self._bounds) if items else Quote(message_id=message_id)

    async def _whole(self, message: Message) -> Message:
        is_forward = message.content_type == "forward"
        items = await self._items(message.id, "forwards" if is_forward else "cards")
        element: Element | None = None
        if items and is_forward:
            element = forwarded(items, message.id, self._me, self._bounds)
        elif (item := item_of(items, message.id)) is not None:
            element = next((each for each in content_of(item, self._me).elements if isinstance(each, Card)), None)
        if element is None or (isinstance(element, Card) and is_flattened(element)):
            return message
        text = element.as_text()
        return message.model_copy(update={"elements": (element, *message.elements[1:]), "text": text, "raw": text})

    async def _items(self, message_id: str, what: str) -> list[Item]:
        """The message and what is in it; nothing, where it cannot be read: recalled, not ours to see, or no answer."""
        try:
            items = items_of(await self._api.message(message_id, patience=_PATIENCE))
        except ImbridgeError as error:
            log.debug("message %s cannot be read: %s", message_id, error)
            items = []
        self.counts[f"{what}_read" if items else f"{what}_missed"] += 1
        return items
