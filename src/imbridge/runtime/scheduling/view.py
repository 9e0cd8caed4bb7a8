"""Jobs for people to look at."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from imbridge.protocol import ScheduledJob
from imbridge.runtime.scheduling.plan import Plan
from imbridge.storage import Job

log = logging.getLogger(__name__)

_LONGEST = 60


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
