"""What is to be done at a time: rows for a scheduler, so that a restart forgets nothing and does nothing twice."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is due at a time.

    Attributes:
        name: Its name; one job has it.
        due_at: When (seconds since 1970).
        data: What is to be done; any JSON value.
        attempts: How often it was begun since it was last done.
        error: Why it failed the last time.
        fence: Of a job that was claimed: its number, as of a lease.
    """

    name: str
    due_at: float
    data: Any = field(default=None, repr=False)
    attempts: int = 0
    error: str = ""
    fence: int = 0


class Jobs(ABC):
    """Jobs. Time is the database's."""

    @abstractmethod
    async def put(self, job: Job, *, replace: bool = True) -> bool:
        """Plan a job; one of the same name is replaced, or kept as it is. Whether something was written."""

    @abstractmethod
    async def claim(self, *, seconds: float, limit: int = 10) -> list[Job]:
        """Take jobs that are due, the longest due first. Those not done after `seconds` are for others to take."""

    @abstractmethod
    async def done(self, job: Job, *, next_due: float | None = None, error: str = "") -> bool:
        """A claimed job was done, or failed with an error. False, and nothing is changed, when it is somebody else's.

        Args:
            job: As `claim` gave it.
            next_due: When it is due again; None: it is gone.
            error: Why it failed; its attempts are counted on.
        """

    @abstractmethod
    async def drop(self, name: str) -> bool:
        """Forget a job. False when there is none."""

    @abstractmethod
    async def all(self, *, limit: int = 1000) -> list[Job]:
        """Jobs, the next first."""
