"""Where sending is pointless for a time, and who waits for somebody to write."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from imbridge.adapters.notes import Notes
from imbridge.protocol import BotRemoved, Channel, Degradation, DeliveryError, Event, Loss, Message, TargetGoneError

log = logging.getLogger(__name__)

NotesOf = Callable[[str], Notes]
_KIND = "dead_target"
_LATE = Degradation(
    loss=Loss.DELAYED,
    what="time",
    how="kept until somebody wrote there again",
    why="nothing could be answered there any more (on_missed_window)",
)
_MOST = 10_000
"""Chats that are remembered of each kind; those of longest ago are forgotten."""


@dataclass(frozen=True, slots=True)
class DeadTarget:
    """A chat that the platform says is gone.

    Attributes:
        address: Which.
        until: Until when nothing is sent there, in seconds since 1970.
        code: The platform's code.
        why: What it said.
    """

    address: str
    until: float
    code: int | str | None
    why: str


def chat_of(channel: Channel) -> str:
    """The address of a conversation without its thread."""
    return channel.address if channel.thread is None else channel.model_copy(update={"thread": None}).address


class DeadTargets:
    """Chats and people that the platform says are gone: nothing is sent to them for a time, over restarts too.

    Attributes:
        spared: How many sends did not leave because of it.
    """

    def __init__(self, seconds: float, notes_of: NotesOf, *, clock: Callable[[], float] = time.time) -> None:
        """Leave each alone for so many seconds; 0: none. `clock` gives seconds since 1970."""
        self._seconds = seconds
        self._notes_of = notes_of
        self._clock = clock
        self._dead: OrderedDict[str, DeadTarget] = OrderedDict()
        self.spared = 0

    def __len__(self) -> int:
        return len(self._dead)

    async def recall(self, accounts: Iterable[str]) -> None:
        """Read what an earlier process has noted."""
        found: list[DeadTarget] = []
        for account in accounts:
            notes = self._notes_of(account)
            for chat, (until, code, why) in (await notes.read(_KIND, _read)).items():
                # A clock that was set back, or a shorter time than before, makes nobody wait for longer.
                dead = DeadTarget(chat, min(until, self._clock() + self._seconds), code, why)
                if dead.until <= self._clock():
                    notes.drop(_KIND, chat)
                elif chat not in self._dead:
                    found.append(dead)
        for dead in sorted(found, key=lambda one: one.until):
            self._dead[dead.address] = dead
        self._trim()

    def note(self, channel: Channel, error: TargetGoneError) -> None:
        """The platform says that there is nobody."""
        if not self._seconds:
            return
        chat = chat_of(channel)
        self._dead.pop(chat, None)
        dead = self._dead[chat] = DeadTarget(chat, self._clock() + self._seconds, error.code, str(error))
        note = {"until": dead.until, "code": dead.code, "why": dead.why}
        self._notes_of(channel.account_key).put(_KIND, chat, note, until=dead.until)
        log.warning("%s: nothing is sent there for %g s, or until somebody writes: %s", chat, self._seconds, error)
        self._trim()

    def check(self, channel: Channel) -> None:
        """See that something may be sent.

        Raises:
            TargetGoneError: it is left alone at the moment.
        """
        if not self._dead:
            return
        dead = self._dead.get(chat_of(channel))
        if dead is None:
            return
        left = dead.until - self._clock()
        if not 0 < left <= self._seconds:  # over, or the clock was set back
            self._forget(dead.address)
            return
        self.spared += 1
        raise TargetGoneError(
            f"not sent: left alone for another {left:.0f} s, or until somebody writes there (dead_target_for): "
            f"{dead.why}",
            code=dead.code,
        )

    def all(self) -> tuple[DeadTarget, ...]:
        """Those that are left alone at the moment, the longest first."""
        return tuple(dead for dead in self._dead.values() if dead.until > self._clock())

    def revive(self, channel: Channel) -> bool:
        """Send there again; False where it is not left alone."""
        return bool(self._dead) and self._forget(chat_of(channel))

    def heard(self, channel: Channel) -> None:
        """Something came from there: it lives."""
        if self._dead and self._forget(chat_of(channel)):
            log.info("%s: something came from there; sending goes on", chat_of(channel))

    def _forget(self, chat: str) -> bool:
        if self._dead.pop(chat, None) is None:
            return False
        self._notes_of(chat.partition("/")[0]).drop(_KIND, chat)
        return True

    def _trim(self) -> None:
        while len(self._dead) > _MOST:
            self._forget(next(iter(self._dead)))


def _read(note: Any) -> tuple[float, int | str | None, str]:
    code = note["code"]
    return float(note["until"]), code if isinstance(code, int | str) else None, str(note["why"])


class Windows:
    """Conversations in which something waits for somebody to write, since nothing can be answered there any more."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: dict[str, set[str]] = {}
        self._newest: OrderedDict[str, str] = OrderedDict()

    def newest(self, channel: Channel) -> str | None:
        """The id of the newest message that came from there."""
        return self._newest.get(channel.address if channel.thread is None else chat_of(channel))

    def wait(self, channel: Channel) -> None:
        """Something of this conversation waits."""
        self._waiting.setdefault(chat_of(channel), set()).add(channel.address)

    def heard(self, message: Message) -> set[str]:
        """Somebody wrote; the lanes that have waited for it."""
        channel = message.channel
        chat = channel.address if channel.thread is None else chat_of(channel)
        self._newest[chat] = message.id
        self._newest.move_to_end(chat)
        if len(self._newest) > _MOST:
            self._newest.popitem(last=False)
        return self._waiting.pop(chat, set()) if self._waiting else set()


def is_sign_of_life(item: Message | Event) -> bool:
    """Whether something that came shows that the chat is there, and we are in it."""
    return item.channel is not None and not isinstance(item, BotRemoved)


def late(degradations: tuple[Degradation, ...]) -> tuple[Degradation, ...]:
    """These, and that something has waited for somebody to write."""
    return degradations if _LATE in degradations else (*degradations, _LATE)


def is_dead(error: Exception) -> bool:
    """Whether a failed send says that the chat is gone, and not only that nothing can be answered there now."""
    return isinstance(error, TargetGoneError) and not error.window_closed


def is_closed(error: Exception) -> bool:
    """Whether it can be said as soon as somebody writes."""
    return isinstance(error, DeliveryError) and error.window_closed
