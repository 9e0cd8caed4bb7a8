"""Messages that the platform itself shows growing."""

from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import ClassVar

from imbridge.adapters.markdown_told import shown, told
from imbridge.protocol import Button, Degradation, Element, ImbridgeError
from imbridge.rendering import Part
from imbridge.rendering.markdown import Dialect


class Healing(Enum):
    """What of Markdown that is still being written a growing message is given."""

    CLOSED = auto()
    """What is known of it, with open code, bold and the like closed."""
    HELD = auto()
    """What is known of it, as it is: each state begins with the one before."""
    OWN = auto()
    """All of it: it sees to it itself what can be shown."""


class Growing(ABC):
    """A message that the platform itself shows growing, such as a card into which text is streamed.

    Attributes:
        interval: Seconds to leave between two states.
        healing: What its states are given of Markdown that is still being written; the last one is given all of it.
        dialect: How its Markdown is written; None where its text is none.
        held: The end of what it was last told to show, as far as it does not show it yet.
        thinking_bytes: How much of what is thought it can show in a place apart, in bytes; 0: there is no such place.
        thinking: What is thought so far; whoever writes sets it, and the next state shows it.
        stop: A button that stops the answer, to be shown beside it while it grows; left out where there is no place for
            it. Whoever writes sets it before `open`.
    """

    interval: float
    healing: ClassVar[Healing] = Healing.CLOSED
    dialect: Dialect | None = None
    held: str = ""
    thinking_bytes: int = 0
    thinking: str = ""
    stop: Button | None = None

    @abstractmethod
    def measure(self, part: Part) -> int:
        """Bytes of a part in this form, on the scale of the capabilities' limits."""

    def can_begin(self, text: str) -> bool:
        """Whether it can show something of this text, if more follows it; else it is made when it can."""
        return True

    @abstractmethod
    async def open(self, text: str) -> Element:
        """Make it with its first text; what has to be sent to the chat so that it is seen there.

        Raises:
            ImbridgeError: it cannot be made; the text has to be shown another way.
        """

    @abstractmethod
    async def show(self, text: str) -> None:
        """Show this text, which is all of it so far.

        Raises:
            GrowingFullError: it can take no more, and what it has shown so far stays: go on in a new one.
            ImbridgeError: it cannot be changed any more.
        """

    @abstractmethod
    async def close(self, text: str) -> None:
        """Show the last state, and that it is the last one.

        Raises:
            GrowingFullError: as `show`.
            ImbridgeError: as `show`.
        """

    def lost(self, text: str) -> list[Degradation]:
        """What of a text that it has shown to its end is otherwise than meant."""
        if self.dialect is None:
            return []
        return told(shown(text, self.dialect).changed, f"{self.dialect.name} has no such thing")

    def leave(self) -> None:
        """The text goes on elsewhere: see, in time, that this does not seem to be written for ever.

        What it shows stays. By default there is nothing to do: it ends by itself.
        """
        return


class GrowingFullError(ImbridgeError):
    """A growing message can take no more; what it shows stays."""
