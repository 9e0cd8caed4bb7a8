"""Planning what is said later: that part of a bridge."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from imbridge.adapters.base import Adapter
from imbridge.config.account import AccountConfig
from imbridge.config.options import BridgeOptions
from imbridge.config.schedule import METHOD, Missed, ScheduleSpec
from imbridge.config.when import timing_of
from imbridge.protocol import Address, Channel, ConfigError, ImbridgeError, ScheduledJob
from imbridge.runtime.scheduling.plan import Call, Plan, plan_of
from imbridge.runtime.scheduling.planner import Planner
from imbridge.runtime.scheduling.scheduler import Scheduler
from imbridge.skills.scheduled import Scheduled

Function = TypeVar("Function", bound=Callable[..., Any])
_MOST = 1000


class Scheduling(ABC):
    """Plans jobs, tells of them, takes them back."""

    options: BridgeOptions
    _scheduler: Scheduler
    _planner: Planner

    @abstractmethod
    def adapter(self, account: str) -> Adapter:
        """The adapter of an account key."""

    @abstractmethod
    def _check_running(self) -> None:
        """Raises: ImbridgeError: the bridge does not run."""

    @abstractmethod
    def _check_new(self, what: str) -> None:
        """Raises: SkillError: the bridge was started already."""

    async def schedule(
        self,
        content: Any = None,
        *,
        to: Address | Channel | str,
        after: float | str | timedelta | None = None,
        cron: str | None = None,
        every: float | str | timedelta | None = None,
        at: datetime | str | None = None,
        name: str | None = None,
        skill: str | None = None,
        method: str | None = None,
        options: Mapping[str, Any] | None = None,
        jitter: float | str | timedelta | None = None,
        anchor: datetime | None = None,
        time_zone: str | None = None,
        missed: str = Missed.ONCE,
        timeout: float | str | timedelta | None = None,
        retries: int = 0,
    ) -> ScheduledJob:
        """Have something said later, once or again and again. It is in the storage when this returns.

        Args:
            content: Anything sendable but a stream; it is kept as it is now.
            to: Where: an address, or a channel.
            after: When, as a time from now: seconds, a `timedelta`, or a text such as `10m`.
            cron: When, as a cron expression (five fields, or six with seconds first).
            every: When, as an interval of at least a second: seconds, a `timedelta`, or a text such as `10m`.
            at: When, as a moment: a datetime with a time zone, or a text such as `2026-12-01 09:00`.
            name: Its name; a job of the same name is replaced. Made of the rest when left out: the same call again
                plans nothing twice.
            skill: A skill that is asked what is to be said, instead of `content`.
            method: Its method, which gets a `ScheduledRun`; `scheduled` when left out.
            options: What the run has as its `options`; JSON.
            jitter: With `every`: how much later by chance, at most.
            anchor: With `every`: a moment from which intervals are counted; now when left out.
            time_zone: Of `cron`, and of `at` in text; the option `time_zone` when left out.
            missed: What becomes of times that are missed while no process is there: `once` (it is done once for all of
                them), `skip`, or `all` (for each, 100 at most).
            timeout: With `skill`: how long it may take each time it is asked; seconds, a `timedelta`, or a text such as
                `5m`. As long as it takes when left out.
            retries: With `skill`: how often it is asked again for the same time when it fails, 10 at most, with pauses
                that grow from a second to a minute.

        Returns:
            The job, with the time at which it is due first.

        Raises:
            ValueError: something of it cannot be understood or kept, or `at` is past.
            SkillError: there is no such skill or method, or the content cannot be sent.
            ConfigError: it names an account that this bridge does not have.
            StorageError: it could not be kept.
            ImbridgeError: the bridge does not run, or the settings or the code declare a job of this name.
        """
        self._check_running()
        if skill is None and (method is not None or options is not None):
            raise ValueError("method and options go with skill")
        timing = self._planner.timing(
            after=after, cron=cron, every=every, at=at, jitter=jitter, anchor=anchor, time_zone=time_zone
        )
        call = None if skill is None else Call(skill, method or METHOD, dict(options or {}))
        how = {"missed": missed, "timeout": timeout, "retries": retries}
        return await self._planner.plan(content, to=to, timing=timing, name=name, call=call, **how)

    def scheduled(
        self,
        *,
        to: Address | Channel | str,
        cron: str | None = None,
        every: float | str | timedelta | None = None,
        at: datetime | str | None = None,
        name: str | None = None,
        jitter: float | str | timedelta | None = None,
        anchor: datetime | None = None,
        time_zone: str | None = None,
        missed: str = Missed.ONCE,
        timeout: float | str | timedelta | None = None,
        retries: int = 0,
    ) -> Callable[[Function], Function]:
        """Decorator: this function is called at these times, and what it returns is said.

        It takes a `ScheduledRun`, or nothing; None says nothing. One that is not async runs in a thread. The arguments
        are those of `schedule`; the name is the function's when left out. An `at` that is past is left alone.

        Raises:
            ValueError: something of it cannot be understood.
            SkillError: the function cannot be called with a run, or the bridge was started already.
            ConfigError: it names an account that this bridge does not have, or a job of this name is there.
        """
        zone = time_zone or self.options.time_zone
        timing = timing_of(cron=cron, every=every, at=at, jitter=jitter, anchor=anchor, time_zone=zone)

        def declare(function: Function) -> Function:
            asked = Scheduled(function)
            plan = plan_of(
                name or asked.name,
                to,
                timing,
                self._account,
                call=Call("", asked.name),
                missed=missed,
                declared=True,
                timeout=timeout,
                retries=retries,
            )
            self._declare(plan, asked)
            return function

        return declare

    def declare_schedule(self, spec: ScheduleSpec) -> None:
        """Take an entry of the settings; before the bridge starts.

        Raises:
            ConfigError: it cannot be; the message begins with its file and line.
        """
        call = None if spec.skill is None else Call(spec.skill, spec.method or METHOD, spec.options or {})
        try:
            timing = spec.timing(self.options.time_zone)
            plan = plan_of(
                spec.name,
                spec.to,
                timing,
                self._account,
                content=spec.content,
                call=call,
                missed=spec.missed,
                declared=True,
                timeout=spec.timeout,
                retries=spec.retries,
            )
            self._declare(plan, None, spec.where)
        except (ValueError, ImbridgeError) as error:
            place = f"{spec.where}: " if spec.where and not str(error).startswith(spec.where) else ""
            raise ConfigError(f"{place}{error}", key="schedule", where=spec.where) from error

    async def jobs(self) -> tuple[ScheduledJob, ...]:
        """The jobs of this bridge's accounts, the next first; 1,000 at most.

        Raises:
            ImbridgeError: the bridge does not run, or the storage cannot be read.
        """
        self._check_running()
        return await self._planner.jobs(limit=_MOST)

    async def unschedule(self, name: str) -> bool:
        """Take a job back. One that is declared in the settings or the code is there again at the next start.

        A run that is under way is cut off.

        Returns:
            False when there is none of this name.

        Raises:
            ImbridgeError: the bridge does not run.
        """
        self._check_running()
        return await self._planner.drop(name)

    def _account(self, key: str) -> AccountConfig:
        return self.adapter(key).config

    def _declare(self, plan: Plan, function: Scheduled | None, where: str = "") -> None:
        self._check_new("declare jobs")
        self._scheduler.declared.add(plan, function=function, where=where)
