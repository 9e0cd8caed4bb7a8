"""Several processes on one storage: what a bridge is told of the others."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from imbridge.storage.base import InboxEntry, OutboxEntry

_working_as: ContextVar[int] = ContextVar("imbridge_working_as", default=0)


class Partner(Protocol):
    """Who works on what a storage keeps: a bridge."""

    @property
    def has_room(self) -> bool:
        """Whether it can take more."""

    def take(self, entries: Sequence[InboxEntry]) -> None:
        """Deliveries that other processes took in, for conversations that this process works on; oldest first."""

    def restore(self, inbound: Sequence[InboxEntry], outbound: Sequence[OutboxEntry]) -> None:
        """What processes that are gone took in and did not handle, and wanted to say and did not; each oldest first."""

    def drop(self, fence: int) -> None:
        """This process was silent for too long, and others go on with what it had under this number.

        Work on it is to be ended, and what waits of it forgotten. What is written for it all the same is refused with
        `StaleLeaseError`.
        """


def chat_of(lane: str) -> str:
    """The chat that a lane belongs to: the unit that one process has at a time. Empty for a lane beside all others.

    Threads of one chat are in one process: a word in one of them stops what is done in another.
    """
    return "" if " " in lane else lane.partition("#")[0]


@contextmanager
def working_as(fence: int) -> Iterator[None]:
    """Work on an entry that has this number: what it asks of a storage is refused when the number is over."""
    before = _working_as.set(fence)
    try:
        yield
    finally:
        _working_as.reset(before)


def fence_here() -> int:
    """The number that the current work has; 0 for what belongs to no entry."""
    return _working_as.get()
