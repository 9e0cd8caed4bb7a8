"""Failures of skills: counted, logged, and told by an id."""

import asyncio
import logging
import secrets
from collections import Counter

log = logging.getLogger(__name__)


def note_failure(counts: Counter[str], what: str, failure: BaseException) -> str:
    """Count and log a failure; its id."""
    counts["failed"] += 1
    failure_id = secrets.token_hex(4)
    cause = failure.__cause__ or failure  # the cause has the skill's own traceback
    log.error("%s: failure %s: %s", what, failure_id, str(failure) or type(failure).__name__, exc_info=cause)
    return failure_id


def is_cancelled() -> bool:
    """Somebody cancels the task we are in, as opposed to something that it awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
