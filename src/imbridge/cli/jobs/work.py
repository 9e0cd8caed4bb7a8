"""What the commands do with the storage. Importing this file loads the runtime."""

import time
from pathlib import Path

from imbridge.cli.opening import looking
from imbridge.protocol import ImbridgeError, ScheduledJob
from imbridge.runtime.scheduling.view import views_of
from imbridge.storage import DurableStorage, Job

_CLAIM = 10.0
"""Seconds that a change may take."""
_ALL = 1_000_000


async def all_jobs(file: Path | None, account: str | None) -> list[ScheduledJob]:
    """The jobs of the storage, or of one account.

    Raises:
        ConfigError: there is no storage to look at.
    """
    async with looking(file) as storage:
        return await _listed(storage, account)


async def make_due(file: Path | None, account: str | None, name: str) -> ScheduledJob:
    """Have a job done now.

    Raises:
        ConfigError: there is no storage to look at.
        ImbridgeError: there is no such job, or several, or it runs.
    """
    async with looking(file) as storage:
        shown, job = await _one(storage, account, name)
        claimed = await storage.jobs.claim(job, seconds=_CLAIM)
        if claimed is None or not await storage.jobs.done(claimed, next_due=time.time(), error=job.error):
            raise ImbridgeError(f"job {name!r} is being done at this moment")
        return shown


async def forget(file: Path | None, account: str | None, name: str) -> ScheduledJob:
    """Drop a job; as `make_due`, but one that runs is dropped and cut off."""
    async with looking(file) as storage:
        shown, job = await _one(storage, account, name)
        await storage.jobs.drop(job.name)
        return shown


async def _listed(storage: DurableStorage, account: str | None) -> list[ScheduledJob]:
    found = views_of(await storage.jobs.all(limit=_ALL))
    return [job for job in found if account is None or job.account == account]


async def _one(storage: DurableStorage, account: str | None, name: str) -> tuple[ScheduledJob, Job]:
    rows = [(view, row) for row in await storage.jobs.all(limit=_ALL) for view in views_of([row])]
    listed = [(view, row) for view, row in rows if account is None or view.account == account]
    found = [(view, row) for view, row in listed if view.name == name]
    if len(found) > 1:
        accounts = ", ".join(view.account for view, _ in found)
        raise ImbridgeError(f"{accounts} have a job named {name!r} each; say whose with --account")
    if not found:
        known = ", ".join(repr(view.name) for view, _ in listed[:10]) or "none"
        raise ImbridgeError(f"there is no job named {name!r}; there are: {known}")
    return found[0]
