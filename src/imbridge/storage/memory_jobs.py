"""Jobs in memory: gone with the process."""

import time
from collections.abc import Callable
from dataclasses import replace as changed
from itertools import count

from imbridge.storage.jobs import Job, Jobs


class MemoryJobs(Jobs):
    """Jobs of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds, by which claims end."""
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._until: dict[str, float] = {}
        self._fences = count(1)

    async def put(self, job: Job, *, replace: bool = True) -> bool:  # noqa: D102 - inherited
        if not replace and job.name in self._jobs:
            return False
        self._jobs[job.name] = changed(job, attempts=0, error="", fence=next(self._fences))
        self._until.pop(job.name, None)
        return True

    async def claim(self, job: Job, *, seconds: float) -> Job | None:  # noqa: D102 - inherited
        now = self._clock()
        known = self._jobs.get(job.name)
        if known is None or known.fence != job.fence or self._until.get(job.name, now) > now:
            return None
        claimed = self._jobs[job.name] = changed(known, fence=next(self._fences), attempts=known.attempts + 1)
        self._until[job.name] = now + seconds
        return claimed

    async def renew(self, job: Job, *, seconds: float) -> bool:  # noqa: D102 - inherited
        if not self._ours(job):
            return False
        self._until[job.name] = self._clock() + seconds
        return True

    async def done(self, job: Job, *, next_due: float | None = None, error: str = "") -> bool:  # noqa: D102 - inherited
        if not self._ours(job):
            return False
        if next_due is None:
            return await self.drop(job.name)
        self._jobs[job.name] = changed(
            self._jobs[job.name], due_at=next_due, attempts=0, error=error, fence=next(self._fences)
        )
        del self._until[job.name]
        return True

    async def drop(self, name: str) -> bool:  # noqa: D102 - inherited
        self._until.pop(name, None)
        return self._jobs.pop(name, None) is not None

    async def find(self, name: str) -> Job | None:  # noqa: D102 - inherited
        return self._jobs.get(name)

    async def all(self, *, limit: int = 1000) -> list[Job]:  # noqa: D102 - inherited
        return sorted(self._jobs.values(), key=lambda job: (job.due_at, job.name))[:limit]

    def _ours(self, job: Job) -> bool:
        known = self._jobs.get(job.name)
        return known is not None and known.fence == job.fence and job.name in self._until
