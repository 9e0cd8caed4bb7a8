"""Telling programs what happens in the outbox."""

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from imbridge.adapters.tasks import Tasks

log = logging.getLogger(__name__)

ToldT = TypeVar("ToldT")
Listener = Callable[[ToldT], Awaitable[None] | None]
"""Hears of something; may be a coroutine function."""
_LAST_WORDS = 1.0
"""Seconds that listeners have at the stop."""


class Listeners(Generic[ToldT]):
    """Tells listeners, each in a task of its own: who listens holds nothing up, and what they raise is logged."""

    def __init__(self, name: str) -> None:
        """Nobody listens yet; `name` is a listener's, for the log."""
        self._name = name
        self._listeners: list[Listener[ToldT]] = []
        self._telling = Tasks()

    def add(self, listener: Listener[ToldT]) -> None:
        """Tell this one, too."""
        self._listeners.append(listener)

    def tell(self, where: str, told: ToldT) -> None:
        """Tell everybody; `where` it happened is for the log."""
        for listener in self._listeners:
            self._telling.begin(self._call(listener, where, told), self._name)

    async def close(self) -> None:
        """Wait a little for those who still listen."""
        await self._telling.end(_LAST_WORDS)

    async def _call(self, listener: Listener[ToldT], where: str, told: ToldT) -> None:
        try:
            result = listener(told)
            if inspect.isawaitable(result):
                await result
        except Exception:
            log.exception("%s: a %s failed", where, self._name)
