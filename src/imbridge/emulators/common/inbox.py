"""What a person sees of the bots, and waiting for it."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

SHOWN = 20


class Readable(Protocol):
    """A message that a person can read."""

    @property
    def text(self) -> str:
        """What they read."""


MessageT = TypeVar("MessageT", bound=Readable)
PlaceT = TypeVar("PlaceT")
Expected = str | re.Pattern[str] | Callable[[MessageT], bool] | None
"""The whole text of a message, a pattern to find in it, or a function of the message; None: any message."""


class Inbox(ABC, Generic[MessageT, PlaceT]):
    """Messages that one person can see and has not consumed yet; beyond `limit` the oldest are forgotten.

    A platform says what a place is (a conversation, an app) by `_is_in` and `_named`, and how a message looks in an
    explanation by `_line`.
    """

    def __init__(self, owner: str, limit: int) -> None:
        self._owner = owner
        self._unseen: deque[MessageT] = deque(maxlen=limit)
        self._changed = asyncio.Event()

    def add(self, message: MessageT) -> None:
        """A new message has become visible."""
        self._unseen.append(message)
        self._changed.set()

    def touch(self) -> None:
        """A message changed: waiters look again."""
        self._changed.set()

    async def receive(self, expected: Expected[MessageT], timeout: float, place: PlaceT | None = None) -> MessageT:
        """The oldest unconsumed message that fits; it is consumed.

        Args:
            expected: What it must be like.
            timeout: Seconds to wait for it.
            place: Where it must be; None: anywhere.

        Raises:
            AssertionError: None came; says what came instead.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    self._changed.clear()
                    found = self._take(expected, place)
                    if found is not None:
                        return found
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(self._explanation(expected, place, timeout)) from None

    async def receive_nothing(self, within: float, place: PlaceT | None = None) -> None:
        """Waits so many seconds and sees that no message comes (or is there already).

        Raises:
            AssertionError: One is there; it is not consumed.
        """
        await asyncio.sleep(within)
        seen = [message for message in self._unseen if place is None or self._is_in(message, place)]
        if seen:
            raise AssertionError(f"{self._owner} should have received nothing, but received:{self._listed(seen)}")

    @abstractmethod
    def _is_in(self, message: MessageT, place: PlaceT) -> bool:
        """Whether a message is seen in this place."""

    def _named(self, place: PlaceT) -> str:
        return f"in {place!r}"

    def _line(self, message: MessageT) -> str:
        return repr(message)

    def _take(self, expected: Expected[MessageT], place: PlaceT | None) -> MessageT | None:
        for index, message in enumerate(self._unseen):
            if (place is None or self._is_in(message, place)) and _fits(message, expected):
                del self._unseen[index]
                return message
        return None

    def _explanation(self, expected: Expected[MessageT], place: PlaceT | None, timeout: float) -> str:
        what = "any message" if expected is None else f"a message like {expected!r}"
        where = "" if place is None else f" {self._named(place)}"
        instead = f"Received instead:{self._listed(list(self._unseen))}" if self._unseen else "Received nothing."
        return f"{self._owner} expected {what}{where} within {timeout} s. {instead}"

    def _listed(self, messages: Sequence[MessageT]) -> str:
        hidden = len(messages) - SHOWN
        lines = [f"\n  - {self._line(message)}" for message in messages[-SHOWN:]]
        return (f"\n  ({hidden} earlier ones)" if hidden > 0 else "") + "".join(lines)


def _fits(message: MessageT, expected: Expected[MessageT]) -> bool:
    if expected is None:
        return True
    if isinstance(expected, str):
        return message.text == expected
    if isinstance(expected, re.Pattern):
        return expected.search(message.text) is not None
    return expected(message)
