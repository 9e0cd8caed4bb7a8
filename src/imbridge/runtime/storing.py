"""Deliveries that the storage was given and has not confirmed: counted by account, and bounded in number and time."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from itertools import count

log = logging.getLogger(__name__)

STALLED_AFTER = 3.0
"""Seconds without a word from the storage after which it is given nothing more: a database that hangs must not gather
all that platforms deliver meanwhile, and they are told at once to come again. No platform waits much longer itself."""


class Storing:
    """What is on its way into the storage, which confirms in the order in which it was given."""

    def __init__(self, most: int) -> None:
        """`most` deliveries of one account, with those that wait for their turn."""
        self._most = most
        self._of: Counter[str] = Counter()
        self._serial = count()
        self._since: dict[int, float] = {}
        self._none = asyncio.Event()
        self._none.set()
        self._told = False

    def has_room(self, account: str, waiting: int) -> bool:
        """Whether the storage can be given one more of this account, of which so many wait for their turn already."""
        if not self._since:
            return True
        if self._of[account] + waiting >= self._most:
            return False
        waited = asyncio.get_running_loop().time() - next(iter(self._since.values()))
        if waited < STALLED_AFTER:
            return True
        if not self._told:
            self._told = True
            log.error(
                "the storage has not answered for %.1f s; until it does, platforms are told to deliver again "
                "(counter `overloaded`)",
                waited,
            )
        return False

    def watch(
        self, account: str, stored: "asyncio.Future[bool]", then: Callable[["asyncio.Future[bool]"], None]
    ) -> None:
        """Count it until it is confirmed or refused, then call `then`."""
        self._of[account] += 1
        serial = next(self._serial)  # not the future: a storage may give one future for several
        self._since[serial] = asyncio.get_running_loop().time()
        self._none.clear()

        def settled(future: "asyncio.Future[bool]") -> None:
            self._of[account] -= 1
            del self._since[serial]
            try:
                then(future)
            finally:
                if not self._since:
                    self._none.set()
                if self._told and not (future.cancelled() or future.exception()):
                    self._told = False
                    log.warning("the storage answers again")

        stored.add_done_callback(settled)

    def of(self, account: str) -> int:
        """How many of an account."""
        return self._of[account]

    def __len__(self) -> int:
        return len(self._since)

    async def none(self) -> None:
        """Wait until nothing is on its way."""
        await self._none.wait()
