"""Where sending is pointless for a time, and who waits for somebody to write."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from imbridge.protocol import BotRemoved, Channel, Degradation, DeliveryError, Event, Loss, Message, TargetGoneError

log = logging.getLogger(__name__)

_LATE = Degradation(
    loss=Loss.DELAYED,
    what="time",
    how="kept until somebody wrote there again",
    why="nothing could be answered there any more (on_missed_window)",
)
_MOST = 10_000
"""Chats that are remembered of each kind; those of longest ago are forgotten."""


@dataclass(slots=True)
class _Dead:
    until: float
    code: int | str | None
    why: str


def chat_of(channel: Channel) -> str:
    """The address of a conversation without its thread."""
    return (channel if channel.thread is None else channel.model_copy(update={"thread": None})).address


class DeadTargets:
    """Chats and people that the platform says are gone: nothing is sent to them for a time.

    Attributes:
        spared: How many sends did not leave because of it.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] | None = None) -> None:
        """Leave each alone for so many seconds; 0: none."""
        self._seconds = seconds
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._dead: OrderedDict[str, _Dead] = OrderedDict()
        self.spared = 0

    def __len__(self) -> int:
        return len(self._dead)

    def note(self, channel: Channel, error: TargetGoneError) -> None:
        """The platform says that there is nobody."""
        if not self._seconds:
            return
        chat = chat_of(channel)
        self._dead.pop(chat, None)
        self._dead[chat] = _Dead(self._clock() + self._seconds, error.code, str(error))
        log.warning("%s: nothing is sent there for %g s, or until somebody writes: %s", chat, self._seconds, error)
        if len(self._dead) > _MOST:
            self._dead.popitem(last=False)

    def check(self, channel: Channel) -> None:
        """See that something may be sent.

        Raises:
            TargetGoneError: it is left alone at the moment.
        """
        if not self._dead:
            return
        chat = chat_of(channel)
        dead = self._dead.get(chat)
        if dead is None:
            return
        left = dead.until - self._clock()
        if left <= 0:
            del self._dead[chat]
            return
        self.spared += 1
        raise TargetGoneError(
            f"not sent: left alone for another {left:.0f} s, or until somebody writes there (dead_target_for): "
            f"{dead.why}",
            code=dead.code,
        )

    def heard(self, channel: Channel) -> None:
        """Something came from there: it lives."""
        if self._dead and self._dead.pop(chat_of(channel), None) is not None:
            log.info("%s: something came from there; sending goes on", chat_of(channel))


class Windows:
    """Conversations in which something waits for somebody to write, since nothing can be answered there any more."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: dict[str, set[str]] = {}
        self._newest: OrderedDict[str, str] = OrderedDict()

    def newest(self, channel: Channel) -> str | None:
        """The id of the newest message that came from there."""
        return self._newest.get(chat_of(channel))

    def wait(self, channel: Channel) -> None:
        """Something of this conversation waits."""
        self._waiting.setdefault(chat_of(channel), set()).add(channel.address)

    def heard(self, message: Message) -> set[str]:
        """Somebody wrote; the lanes that have waited for it."""
        chat = chat_of(message.channel)
        self._newest[chat] = message.id
        self._newest.move_to_end(chat)
        if len(self._newest) > _MOST:
            self._newest.popitem(last=False)
        return self._waiting.pop(chat, set())


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
