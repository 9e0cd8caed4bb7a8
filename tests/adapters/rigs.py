"""What the rigs of adapters share: adapters made on demand, what they were told, and parts to send."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from contract import RecordingIntake

from imbridge.adapters.base import Adapter, AdapterContext, Health
from imbridge.adapters.notes import MemoryNotes, Notes
from imbridge.protocol import Card, Element, Markdown, Text
from imbridge.rendering import Part, PartKind
from imbridge.transport import HttpPool

AdapterT = TypeVar("AdapterT", bound=Adapter)


class BaseRig(ABC, Generic[AdapterT]):
    """Adapters made on demand; a platform's rig adds the platform."""

    def __init__(self, pool: HttpPool) -> None:
        self.pool = pool
        self.intake = RecordingIntake()
        self.health: list[tuple[Health, str]] = []
        self.adapters: list[Adapter] = []

    def context(self, intake: Any = None, notes: Notes | None = None) -> AdapterContext:
        """What the bridge would lend."""
        return AdapterContext(
            intake or self.intake,
            self.pool,
            lambda _, health, reason: self.health.append((health, reason)),
            notes or MemoryNotes(),
        )

    @abstractmethod
    def make(self, **settings: Any) -> AdapterT:
        """An adapter that is not started."""

    async def start(self, **settings: Any) -> AdapterT:
        """An adapter that is started."""
        adapter = self.make(**settings)
        await adapter.start()
        return adapter

    async def close(self) -> None:
        """Close all."""
        for adapter in self.adapters:
            await adapter.close()


def text(said: str) -> Part:
    return Part(PartKind.TEXT, (Text(said),))


def markdown(said: str) -> Part:
    return Part(PartKind.MARKDOWN, (Markdown(said),))


def card(**facts: Any) -> Part:
    return alone(PartKind.CARD, Card(**facts))


def alone(kind: PartKind, element: Element) -> Part:
    return Part(kind, (element,))
