"""Work that goes on when the storage is back."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from imbridge.storage import StorageError
from imbridge.transport import Backoff

log = logging.getLogger(__name__)

_BACKOFF = Backoff(0.1, 5.0)
ResultT = TypeVar("ResultT")


async def bounded(asked: Awaitable[ResultT], seconds: float) -> ResultT:
    """Wait for what a storage is asked for, at most so many seconds.

    Raises:
        StorageError: it took longer, or it is refused.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            return await asked
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise StorageError(
            f"not sent: the storage was away for {seconds:g} s (send_timeout), and what cannot be kept is not sent. "
            "See to the database or the disk, then send it again; with the same key it is said once",
            passing=True,
        ) from error


async def when_back(ask: Callable[[], Awaitable[ResultT]], where: str, failed: StorageError | None = None) -> ResultT:
    """Ask a storage for something; while it is away it is asked again, however long that takes.

    A message that is acknowledged must not fail because the disk is full for a moment, or the database starts anew:
    its conversation waits. New deliveries are refused meanwhile, so that no more than what was taken in waits.

    Args:
        ask: Asks the storage, anew each time.
        where: What waits, for the log.
        failed: What came of asking it, where that was done already: nearly always this here need not be begun then.

    Raises:
        StorageError: it is refused, and asking again is of no use.
    """
    for attempt in itertools.count():
        if failed is None:
            try:
                return await ask()
            except StorageError as error:
                failed = error
        if not failed.passing:
            raise failed
        if not attempt:
            log.warning("%s: waits until the storage is back (%s)", where, failed)
        await asyncio.sleep(_BACKOFF.delay(attempt))
        failed = None
    raise AssertionError("it is asked for ever")
