"""What keeps bots from answering one another without end."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

_MOST_CHATS = 10_000


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a bot's message is not taken.

    Attributes:
        reason: For people.
        new: It is the first in a while, and worth a line in the log.
    """

    reason: str
    new: bool


class Turns:
    """Counts what bots say to bots: how far from a person's message it is, and how often in one group.

    Args:
        hops: Calls that may follow one message of a person.
        turns: Messages of bots that are taken in one group within the window.
        window: Seconds.
        clock: Seconds, for tests.
    """

    def __init__(self, *, hops: int, turns: int, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._hops = hops
        self._turns = turns
        self._window = window
        self._clock = clock
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()
        self._stopped: OrderedDict[str, float] = OrderedDict()

    def take(self, chat: str, hops: int) -> Stop | None:
        """Count a bot's message; None when it may be handled.

        Args:
            chat: Where it was said.
            hops: As the message has them: the calls since a person spoke, with the one that it is.
        """
        now = self._clock()
        if hops > self._hops:
            reason = f"{self._hops} calls from bot to bot followed one message of a person (bot_hops)"
            return Stop(reason, new=True)
        taken = self._taken.setdefault(chat, deque())
        self._taken.move_to_end(chat)
        while taken and taken[0] <= now - self._window:
            taken.popleft()
        if len(taken) >= self._turns:
            new = self._stopped.get(chat, -self._window) <= now - self._window
            if new:
                self._stopped[chat] = now
                self._stopped.move_to_end(chat)
                _bound(self._stopped)
            return Stop(f"{self._turns} messages of bots within {self._window:g} s (bot_turns, bot_window)", new=new)
        taken.append(now)
        _bound(self._taken)
        return None


def _bound(chats: OrderedDict[str, float] | OrderedDict[str, deque[float]]) -> None:
    while len(chats) > _MOST_CHATS:
        chats.popitem(last=False)
