"""What can still be answered, and how often: each message for some minutes, five times.

Source: bot.q.qq.com, "sending messages": single chats 60 minutes, groups and guilds 5 minutes, five answers each;
`msg_id` with `msg_seq` is good once.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imbridge.adapters.notes import Notes
from imbridge.adapters.qq.api import kind_of
from imbridge.protocol import Channel, Message

WINDOWS = {"c2c": 3600.0, "group": 300.0, "guild": 300.0, "dms": 300.0}
"""Seconds in which something said there can be answered."""
MOST_REPLIES = 5
_MARGIN = 5.0
"""Seconds before the end from which on it is not used: the way takes time."""
_MOST = 20_000
_KIND = "replies"


@dataclass(slots=True)
class Handle:
    """Something that can be answered.

    Attributes:
        id: The message's or the event's.
        field: `msg_id` or `event_id`.
        channel: Where.
        until: When its window ends, in seconds since 1970.
        used: Answers that were given, each with a number of its own.
    """

    id: str
    field: str
    channel: str
    until: float
    used: int = 0

    def next(self) -> dict[str, Any]:
        """The fields of the next answer."""
        self.used += 1
        return {self.field: self.id, "msg_seq": self.used}


class Windows:
    """The handles of one bot, the newest 20,000; those that were used are known again after a restart."""

    def __init__(self, notes: Notes, *, now: Callable[[], float] = time.time) -> None:
        """None yet; `now` gives seconds since 1970."""
        self._notes = notes
        self._now = now
        self._handles: OrderedDict[str, Handle] = OrderedDict()
        self._newest: dict[str, str] = {}

    async def restore(self) -> None:
        """What an earlier process has answered."""
        for identity, note in (await self._notes.all(_KIND)).items():
            handle = Handle(identity, note["field"], note["channel"], note["until"], note["used"])
            if self._is_open(handle):
                self._handles[identity] = handle
            else:
                self._notes.drop(_KIND, identity)

    def note(self, message: Message) -> None:
        """A message came: it can be answered."""
        self.open(message.id, "msg_id", message.channel, message.timestamp.timestamp())

    def open(self, identity: str, field: str, channel: Channel, at: float) -> None:
        """Something came that can be answered."""
        until = min(at, self._now()) + WINDOWS[kind_of(channel)]
        if identity not in self._handles:
            self._handles[identity] = Handle(identity, field, channel.address, until)
        self._newest[channel.address] = identity
        while len(self._handles) > _MOST:
            self._drop(next(iter(self._handles)))

    def find(self, channel: Channel, answers: str | None) -> Handle | None:
        """What an answer refers to: the message that it answers, else the newest of the conversation that is open."""
        for identity in (answers, self._newest.get(channel.address)):
            handle = self._handles.get(identity or "")
            if handle is None or handle.channel != channel.address:
                continue
            if self._is_open(handle):
                return handle
            self._drop(handle.id)
        return None

    def used(self, handle: Handle) -> None:
        """An answer is about to leave; its number is never used again, after a restart neither."""
        note = {"field": handle.field, "channel": handle.channel, "until": handle.until, "used": handle.used}
        self._notes.put(_KIND, handle.id, note)

    def over(self, handle: Handle) -> None:
        """The platform says that it cannot be answered."""
        self._drop(handle.id)

    def _is_open(self, handle: Handle) -> bool:
        return handle.used < MOST_REPLIES and self._now() < handle.until - _MARGIN

    def _drop(self, identity: str) -> None:
        handle = self._handles.pop(identity, None)
        if handle is None:
            return
        if self._newest.get(handle.channel) == identity:
            del self._newest[handle.channel]
        if handle.used:
            self._notes.drop(_KIND, identity)
