"""Keeping a claimed job while it is being done."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from imbridge.runtime.ending import end_all
from imbridge.storage import Job, Jobs

log = logging.getLogger(__name__)

Made = TypeVar("Made")


async def holding(jobs: Jobs, job: Job, seconds: float, work: Coroutine[Any, Any, Made]) -> Made | None:
    """Do it, and renew the claim meanwhile; when the claim is lost, the work is cancelled: somebody else does it.

    Args:
        jobs: Where it was claimed.
        job: As it was claimed.
        seconds: For how long it is claimed each time.
        work: Doing it.

    Returns:
        What came of it; None when the claim was lost.
    """
    clock = asyncio.get_running_loop().time
    working = asyncio.create_task(work, name=f"job {job.name}: at work")
    until = clock() + seconds
    try:
        while not (await asyncio.wait((working,), timeout=seconds / 3))[0]:
            try:
                kept = await jobs.renew(job, seconds=seconds)
            except Exception as error:  # noqa: BLE001 - a storage raises anything; it may be back before the claim ends
                log.warning("job %s: its claim could not be renewed (%s)", job.name, error)
                kept = clock() < until
            else:
                until = clock() + seconds
            if not kept:
                log.warning("job %s: replaced, dropped or taken over while it ran; the run is given up", job.name)
                return None
        return working.result()
    finally:
        if await end_all((working,)):
            log.error("job %s: does not stop: it ignores its cancellation", job.name)
