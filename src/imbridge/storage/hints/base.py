"""The interface behind which a message broker wakes processes."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import ClassVar

from imbridge.protocol import ImbridgeError


class HintsError(ImbridgeError):
    """The broker is away, or refuses. The text holds no password: it is logged."""


class BaseHints(ABC):
    """A way over which processes on one storage tell each other that something waits.

    Nothing depends on it: what is said may be lost, repeated or late, for each process looks by itself, too, only
    later. A process is known by a name that no other has, whatever storage it is on. When it gets a new one, or a
    `HintsError` was raised, it is closed and opened again, after growing pauses. So it is when a process does not hear
    what it says to itself, which it does every few seconds.

    Attributes:
        unheard: What people are told then.
    """

    unheard: ClassVar[str] = "what is said there is not heard"

    @property
    def where(self) -> str:
        """Which broker, for people; without a password."""
        return type(self).__name__

    @abstractmethod
    async def open(self, name: str) -> None:
        """Connect, and hear from now on what is said to this name: `imbridge_` and a number.

        Raises:
            HintsError: it cannot be done now. `close` is called all the same.
        """

    @abstractmethod
    async def hear(self) -> None:
        """Wait until something is said to our name; what was said several times meanwhile may be one.

        Raises:
            HintsError: nothing is heard any more.
        """

    @abstractmethod
    async def say(self, names: Collection[str]) -> None:
        """Tell the processes with these names, our own perhaps among them. Whether they hear it is not known.

        It is called while `hear` waits, and not again before it is done.

        Raises:
            HintsError: it could not be said.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of what is left: after each `open`, and once more at the end, when the last one may be broken off.

        What goes wrong meanwhile is nobody's concern: it raises nothing.
        """
