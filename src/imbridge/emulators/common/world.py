"""The state that every emulated platform has."""

from typing import Generic, Protocol, TypeVar

from imbridge.emulators.common.faults import FaultRegistry
from imbridge.emulators.common.stats import BaseStats, Violation
from imbridge.emulators.common.wire import Wire


class Bounds(Protocol):
    """What an emulator's settings have to say about its memory."""

    history: int
    """How many violations are remembered."""


SettingsT = TypeVar("SettingsT", bound=Bounds)
StatsT = TypeVar("StatsT", bound=BaseStats)
FaultsT = TypeVar("FaultsT", bound=FaultRegistry)


class BaseWorld(Generic[SettingsT, StatsT, FaultsT]):
    """State that the parts of an emulator share; a platform adds what there is on it.

    Attributes:
        settings: The platform's numbers.
        stats: Counters.
        faults: Faults on demand.
        wire: For watching what goes over the wire.
        violations: The platform's rules that clients broke; the first `settings.history`.
        origin: Where the emulator listens, `http://HOST:PORT`; empty while it does not.
    """

    def __init__(self, settings: SettingsT, stats: StatsT, faults: FaultsT, secrets: frozenset[str]) -> None:
        self.settings = settings
        self.stats = stats
        self.faults = faults
        self.wire = Wire(secrets)
        self.violations: list[Violation] = []
        self.origin = ""

    @property
    def base_url(self) -> str:
        """Where the emulator listens.

        Raises:
            RuntimeError: It does not.
        """
        if not self.origin:
            raise RuntimeError("the emulator is not started: use it in `async with`")
        return self.origin

    def violation(self, kind: str, detail: str) -> None:
        """Records that the client broke a rule of the platform."""
        self.stats.violations += 1
        if len(self.violations) < self.settings.history:
            self.violations.append(Violation(kind, detail))
