"""What an emulator counts, and what it holds against the client."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class BaseStats:
    """Counters since the emulator started; a platform adds its own."""

    violations: int = 0
    """Rules that the client broke, those included that are not remembered any more."""

    def as_dict(self) -> dict[str, int]:
        """All counters by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of the platform that the client broke.

    Attributes:
        kind: A short stable name, for instance `rate_exceeded`.
        detail: What was seen, with the ids concerned. Never a secret.
    """

    kind: str
    detail: str
