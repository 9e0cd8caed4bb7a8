"""Doing a job that is due, and finding out when it is due again."""

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from imbridge.config.options import BridgeOptions
from imbridge.config.schedule import Missed
from imbridge.protocol import DeliveryState, OverloadedError
from imbridge.runtime.delivery import Delivery
from imbridge.runtime.scheduling.clock import Clock
from imbridge.runtime.scheduling.plan import Plan
from imbridge.runtime.scheduling.run import ScheduledRun
from imbridge.skills.scheduled import Scheduled
from imbridge.storage import Job, Jobs, OutboxEntry, StaleLeaseError
from imbridge.transport import Backoff

log = logging.getLogger(__name__)

_ON_TIME = 60.0
"""Seconds after its time in which a job counts as done in time."""
_MADE_UP = 100
"""So many missed times are made up for one by one."""
_BACKOFF = Backoff(1.0, 60.0)
"""Seconds between two tries for one time."""
_ATTEMPTS = 2
"""What was begun so often and came to no end, as the process ended, is not tried again for the same time."""


class Doing:
    """Does jobs."""

    def __init__(
        self,
        jobs: Jobs,
        delivery: Delivery,
        check_account: Callable[[str], Any],
        options: BridgeOptions,
        clock: Clock,
        counts: Counter[str],
    ) -> None:
        """`counts` gets what came of them."""
        self._jobs = jobs
        self._delivery = delivery
        self._check_account = check_account
        self._options = options
        self._clock = clock
        self._counts = counts

    async def do(self, job: Job, plan: Plan, function: Scheduled | None) -> OutboxEntry | None:
        """Do a claimed job, unless its time is over; what it put into the outbox.

        Raises:
            StorageError: what came of it is not written down; it is taken up again when the claim ends.
            OverloadedError: nothing came of it, for the bridge stops.
        """
        now = self._clock.now()
        if (skipped_to := self._skips(job, plan, now)) is not None:
            await self._jobs.done(job, next_due=skipped_to[0], error=job.error)
            return None
        after = job.due_at if plan.missed is Missed.ALL else max(job.due_at, now)
        entry: OutboxEntry | None = None
        error = ""
        if job.attempts > _ATTEMPTS:
            self._counts["jobs_failed"] += 1
            error = f"it was begun {_ATTEMPTS} times and came to no end; it was not tried again for this time"
            log.error("job %r: %s", plan.name, error)
        else:
            try:
                entry = await self._tried(job, plan, function)
            except (StaleLeaseError, OverloadedError):
                raise
            except Exception as failure:
                self._counts["jobs_failed"] += 1
                cause = failure.__cause__ or failure  # which has the skill's own traceback
                log.error("job %r: %s", plan.name, failure, exc_info=cause)  # noqa: TRY400 - the cause's traceback
                error = f"{type(cause).__name__}: {cause}"
        if not await self._jobs.done(job, next_due=plan.timing.next_after(after), error=error):
            log.warning("job %r: it was replaced, dropped or taken over while it ran", plan.name)
        return entry

    async def give_back(self, job: Job) -> None:
        """It was cut off: whoever starts next does it at once, and this counts for no attempt."""
        await self._jobs.done(job, next_due=job.due_at, error=job.error)

    async def tell(self, plan: Plan, entry: OutboxEntry) -> None:
        """Wait for what became of it, and say so when it was not said."""
        receipt = await entry.receipt
        if receipt.state is DeliveryState.PENDING:
            log.info("job %r: not said yet: %s", plan.name, receipt.error)
        elif not receipt and receipt.error:
            self._counts["jobs_not_said"] += 1
            log.error("job %r: %s for %s: %s", plan.name, receipt.state.value, receipt.channel, receipt.error)

    async def _tried(self, job: Job, plan: Plan, function: Scheduled | None) -> OutboxEntry | None:
        """Begin it, again when it fails as often as it is planned; the claim is kept meanwhile."""
        for retry in itertools.count():
            try:
                return await self._in_time(job, plan, function, retry)
            except (StaleLeaseError, OverloadedError):
                raise
            except Exception as failure:
                if retry >= plan.retries:
                    raise
                pause, left = _BACKOFF.delay(retry), plan.retries - retry
                log.warning("job %r: %s; again in %.1f s, up to %d times more", plan.name, failure, pause, left)
            self._counts["jobs_retried"] += 1
            await asyncio.sleep(pause)
        raise AssertionError("it is tried for ever")

    async def _in_time(self, job: Job, plan: Plan, function: Scheduled | None, retry: int) -> OutboxEntry | None:
        try:
            async with asyncio.timeout(plan.timeout) as limit:
                return await self._begin(job, plan, function, retry)
        except TimeoutError:
            if not limit.expired():
                raise
            raise TimeoutError(f"it took longer than {plan.timeout:g} s (timeout)") from None

    async def _begin(self, job: Job, plan: Plan, function: Scheduled | None, retry: int) -> OutboxEntry | None:
        run = ScheduledRun(job, plan, self._delivery, self._options.thinking, self._check_account)
        run.attempt += retry
        content = plan.reply if function is None else await function.ask(run)
        entry = None if content is None else await run.say(content)
        self._counts["jobs_done"] += 1
        return entry

    def _skips(self, job: Job, plan: Plan, now: float) -> tuple[float | None] | None:
        """The time that it goes on with instead of this one, in a tuple; None: it is done for this one."""
        if now - job.due_at <= _ON_TIME:
            return None
        self._counts["jobs_late"] += 1
        due = datetime.fromtimestamp(job.due_at, plan.timing.zone).isoformat()
        if plan.missed is Missed.SKIP:
            log.warning("job %r: missed at %s, and skipped", plan.name, due)
            return (plan.timing.next_after(now - _ON_TIME),)
        if plan.missed is Missed.ALL:
            oldest = plan.timing.newest(_MADE_UP, now)
            if oldest is not None and oldest > job.due_at:
                log.warning("job %r: missed since %s; the newest %d times are made up for", plan.name, due, _MADE_UP)
                return (oldest,)
        log.info("job %r: missed at %s, and made up for", plan.name, due)
        return None
