"""What jobs are whatever the database is: a claimed job is a lease on it."""

import secrets
from abc import abstractmethod
from dataclasses import replace as changed
from functools import partial
from typing import Any, Generic

from imbridge.storage import json_values
from imbridge.storage.core.database import DatabaseT
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.work import ReadRow, Row, RunStatements
from imbridge.storage.jobs import Job, Jobs

_FENCES = 2**40


class DatabaseJobs(Jobs, Generic[DatabaseT]):
    """The statements are the database's."""

    def __init__(self, run: RunStatements, database: DatabaseT, nodes: Nodes) -> None:
        """`run` has statements carried out by the writer."""
        self._run = run
        self._database = database
        self._nodes = nodes

    async def put(self, job: Job, *, replace: bool = True) -> bool:  # noqa: D102 - inherited
        written: bool = await self._run(partial(self._put, job, replace))
        return written

    async def claim(self, job: Job, *, seconds: float) -> Job | None:  # noqa: D102 - inherited
        claimed: bool = await self._run(partial(self._claim, job, seconds))
        return changed(job, fence=job.fence + 1, attempts=job.attempts + 1) if claimed else None

    @abstractmethod
    async def _put(self, job: Job, replace: bool, connection: Any) -> bool:
        """Write it, unless it is there and not to be replaced; whether it is written."""

    @abstractmethod
    async def _claim(self, job: Job, seconds: float, connection: Any) -> bool:
        """Hold it for so long, if nobody who lives does; whether it is ours."""


def job_id(name: str) -> str:
    """The id of a job's row."""
    return digest("job", name)


def job_of(row: ReadRow) -> Job:
    """What a row holds."""
    return Job(
        name=row["name"],
        due_at=row["due_at"],
        data=json_values.read(row["data"]),
        attempts=row["attempts"],
        error=row["error"],
        fence=row["fence"],
    )


def planned(job: Job) -> Row:
    """What a job that is put has; a claim of one that it replaces is over: its number is not this one's."""
    data = json_values.written(job.data).decode()
    return {"due_at": job.due_at, "data": data, "until": 0.0, "attempts": 0, "error": ""}


def first(job: Job) -> Row:
    """What a job has beside that when its name is new.

    Its number does not begin at 0: who still has a job of this name that was dropped must not claim this one.
    """
    return {"id": job_id(job.name), "name": plain(job.name, 255), "holder": 0, "fence": secrets.randbelow(_FENCES)}


def due_again(job: Job, next_due: float, error: str) -> Row:
    """What a job that is done gets; a new number: who saw it while it was being done must not do it for that time."""
    again = {"due_at": next_due, "fence": job.fence + 1}
    return {**again, "until": 0.0, "attempts": 0, "error": plain(error, 10_000)}
