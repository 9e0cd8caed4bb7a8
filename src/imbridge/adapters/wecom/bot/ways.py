"""How messages can be answered: what of them has to be remembered, for as long as they can be."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace

_MOST = 20_000


@dataclass(slots=True)
class Way:
    """The way back to one message.

    Attributes:
        req_id: Of the callback that brought it: an answer carries it.
        chat: The conversation's id: rates count by it.
        until: When it cannot be answered any more.
        order: Held while a command with the `req_id` is on its way: they go one after another.
        answered: Something was said this way.
        grows_until: When an answer can grow no longer; from its first frame on.
    """

    req_id: str
    chat: str
    until: float
    order: asyncio.Lock = field(default_factory=asyncio.Lock)
    answered: bool = False
    grows_until: float | None = None

    def is_fresh(self) -> bool:
        """Its answers can grow."""
        return self.grows_until is None or time.monotonic() < self.grows_until


class Ways:
    """The ways back to the messages of a day, the newest 20,000 of them.

    Source: developer.work.weixin.qq.com, path/101463: a `req_id` can be answered for 24 hours.
    """

    def __init__(self, *, lifetime: float = 24 * 3600.0 - 60) -> None:
        """`lifetime` in seconds."""
        self._lifetime = lifetime
        self._ways: OrderedDict[str, Way] = OrderedDict()

    def remember(self, message_id: str, req_id: str, chat: str) -> None:
        """A message came."""
        if message_id not in self._ways:
            self._ways[message_id] = Way(req_id, chat, time.monotonic() + self._lifetime)
            while len(self._ways) > _MOST:
                self._ways.popitem(last=False)

    def find(self, message_id: str | None) -> Way | None:
        """The way back to a message, while there is one."""
        way = self._ways.get(message_id or "")
        if way is None or way.until > time.monotonic():
            return way
        del self._ways[message_id or ""]
        return None

    def know(self, others: "Ways", message_id: str | None) -> None:
        """What others know of the way back to one message."""
        if message_id and (way := others.find(message_id)) is not None:
            self._ways[message_id] = replace(way, order=asyncio.Lock())

    def forget(self, message_id: str | None) -> None:
        """The platform says that it is none any more."""
        self._ways.pop(message_id or "", None)
