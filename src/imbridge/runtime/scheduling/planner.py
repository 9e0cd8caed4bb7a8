"""Planning jobs while the bridge runs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from imbridge.config.account import AccountConfig
from imbridge.config.timing import Timing
from imbridge.config.when import seconds_of, timing_of
from imbridge.protocol import Address, Channel, ImbridgeError, ScheduledJob
from imbridge.runtime.scheduling.plan import Call, plan_of, row_name
from imbridge.runtime.scheduling.scheduler import Scheduler
from imbridge.runtime.scheduling.view import view_of, views_of
from imbridge.storage import Job


class Planner:
    """Plans jobs, tells of them, takes them back."""

    def __init__(self, scheduler: Scheduler, account_of: Callable[[str], AccountConfig], time_zone: str) -> None:
        """Plan for a scheduler.

        Args:
            scheduler: Has them done.
            account_of: Finds the settings of an account key.
            time_zone: Of what names none.
        """
        self._scheduler = scheduler
        self._account_of = account_of
        self._time_zone = time_zone

    def timing(
        self, *, after: float | str | timedelta | None = None, time_zone: str | None = None, **when: Any
    ) -> Timing:
        """A timing of what people write: `after`, or what `timing_of` takes.

        Raises:
            ValueError: it cannot be understood.
        """
        given = [name for name, value in when.items() if value is not None]
        if (after is None) == (not given):
            besides = f", not with after and {' and '.join(given)}" if given else ""
            raise ValueError(f"say when with exactly one of after, cron, every and at{besides}")
        if after is not None:
            try:
                when = {"at": datetime.fromtimestamp(self._scheduler.now + seconds_of(after), UTC)}
            except OverflowError:
                raise ValueError(f"after {after!r} no clock goes any more") from None
        return timing_of(**when, time_zone=time_zone or self._time_zone)

    async def plan(
        self,
        content: Any,
        *,
        to: Address | Channel | str,
        timing: Timing,
        name: str | None,
        call: Call | None,
        **how: Any,
    ) -> ScheduledJob:
        """Have something said, or somebody asked, at these times; `how` as `plan_of` takes it."""
        plan = plan_of(name, to, timing, self._account_of, content=content, call=call, **how)
        self._scheduler.function_of(plan)
        if plan.name in self._scheduler.declared:
            raise ImbridgeError(f"a job named {plan.name!r} is declared in the settings or the code; change it there")
        now = self._scheduler.now
        if (due := timing.next_after(now)) is None:
            raise ValueError(f"{timing.words} is past")
        job = Job(plan.key, due, plan.begun(now).data)
        await self._scheduler.jobs.put(job)
        await self.drop(plan.name, besides=plan.owner)
        self._scheduler.look()
        return view_of(job)

    async def jobs(self, *, limit: int) -> tuple[ScheduledJob, ...]:
        """Those of the bridge's accounts, the next first."""
        kept = await self._scheduler.jobs.all(limit=limit)
        return tuple(views_of(job for job in kept if self._scheduler.is_ours(job)))

    async def drop(self, name: str, *, besides: str = "") -> bool:
        """Take a job back, but the one of this owner; False when there is none of this name."""
        owners = [owner for owner in self._scheduler.owners if owner != besides]
        return any([await self._scheduler.jobs.drop(row_name(owner, name)) for owner in owners])
