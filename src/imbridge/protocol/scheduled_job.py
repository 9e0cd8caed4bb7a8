"""A job that waits for its time, as people look at it."""

from dataclasses import dataclass
from datetime import datetime


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
