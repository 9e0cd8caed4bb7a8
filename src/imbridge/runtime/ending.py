"""How long a bridge may take for its end."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


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
