"""Looks for jobs whose time has come, and has them done."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from imbridge.config.account import AccountConfig
from imbridge.config.options import BridgeOptions
from imbridge.protocol import OverloadedError, SkillError
from imbridge.runtime.delivery import Delivery
from imbridge.runtime.scheduling.clock import Clock
from imbridge.runtime.scheduling.declared import Declared
from imbridge.runtime.scheduling.doing import Doing
from imbridge.runtime.scheduling.holding import holding
from imbridge.runtime.scheduling.plan import Plan, owner_of
from imbridge.skills import SkillSet
from imbridge.skills.scheduled import Scheduled, scheduled_method
from imbridge.storage import BaseStorage, Job, Jobs, MemoryJobs, OutboxEntry, StorageError

log = logging.getLogger(__name__)

_LOOK = 5.0
"""Seconds after which it looks again without a reason: for clocks that were put forward, and what others planned."""
_CLAIM = 15.0
"""Seconds for which a job is claimed each time: so long after a crash others take it over."""
_AT_ONCE = 20
_PAGE = 50
_FORGOTTEN = 30 * 86_400.0
"""Seconds after its time for which what is declared nowhere any more is kept."""
_PATIENCE = 2.0
"""Seconds that a look may take when the bridge stops."""


class Scheduler:
    """Has jobs done when they are due: each time once, whoever shares the storage.

    Attributes:
        jobs: Where they are kept.
        declared: Those of the settings and the code.
        counts: What came of them.
        owners: Whose jobs are done here; known once it is open.
    """

    def __init__(
        self,
        storage: BaseStorage,
        skills: SkillSet,
        delivery: Delivery,
        check_account: Callable[[str], Any],
        options: BridgeOptions,
        clock: Clock,
    ) -> None:
        """`check_account` raises for an account that the bridge does not have."""
        self.jobs: Jobs = MemoryJobs() if storage.jobs is None else storage.jobs
        self.declared = Declared()
        self.counts: Counter[str] = Counter()
        self._skills = skills
        self._delivery = delivery
        self._clock = clock
        self._doing = Doing(self.jobs, delivery, check_account, options, clock, self.counts)
        self.owners: tuple[str, ...] = ()
        self._wake = asyncio.Event()
        self._ending = False
        self._loop: asyncio.Task[None] | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._at_work = 0  # of those that run; the others wait for the end of what they said
        self._unsaid: dict[str, OutboxEntry] = {}
        self._told: set[str] = set()

    @property
    def now(self) -> float:
        """Seconds since 1970, by the clock that schedules go by."""
        return self._clock.now()

    async def open(self, accounts: Iterable[AccountConfig]) -> None:
        """Plan what is declared.

        Args:
            accounts: Those whose jobs are done here.

        Raises:
            ConfigError: whom a declared job asks is not there.
        """
        self.owners = tuple(map(owner_of, accounts))
        self.declared.check(self._skills)
        await self.declared.write(self.jobs, self.now)
        await self._clear()

    def start(self) -> None:
        """Begin to look for what is due."""
        self._loop = asyncio.create_task(self._look_on(), name="schedule")

    def look(self) -> None:
        """Look now: something was planned."""
        self._wake.set()

    async def quiet(self) -> None:
        """Begin nothing any more."""
        self._ending = True
        self._wake.set()
        if self._loop is not None:
            await asyncio.wait((self._loop,), timeout=_PATIENCE)

    async def drain(self) -> None:
        """Wait until what runs is done."""
        while self._running:
            await asyncio.wait(tuple(self._running.values()))

    @property
    def idle(self) -> bool:
        """Nothing runs."""
        return not self._running

    async def cancel(self) -> None:
        """End at once; what is cut off is for whoever starts next."""
        self._ending = True
        tasks = [task for task in (self._loop, *self._running.values()) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _look_on(self) -> None:
        failures = 0
        while not self._ending:
            self._wake.clear()
            try:
                pause = await self._look()
                failures = 0
            except Exception as error:  # noqa: BLE001 - a storage raises anything, and schedules outlive it
                failures += 1
                pause = min(2.0**failures, 60.0)
                log.warning("schedule: the storage cannot be asked (%s); again in %.0f s", error, pause)
            if not self._ending:
                await self._clock.wait(self._wake, pause)

    async def _look(self) -> float:
        """Begin what is due; seconds until something else is."""
        now = self.now
        self._unsaid = {name: entry for name, entry in self._unsaid.items() if entry in self._delivery.unsaid}
        limit = _PAGE
        while True:
            jobs = await self.jobs.all(limit=limit)
            due = [job for job in jobs if job.due_at <= now]
            ours = [(job, *found) for job in due if (found := self._found(job)) is not None]
            if ours or len(due) < limit:
                break
            limit *= 4  # what is due for others is in the way
        for job, plan, function in ours:
            if self._at_work >= _AT_ONCE or self._ending:
                break
            if (claimed := await self.jobs.claim(job, seconds=_CLAIM)) is not None:
                task = asyncio.create_task(self._run(claimed, plan, function), name=f"job {job.name}")
                self._running[job.name] = task
                self._at_work += 1
        ahead = [job.due_at - now for job in jobs if job.due_at > now]
        return min(_LOOK, *ahead) if ahead else _LOOK

    def _found(self, job: Job) -> tuple[Plan, Scheduled | None] | None:
        """The plan of a job that is done here, and whom it asks; None for those of others."""
        if not self.is_ours(job) or job.name in self._running:
            return None
        try:
            plan = Plan.of(job)
            if plan.declared and not self.declared.is_ours(plan):
                self._tell(job, logging.INFO, "it is not declared here, or otherwise")
                return None
            if (entry := self._unsaid.get(job.name)) is not None and entry.channel == plan.to:
                return None
            found = plan, self.function_of(plan)
        except (ValueError, SkillError) as error:
            self._tell(job, logging.WARNING, str(error))
            return None
        self._told.discard(job.name)
        return found

    def function_of(self, plan: Plan) -> Scheduled | None:
        """Whom a plan asks; None for one that says what is to be said.

        Raises:
            SkillError: that is not there.
        """
        if plan.call is None:
            return None
        if plan.declared and (function := self.declared.function(plan)) is not None:
            return function
        return scheduled_method(self._skills, plan.call.skill, plan.call.method)

    def is_ours(self, job: Job) -> bool:
        """Whether a job is of one of our accounts."""
        return job.name.partition(" ")[0] in self.owners

    def _tell(self, job: Job, level: int, why: str) -> None:
        if job.name not in self._told:
            self._told.add(job.name)
            log.log(level, "job %s is due and left alone: %s", job.name, why)

    async def _clear(self) -> None:
        """Forget what was declared once, and is done by nobody any more."""
        for job in await self.jobs.all():
            if job.due_at > self.now - _FORGOTTEN or not self.is_ours(job):
                continue
            try:
                plan = Plan.of(job)
            except ValueError:
                continue  # of a newer version
            if plan.declared and not self.declared.is_ours(plan):
                log.info("job %s was declared once and is done by nobody: dropped", job.name)
                await self.jobs.drop(job.name)

    async def _run(self, job: Job, plan: Plan, function: Scheduled | None) -> None:
        try:
            try:
                entry = await holding(self.jobs, job, _CLAIM, self._doing.do(job, plan, function))
            except asyncio.CancelledError:
                await self._doing.give_back(job)
                raise
            finally:
                self._at_work -= 1
                self._wake.set()
            if entry is not None:
                await self._doing.tell(plan, entry)
                if entry in self._delivery.unsaid:  # put off; its next time waits for it
                    self._unsaid[job.name] = entry
        except (StorageError, OverloadedError) as error:
            log.warning("job %s: nothing came of it yet (%s); it is done again", job.name, error)
        except Exception:
            log.exception("job %s: the run came to no end; it is done again", job.name)
        finally:
            del self._running[job.name]
            self._wake.set()
