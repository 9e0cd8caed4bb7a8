"""Jobs that are in the settings or the code, as opposed to those that a running program plans."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from imbridge.protocol import ConfigError, ImbridgeError
from imbridge.runtime.scheduling.plan import Plan
from imbridge.skills import SkillSet
from imbridge.skills.scheduled import Scheduled, scheduled_method
from imbridge.storage import Job, Jobs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _One:
    plan: Plan
    function: Scheduled | None
    where: str


class Declared:
    """They are written into the storage at the start, where they have their next times.

    One that is there already keeps its next time, unless it was changed: what was missed while nobody was there is
    known. What is declared no more stays there for a while, and nobody does it.
    """

    def __init__(self) -> None:
        """None yet."""
        self._by_name: dict[str, _One] = {}

    def add(self, plan: Plan, *, function: Scheduled | None = None, where: str = "") -> None:
        """Declare a job; `where` is the file and line for errors.

        Raises:
            ConfigError: there is one of that name.
        """
        if (other := self._by_name.get(plan.name)) is not None:
            place = f" at {other.where}" if other.where else ""
            raise ConfigError(
                f"{where}: " * bool(where) + f"there is a job named {plan.name!r} already{place}; name one otherwise",
                key="schedule",
                where=where,
            )
        self._by_name[plan.name] = _One(plan, function, where)

    def __iter__(self) -> Iterator[Plan]:
        return (one.plan for one in self._by_name.values())

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def is_ours(self, plan: Plan) -> bool:
        """Whether a plan that was declared somewhere is declared here, and the same."""
        one = self._by_name.get(plan.name)
        return one is not None and one.plan.is_the_same(plan)

    def function(self, plan: Plan) -> Scheduled | None:
        """Of a plan that is ours: the function it calls."""
        return self._by_name[plan.name].function

    def check(self, skills: SkillSet) -> None:
        """See that there is whom to ask.

        Raises:
            ImbridgeError: a skill or a method is missing; with the file and line.
        """
        for one in self._by_name.values():
            if one.plan.call is None or one.function is not None:
                continue
            try:
                scheduled_method(skills, one.plan.call.skill, one.plan.call.method)
            except ImbridgeError as error:
                place = f"{one.where}: " if one.where else ""
                raise ConfigError(f"{place}job {one.plan.name!r}: {error}", key="schedule", where=one.where) from error

    async def write(self, jobs: Jobs, now: float) -> None:
        """Write what is new or changed."""
        for plan in self:
            kept = await jobs.find(plan.key)
            if kept is not None and self._is_as_kept(plan, kept):
                continue
            if (due := plan.timing.next_after(now)) is not None:
                begun = plan.begun(now)
                await jobs.put(Job(plan.key, due, begun.data), replace=kept is not None)
                continue
            log.info("job %r is not planned: %s is past", plan.name, plan.timing.words)
            if kept is not None:
                await jobs.drop(plan.key)

    @staticmethod
    def _is_as_kept(plan: Plan, kept: Job) -> bool:
        try:
            return plan.is_the_same(Plan.of(kept))
        except ValueError:
            return False
