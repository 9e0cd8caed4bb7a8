"""An emulated platform, and people who talk with one bot there."""

import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Generic, TypeVar

from imbridge.emulators.common.stats import Violation

FAST = "1000000/1s"
"""A pace that holds nothing up: the emulators do not enforce their rates either."""
HISTORY = 1_000_000
"""Messages that an emulator remembers: all."""
SECRET = "survival-secret"


class Stage(ABC):
    """A platform that runs, with people on it.

    Attributes:
        title: What it is called.
        keyed: The platform knows keys of what is sent: a repeated send makes one message.
        ordered: It delivers in order, and again in order what was on its way to a bot that is gone; of what was refused
            `taken` tells the order. Elsewhere what counts is the order in which the storage took it in.
        patient: It keeps what nobody takes at the moment; elsewhere people only speak while the bot is there.
        acknowledges: It is told of each message that it was taken. Where it is not, what counts is what the bridge's
            storage has, and what `acknowledged` names.
        account: Settings of the bot's account, with `platform`.
        listen: Where it expects callbacks, `address:port`; empty: nowhere.
        emulator: The emulator, also for its faults.
    """

    title: ClassVar[str]
    keyed: ClassVar[bool] = False
    ordered: ClassVar[bool] = True
    patient: ClassVar[bool] = True
    acknowledges: ClassVar[bool] = True
    account: Mapping[str, Any]
    listen: str = ""
    emulator: Any

    @abstractmethod
    async def say(self, person: int, text: str) -> None:
        """A person says something in the private chat."""

    @abstractmethod
    def under_way(self) -> int:
        """Deliveries that the platform still tries to bring to the bot."""

    @abstractmethod
    def not_taken(self) -> Collection[str]:
        """What was said and never acknowledged, and will not be delivered again."""

    def acknowledged(self) -> Collection[str]:
        """What is known to have been acknowledged, where that is not all but `not_taken`."""
        return ()

    def taken(self) -> Mapping[str, int] | None:
        """What was acknowledged, in that order, and how often each had been refused; None: the order is not known."""
        return None

    def answers(self) -> Sequence[str]:
        """What the bot has said, in order."""
        return [message.text for message in self.emulator.world.messages]

    def violations(self) -> Sequence[Violation]:
        """The platform's rules that were broken."""
        found: Sequence[Violation] = self.emulator.violations
        return found


SentT = TypeVar("SentT")


class Said(Generic[SentT]):
    """What was said, and is not known to have been taken yet."""

    def __init__(self, taken: Callable[[SentT], bool | None]) -> None:
        """`taken` says whether one was acknowledged; None: it is still under way."""
        self._taken = taken
        self._open: dict[str, SentT] = {}
        self.refused: set[str] = set()

    def add(self, text: str, sent: SentT) -> None:
        """Somebody has said it."""
        self._open[text] = sent

    def under_way(self) -> int:
        """How many are neither taken nor given up."""
        for text, sent in tuple(self._open.items()):
            taken = self._taken(sent)
            if taken is None:
                continue
            del self._open[text]
            if not taken:
                self.refused.add(text)
        return len(self._open)


class TellingStage(Stage):
    """Each delivery tells what became of it."""

    _said: Said[Any]

    def under_way(self) -> int:
        return self._said.under_way()

    def not_taken(self) -> Collection[str]:
        return self._said.refused


Starter = Callable[[int], AbstractAsyncContextManager[Stage]]
"""Starts an emulator with so many people."""
Stages = Mapping[str, Starter]


def free_port() -> int:
    """A port on which nobody listens at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def names(people: int) -> Iterator[str]:
    """Names for so many people."""
    return (f"user{number}" for number in range(people))
