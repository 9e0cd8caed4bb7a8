"""Who is told of people that have come back from the platform's page: one handler, off the person's way."""

import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from imbridge.adapters.tasks import Tasks

Visitor = TypeVar("Visitor")

log = logging.getLogger(__name__)


class Told(Generic[Visitor]):
    """The handler of `on_authorized`, and what it is doing.

    Attributes:
        handler: Called with each visitor; None while nobody wants to be told.
    """

    def __init__(self, account: str) -> None:
        """`account` is its key, for the log."""
        self.handler: Callable[[Visitor], Awaitable[object]] | None = None
        self._account = account
        self._tasks = Tasks()

    def tell(self, visitor: Visitor, who: str) -> None:
        """Tell the handler, if there is one; the person at the browser does not wait for it.

        Args:
            visitor: Who has come back.
            who: The same for the log: an id, no secret.
        """
        if self.handler is not None:
            self._tasks.begin(self._call(self.handler, visitor, who), f"oauth:{self._account}:told")

    async def close(self) -> None:
        """Cancel what the handler is doing."""
        await self._tasks.end(0)

    async def _call(self, handler: Callable[[Visitor], Awaitable[object]], visitor: Visitor, who: str) -> None:
        try:
            await handler(visitor)
        except Exception:
            log.exception("%s: on_authorized failed for %s", self._account, who)
