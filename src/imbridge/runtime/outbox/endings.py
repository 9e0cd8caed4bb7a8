"""Telling the end of what nobody waits for any more."""

import inspect
import logging
from collections.abc import Awaitable, Callable

from imbridge.adapters.tasks import Tasks
from imbridge.protocol import Receipt

log = logging.getLogger(__name__)

Listener = Callable[[Receipt], Awaitable[None] | None]
"""Hears how something ended; may be a coroutine function."""
_LAST_WORDS = 1.0
"""Seconds that listeners have at the stop."""


class Endings:
    """Tells listeners, each in a task of its own: who listens holds nothing up, and what they raise is logged."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._listeners: list[Listener] = []
        self._telling = Tasks()

    def add(self, listener: Listener) -> None:
        """Tell this one, too."""
        self._listeners.append(listener)

    def tell(self, receipt: Receipt) -> None:
        """Tell everybody how something ended."""
        for listener in self._listeners:
            self._telling.begin(_call(listener, receipt), "receipt listener")

    async def close(self) -> None:
        """Wait a little for those who still listen."""
        await self._telling.end(_LAST_WORDS)


async def _call(listener: Listener, receipt: Receipt) -> None:
    try:
        result = listener(receipt)
        if inspect.isawaitable(result):
            await result
    except Exception:
        log.exception("%s: a receipt listener failed", receipt.channel)
