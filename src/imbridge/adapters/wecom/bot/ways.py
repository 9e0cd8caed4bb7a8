"""How messages can be answered: what of them has to be remembered, for as long as they can be."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from imbridge.adapters.notes import Notes
from imbridge.adapters.remembered import Remembered

_MOST = 20_000


@dataclass(slots=True)
class Way:
    """The way back to one message.

    Attributes:
        message_id: Which.
        req_id: Of the callback that brought it: an answer carries it.
        chat: The conversation's id: rates count by it.
        order: Held while a command with the `req_id` is on its way: they go one after another.
        answered_by: What was said this way first: a stream's id, or a kind of message; empty: nothing yet.
        grows_until: When an answer can grow no longer (seconds since 1970); from its first frame on.
    """

    message_id: str
    req_id: str
    chat: str
    order: asyncio.Lock = field(default_factory=asyncio.Lock)
    answered_by: str = ""
    grows_until: float | None = None

    def is_fresh(self) -> bool:
        """Its answers can grow."""
        return self.grows_until is None or time.time() < self.grows_until


class Ways:
    """The ways back to the messages of a day, the newest 20,000 of them. They are known after a restart.

    Source: developer.work.weixin.qq.com, path/101463: a `req_id` can be answered for 24 hours.
    """

    def __init__(
        self, notes: Notes, *, lifetime: float = 24 * 3600.0 - 60, now: Callable[[], float] = time.time
    ) -> None:
        """`lifetime` in seconds; `now` gives seconds since 1970."""
        self._lifetime = lifetime
        self._ways: Remembered[Way] = Remembered(notes, "way", most=_MOST, write=_written, read=_read, now=now)

    async def restore(self) -> None:
        """Know again what came to an earlier process."""
        await self._ways.restore()

    def remember(self, message_id: str, req_id: str, chat: str) -> None:
        """A message came."""
        if message_id not in self._ways:
            self._ways.put(message_id, Way(message_id, req_id, chat), self._ways.now() + self._lifetime)

    def changed(self, way: Way) -> None:
        """Something was said this way."""
        self._ways.changed(way.message_id)

    def find(self, message_id: str | None) -> Way | None:
        """The way back to a message, while there is one."""
        return self._ways.get(message_id or "")

    def know(self, others: "Ways", message_id: str | None) -> None:
        """What others know of the way back to one message."""
        if message_id and (way := others.find(message_id)) is not None:
            self._ways.put(message_id, replace(way, order=asyncio.Lock()), self._ways.now() + self._lifetime)

    def forget(self, message_id: str | None) -> None:
        """The platform says that it is none any more."""
        self._ways.drop(message_id or "")


def _written(way: Way) -> Any:
    return [way.message_id, way.req_id, way.chat, way.answered_by, way.grows_until]


def _read(note: Any) -> Way:
    message_id, req_id, chat, answered_by, grows_until = note
    until = None if grows_until is None else float(grows_until)
    return Way(str(message_id), str(req_id), str(chat), answered_by=str(answered_by), grows_until=until)
