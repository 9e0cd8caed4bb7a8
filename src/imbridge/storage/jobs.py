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
        attempts: How often it was begun for this time.
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
    """Jobs. A claim ends by the database's clock; that a job is due its scheduler says, by its own."""

    @abstractmethod
    async def put(self, job: Job, *, replace: bool = True) -> bool:
        """Plan a job; one of the same name is replaced, or kept as it is. Whether something was written."""

    @abstractmethod
    async def claim(self, job: Job, *, seconds: float) -> Job | None:
        """Take a job, to do it.

        Args:
            job: As `all` or `find` gave it.
            seconds: For how long; when it is not done by then, and not renewed, others may take it. So they may as soon
                as the process is known to be gone.

        Returns:
            The job with its new number; None when somebody else has it, or it was changed meanwhile.
        """

    @abstractmethod
    async def renew(self, job: Job, *, seconds: float) -> bool:
        """Keep a claimed job for so many seconds from now. False when it is somebody else's, replaced or dropped."""

    @abstractmethod
    async def done(self, job: Job, *, next_due: float | None = None, error: str = "") -> bool:
        """A claimed job was done, or failed with an error. False, and nothing is changed, when it is somebody else's.

        Args:
            job: As `claim` gave it.
            next_due: When it is due again; None: it is gone.
            error: Why it failed.
        """

    @abstractmethod
    async def drop(self, name: str) -> bool:
        """Forget a job. False when there is none."""

    @abstractmethod
    async def find(self, name: str) -> Job | None:
        """A job by its name."""

    @abstractmethod
    async def all(self, *, limit: int = 1000) -> list[Job]:
        """Jobs, the next first."""
