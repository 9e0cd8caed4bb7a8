"""What a message of a guild quotes: it names but its id, so it is asked for.

Source: the official SDKs, `GET /channels/{channel_id}/messages/{message_id}`. Private chats of guilds have nothing of
the sort; in groups and single chats the quotation comes along.
"""

import logging
from collections import Counter
from typing import Any
from urllib.parse import quote as quoted

from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.received.facts import fields
from imbridge.adapters.qq.received.identity import Identity
from imbridge.adapters.qq.received.mentions import Called
from imbridge.adapters.qq.received.quotes import told
from imbridge.protocol import AuthError, ChannelKind, DeliveryError, Message, NotPermittedError, Quote

log = logging.getLogger(__name__)

_PATIENCE = 5.0
_KIND = "MESSAGE_CREATE"
_NOT_OURS = (401, 403)


class Completing:
    """Reads what is quoted.

    Attributes:
        counts: `quotes_read` and `quotes_unread`.
    """

    def __init__(self, api: QQApi, me: Identity, counts: Counter[str]) -> None:
        """Over one bot's API."""
        self._api = api
        self._me = me
        self._refused = False
        self.counts = counts

    def is_complete(self, message: Message) -> bool:
        """False when it quotes something that is not told, and can be asked for."""
        quote = message.quote
        if quote is None or quote.text or self._refused:
            return True
        return message.channel.kind is not ChannelKind.GUILD

    async def complete(self, message: Message) -> Message:
        """The message with what it quotes; as it is, when that cannot be read."""
        quote = message.quote
        if quote is None:
            return message
        place = f"/channels/{quoted(message.channel.id, safe='')}/messages"
        path = f"{place}/{quoted(quote.message_id, safe='')}"
        try:
            answer = await self._api.caller.call("GET", path, limits=self._api.limits("read"), patience=_PATIENCE)
        except (DeliveryError, AuthError) as error:
            self._unread(error)
            return message
        self.counts["quotes_read"] += 1
        data = fields(answer.body, "message") or answer.body
        read = Quote(message_id=quote.message_id, **told(data, Called(_KIND, data, self._me), self._me))
        elements = tuple(read if element is quote else element for element in message.elements)
        return message.model_copy(update={"elements": elements})

    def _unread(self, error: Exception) -> None:
        """Told once; a bot that may not read messages does not ask again."""
        self.counts["quotes_unread"] += 1
        code: Any = getattr(error, "code", None)
        if isinstance(error, NotPermittedError | AuthError) or code in _NOT_OURS:
            self._refused = True
            log.info("%s: quoted messages of guilds are left unread: %s", self._api.config.key, error)
        else:
            log.warning("%s: a quoted message was left unread: %s", self._api.config.key, error)
