"""What can still be answered, and how often: each message or event for some minutes, some times.

Source: bot.q.qq.com, "sending messages": single chats 60 minutes, groups and guilds 5 minutes; five answers each in
groups, and in single chats, where it says four since 2026: that many are planned with, and a fifth is tried. There
`msg_id` (or `event_id`) with `msg_seq` is good once, so what is repeated with its number is shown once. Numbers are
noted before they are used: a process that is killed in between, or after it, goes on with the same number.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from imbridge.adapters.notes import Notes
from imbridge.adapters.qq.api import kind_of
from imbridge.protocol import Channel

WINDOWS = {"c2c": 3600.0, "group": 300.0, "guild": 300.0, "dms": 300.0}
"""Seconds in which something said there can be answered."""
COUNTED = frozenset({"c2c", "group"})
"""Where answers are counted, and told apart by a number."""
MOST_REPLIES = 5
PLANNED = {"c2c": 4, "group": 5}
"""Answers to one message that can be relied on."""
_SPARE = 2
"""Answers that have to be left when something else than a message uses one up."""
_MARGIN = 5.0
"""Seconds before the end from which on it is not used: the way takes time."""
_MOST = 20_000
_MOST_IN_A_CHAT = 20
_KIND = "replies"
_NEWEST = "newest_message"


@dataclass(slots=True)
class Handle:
    """Something that can be answered.

    Attributes:
        id: The message's or the event's.
        field: `msg_id` or `event_id`.
        channel: Where.
        until: When its window ends, in seconds since 1970.
        counted: Whether answers are counted.
        used: Answers that were given.
        numbers: Their numbers, by the keys of what was sent.
        sent: The ids of the messages that these are, as far as they are known.
        last: The number that was given last; none is given twice.
    """

    id: str
    field: str
    channel: str
    until: float
    counted: bool = True
    used: int = 0
    numbers: dict[str, int] = made(default_factory=dict)
    sent: dict[str, str] = made(default_factory=dict)
    last: int = 0


class Windows:
    """The handles of one bot, the newest 20,000.

    Known again after a restart are those that were used, and the newest of each conversation.
    """

    def __init__(self, notes: Notes, *, now: Callable[[], float] = time.time) -> None:
        """None yet; `now` gives seconds since 1970."""
        self._notes = notes
        self._now = now
        self._handles: OrderedDict[str, Handle] = OrderedDict()
        self._in_chat: dict[str, list[str]] = {}
        self._over: OrderedDict[str, None] = OrderedDict()
        self._holders: dict[str, str] = {}
        """By the keys of what an earlier process has said: the handle that it was said to."""

    async def restore(self) -> None:
        """What an earlier process has answered, and what it could have answered."""
        known: dict[str, Handle] = {}
        for identity, handle in (await self._notes.read(_KIND, _read)).items():
            handle.id = identity
            if self._now() < handle.until:  # one that is used up tells what was said all the same
                known[identity] = handle
                self._holders |= dict.fromkeys(handle.numbers, identity)
            else:
                self._mark_over(identity)
                self._notes.drop(_KIND, identity)
        for address, handle in (await self._notes.read(_NEWEST, _read_newest)).items():
            if self._now() < handle.until:
                handle.channel = address
                known.setdefault(handle.id, handle)
            else:
                self._notes.drop(_NEWEST, address)
        for handle in sorted(known.values(), key=lambda handle: handle.until):
            self._keep(handle)

    # -- what comes ----------------------------------------------------------------------------------------------------

    def open(self, identity: str, field: str, channel: Channel, at: float) -> None:
        """Something came that can be answered.

        Args:
            identity: The message's or the event's id.
            field: `msg_id` or `event_id`.
            channel: Where.
            at: When, in seconds since 1970.
        """
        way = kind_of(channel)
        until = min(at, self._now()) + WINDOWS[way]
        if identity not in self._handles and identity not in self._over:
            self._keep(Handle(identity, field, channel.address, until, way in COUNTED))
            note = {"id": identity, "field": field, "until": until, "counted": way in COUNTED}
            self._notes.put(_NEWEST, channel.address, note, until=until)

    # -- what is answered ----------------------------------------------------------------------------------------------

    def find(self, channel: Channel, answers: str | None, key: str = "") -> Handle | None:
        """What an answer refers to: the message that it answers, else the newest of the conversation that is open.

        Args:
            channel: Where.
            answers: The message that it answers.
            key: What an earlier process has said with this key is said again to the same.
        """
        before = self._handles.get(self._holders.get(key, ""))
        if before is not None and before.channel == channel.address and key in before.numbers:
            return before
        handle = self._handles.get(answers or "")
        if handle is not None and handle.channel == channel.address and self._is_open(handle):
            return handle  # nearly always
        return next(iter(self._usable(channel, answers)), None)

    def key_lasts(self, channel: Channel, key: str) -> float:
        """Seconds for which a repetition of what was said with this key has its number, and is known by it; else 0."""
        for handle in (self._handles.get(identity, None) for identity in self._in_chat.get(channel.address, ())):
            if handle is not None and handle.counted and key in handle.numbers:
                return max(handle.until - self._now(), 0.0)
        return 0.0

    def left(self, channel: Channel, answers: str | None) -> int | None:
        """How many answers can be given now; None where they are not counted."""
        usable = self._usable(channel, answers)
        if any(not handle.counted for handle in usable):
            return None
        planned = PLANNED.get(kind_of(channel), MOST_REPLIES)
        return sum(max(planned - handle.used, 0) for handle in usable)

    def take(self, handle: Handle, key: str) -> dict[str, Any]:
        """The fields of an answer; of the same key always the same, after a restart too."""
        fields: dict[str, Any] = {handle.field: handle.id}
        if not handle.counted:
            return fields
        number = handle.numbers.get(key)
        if number is None:
            handle.used += 1
            handle.last += 1
            number = handle.numbers[key] = handle.last
            self._write(handle)
        return {**fields, "msg_seq": number}

    async def noted(self) -> None:
        """Wait until the numbers that were taken are where the next process finds them."""
        await self._notes.flush()

    def spare(self, handle: Handle) -> bool:
        """Whether it has answers to spare for what is no message."""
        return not handle.counted or handle.used + _SPARE < min(PLANNED.values())

    def confirm(self, handle: Handle, key: str, message_id: str) -> None:
        """It is sent."""
        if handle.counted:
            handle.sent[key] = message_id

    def give_back(self, handle: Handle, key: str) -> None:
        """It was refused, so it is no answer; what is tried next has another number."""
        if handle.numbers.pop(key, None) is not None:
            handle.used -= 1
            self._write(handle)

    def over(self, handle: Handle) -> None:
        """The platform says that it cannot be answered."""
        self._drop(handle.id)

    def _usable(self, channel: Channel, answers: str | None) -> list[Handle]:
        found = []
        if answers and answers not in self._handles and answers not in self._over:
            # It came to an earlier process, or was never seen: the platform knows whether it can be answered.
            way = kind_of(channel)
            until = self._now() + WINDOWS[way]
            found.append(Handle(answers, "msg_id", channel.address, until, way in COUNTED))
        for identity in (answers, *reversed(self._in_chat.get(channel.address, ()))):
            handle = self._handles.get(identity or "")
            if handle is None or handle.channel != channel.address or any(handle is one for one in found):
                continue
            if self._is_open(handle):
                found.append(handle)
            elif handle.until - _MARGIN <= self._now():
                self._drop(handle.id)
        return found

    def _write(self, handle: Handle) -> None:
        self._keep(handle)
        note: dict[str, Any] = {"field": handle.field, "channel": handle.channel, "until": handle.until}
        note |= {"used": handle.used, "last": handle.last, "numbers": handle.numbers}
        self._notes.put(_KIND, handle.id, note, until=handle.until)

    def _is_open(self, handle: Handle) -> bool:
        if handle.counted and handle.used >= MOST_REPLIES:
            return False
        return self._now() < handle.until - _MARGIN

    def _keep(self, handle: Handle) -> None:
        if handle.id in self._handles:
            return
        self._handles[handle.id] = handle
        there = self._in_chat.setdefault(handle.channel, [])
        there.append(handle.id)
        if len(there) > _MOST_IN_A_CHAT:
            there.pop(0)  # what answers it still finds it, only nothing else does
        while len(self._handles) > _MOST:
            self._forget(next(iter(self._handles)))

    def _mark_over(self, identity: str) -> None:
        self._over[identity] = None
        if len(self._over) > _MOST:
            self._over.popitem(last=False)

    def _drop(self, identity: str) -> None:
        self._mark_over(identity)
        self._forget(identity)

    def _forget(self, identity: str) -> None:
        handle = self._handles.pop(identity, None)
        if handle is None:
            return
        there = self._in_chat.get(handle.channel, [])
        if there[-1:] == [identity]:
            self._notes.drop(_NEWEST, handle.channel)
        if identity in there:
            there.remove(identity)
        if not there:
            self._in_chat.pop(handle.channel, None)
        if handle.last:  # it was written, also when all of its numbers were given back
            self._notes.drop(_KIND, identity)


def _read(note: Any) -> Handle:
    handle = Handle("", str(note["field"]), str(note["channel"]), float(note["until"]), used=int(note["used"]))
    handle.numbers, handle.last = {str(key): int(number) for key, number in note["numbers"].items()}, int(note["last"])
    return handle


def _read_newest(note: Any) -> Handle:
    counted = note["counted"]
    if not isinstance(counted, bool):
        raise TypeError("no handle")
    return Handle(str(note["id"]), str(note["field"]), "", float(note["until"]), counted)
