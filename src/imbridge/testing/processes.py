"""Processes as the system sees them."""

import asyncio
import time
from pathlib import Path


async def gone(pid: int, *, within: float = 20.0) -> None:
    """Wait until a process counts as ended, also when its parent has not collected it yet (Linux; elsewhere at once).

    The files and sockets of a process that was killed are closed a moment before.

    Raises:
        TimeoutError: it is still there after `within` seconds.
    """
    end = time.monotonic() + within
    while _is_there(pid):
        if time.monotonic() > end:
            raise TimeoutError(f"process {pid} has not ended within {within} s")
        await asyncio.sleep(0.002)


def _is_there(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
