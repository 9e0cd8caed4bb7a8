"""How long a bridge, and what runs in it, may take for its end."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

log = logging.getLogger(__name__)

_CANCELLATIONS, _LAST_WORDS = 3, 1.0
"""How often work is told to stop, and the seconds it has for its clean-up each time, before it is given up."""


async def end_all(tasks: "Iterable[asyncio.Task[Any]]") -> int:
    """Cancel tasks, and wait for their end; how many are given up, since what runs in them ignores its cancellation."""
    left = {task for task in tasks if not task.done()}
    for _ in range(_CANCELLATIONS):
        if not left:
            break
        for task in left:
            task.cancel()
        left = (await asyncio.wait(left, timeout=_LAST_WORDS))[1]
    return len(left)


async def within(seconds: float, work: Coroutine[Any, Any, None], what: str) -> None:
    """Do it for at most so many seconds; then it is cancelled, and the log says that not all was `what`."""
    # Not `asyncio.timeout`: stopping may be what a cancelled task does last, and Python 3.11.2 takes the end of a time
    # limit there for a cancellation.
    working = asyncio.create_task(work, name=f"bridge end: {what}")
    try:
        await asyncio.wait((working,), timeout=seconds)
        if working.done():
            working.result()
        else:
            log.warning("stopping: not everything was %s in time", what)
    finally:
        working.cancel()
        await asyncio.wait((working,))
