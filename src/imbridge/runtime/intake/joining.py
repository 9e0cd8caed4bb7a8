"""Quick successive messages of one person in one conversation are one message: what is said first is held for a while.

Each of them is stored, and acknowledged, by itself. Held is only what waits for its turn anyhow.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from imbridge.protocol import Element, Media, Message, Text
from imbridge.runtime.answers import abandon, release
from imbridge.storage import InboxEntry

MOST = 20
"""Messages that become one."""
_LONGEST = 10
"""How many times `debounce` the first one is held at most: somebody who goes on and on is answered in between."""

_Who = tuple[str, str]
"""Lane and person."""


def joined(messages: Sequence[Message]) -> Message:
    """One message of several: texts joined by line breaks, elements in order; for the rest it is the last one."""
    if len(messages) == 1:
        return messages[0]
    elements: list[Element] = []
    for message in messages:
        if elements and message.elements and not isinstance(elements[-1], Media):
            elements.append(Text("\n"))
        elements += message.elements
    last, kinds = messages[-1], {message.content_type for message in messages}
    return last.model_copy(
        update={
            "elements": tuple(elements),
            "text": "\n".join(message.text for message in messages if message.text),
            "raw": "\n".join(message.raw for message in messages if message.raw),
            "content_type": "text" if "text" in kinds else messages[0].content_type,
            "reply_to": next((message.reply_to for message in reversed(messages) if message.reply_to), None),
            "joined": tuple(messages),
        }
    )


def joined_entry(entries: Sequence[InboxEntry]) -> InboxEntry:
    """The entry of several deliveries that are handled as one message."""
    if len(entries) == 1:
        return entries[0]
    message = joined([entry.item for entry in entries if isinstance(entry.item, Message)])
    attempts = max(entry.attempts for entry in entries)
    return replace(entries[-1], item=message, attempts=attempts, joined=tuple(entries))


@dataclass(slots=True)
class _Held:
    entries: list[InboxEntry]
    until: float
    """When it is let go whatever comes."""
    timer: asyncio.TimerHandle | None = None


class Joining:
    """Holds messages until no further one has come for a while.

    Attributes:
        held: By conversation and person.
    """

    def __init__(
        self,
        seconds: Callable[[Message], float],
        let_go: Callable[[InboxEntry], None],
        *,
        off: Callable[[], bool] = lambda: False,
    ) -> None:
        """`seconds` says for how long to wait after a message, 0 for not at all; `let_go` is given what was held.

        `off` says whether `seconds` is 0 for every message.
        """
        self._seconds = seconds
        self._off = off
        self._let_go = let_go
        self.held: dict[_Who, _Held] = {}
        self._of: Counter[str] = Counter()
        self._in: Counter[str] = Counter()
        self._closed = False

    def hold(self, entry: InboxEntry) -> bool:
        """Keep a message for what may follow it. False: it is not held; what was held before it has been let go."""
        if not self.held and self._off():
            return False  # nearly always
        seconds = self._seconds_after(entry)
        if not seconds and not self.held:
            return False
        who = _who(entry)
        if who is None or not seconds:
            if who is not None and who in self.held:
                self._end(who)
            return False
        loop = asyncio.get_running_loop()
        held = self.held.get(who)
        if held is None:
            held = self.held[who] = _Held([], loop.time() + _LONGEST * seconds)
        elif held.timer is not None:
            held.timer.cancel()
            release(held.entries[-1].answer)  # what is said answers the last one
        held.entries.append(entry)
        self._of[entry.account] += 1
        self._in[entry.lane] += 1
        if len(held.entries) >= MOST:
            self._end(who)
        else:
            held.timer = loop.call_at(min(loop.time() + seconds, held.until), self._end, who)
        return True

    def take(self, lane: str, sender_id: str) -> InboxEntry | None:
        """What is held of a person in a conversation, to be dealt with by the caller."""
        return self._taken((lane, sender_id)) if (lane, sender_id) in self.held else None

    def together(self, entries: Iterable[InboxEntry]) -> list[InboxEntry]:
        """What another process left, joined as it would have been here, as far as the platform's times tell."""
        groups: list[list[InboxEntry]] = []
        open_ones: dict[_Who, list[InboxEntry]] = {}
        for entry in entries:
            who, seconds = _who(entry), self._seconds_after(entry)
            group = open_ones.get(who) if who is not None else None
            if group is not None and seconds and len(group) < MOST and _follows(group[-1], entry, seconds):
                group.append(entry)
                continue
            group = [entry]
            groups.append(group)
            if who is not None:
                open_ones.pop(who, None)
                if seconds:
                    open_ones[who] = group
        return [joined_entry(group) for group in groups]

    def end(self) -> None:
        """Let go of all that is held, and hold nothing more."""
        self._closed = True
        for who in tuple(self.held):
            self._end(who)

    def cancel(self) -> int:
        """Forget what is held; how many deliveries."""
        self._closed = True
        left = [entry for who in tuple(self.held) for entry in self._taken(who).deliveries]
        for entry in left:
            abandon(entry.answer)
        return len(left)

    def of(self, account: str) -> int:
        """How many deliveries of an account are held."""
        return self._of[account]

    def in_lane(self, lane: str) -> int:
        """How many deliveries of a conversation are held."""
        return self._in[lane] if self.held else 0

    def __len__(self) -> int:
        return sum(self._of.values()) if self.held else 0

    def _seconds_after(self, entry: InboxEntry) -> float:
        item = entry.item
        if self._closed or not isinstance(item, Message) or item.edited or item.sender.is_bot:
            return 0.0
        return self._seconds(item)

    def _end(self, who: _Who) -> None:
        self._let_go(self._taken(who))

    def _taken(self, who: _Who) -> InboxEntry:
        held = self.held.pop(who)
        if held.timer is not None:
            held.timer.cancel()
        first = held.entries[0]
        self._of[first.account] -= len(held.entries)
        self._in[first.lane] -= len(held.entries)
        if not self._in[first.lane]:
            del self._in[first.lane]
        return joined_entry(held.entries)


def _who(entry: InboxEntry) -> _Who | None:
    item = entry.item
    person = item.sender if isinstance(item, Message) else item.actor
    return None if person is None else (entry.lane, person.id)


def _follows(before: InboxEntry, after: InboxEntry, seconds: float) -> bool:
    if not isinstance(before.item, Message) or not isinstance(after.item, Message):
        return False
    if before.suspect != after.suspect:
        return False  # one was being handled when the process ended, and the other was not
    return (after.item.timestamp - before.item.timestamp).total_seconds() <= seconds
