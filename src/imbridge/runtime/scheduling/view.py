"""Jobs for people to look at."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from imbridge.runtime.scheduling.plan import Plan
from imbridge.storage import Job

log = logging.getLogger(__name__)

_LONGEST = 60


@dataclass(frozen=True)
class ScheduledJob:
    """A job that waits for its time.

    Attributes:
        name: Its name.
        to: The address.
        account: The account's key.
        next_at: When it is due, on the clocks of its time zone.
        when: Its times, in words.
        what: What is said, or who is asked, in words.
        missed: What becomes of times that were missed.
        declared: It is in the settings or the code.
        error: Why it failed the last time.
    """

    name: str
    to: str
    account: str
    next_at: datetime
    when: str
    what: str
    missed: str
    declared: bool
    error: str


def view_of(job: Job) -> ScheduledJob:
    """A row as people see it.

    Raises:
        ValueError: it cannot be read.
    """
    plan = Plan.of(job)
    return ScheduledJob(
        name=plan.name,
        to=plan.to.address,
        account=plan.to.account_key,
        next_at=datetime.fromtimestamp(job.due_at, plan.timing.zone),
        when=plan.timing.words,
        what=_what(plan),
        missed=plan.missed.value,
        declared=plan.declared,
        error=job.error,
    )


def views_of(jobs: Iterable[Job]) -> Iterator[ScheduledJob]:
    """Rows as people see them, but those that cannot be read: a newer version may have written them."""
    for job in jobs:
        try:
            yield view_of(job)
        except ValueError as error:
            log.warning("job %s cannot be read: %s", job.name, error)


def _what(plan: Plan) -> str:
    if plan.reply is None:
        return "" if plan.call is None else plan.call.words
    texts = [str(getattr(element, "text", "") or f"[{element.type}]") for element in plan.reply.elements]
    text = " ".join(" ".join(texts).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
