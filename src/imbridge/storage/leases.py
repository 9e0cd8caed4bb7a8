"""Who works on a conversation, where several processes could."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a conversation, for a time.

    Attributes:
        lane: The conversation.
        fence: Its number: whoever has it next has a larger one, and what comes with a smaller one is refused. So a
            process that was held up beyond the end of its lease can do no harm, whatever its clock says.
    """

    lane: str
    fence: int


class Leases(ABC):
    """Leases of conversations. Time is the database's."""

    @abstractmethod
    async def claim(self, lane: str, *, seconds: float) -> Lease | None:
        """Take a conversation: a new one, one whose lease has ended, or one whose process is gone.

        Taking what this process has already gives a new number, too: the older lease is then stale.

        Returns:
            None while another process has it.
        """

    @abstractmethod
    async def renew(self, lease: Lease, *, seconds: float) -> bool:
        """Keep it for so many seconds from now. False when somebody else has it by now."""

    @abstractmethod
    async def release(self, lease: Lease) -> bool:
        """Let others have it at once. False when somebody else has it by now."""
