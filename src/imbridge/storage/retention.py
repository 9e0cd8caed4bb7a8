"""How long things are kept."""

from dataclasses import dataclass

_DAY = 86_400.0
_TENTH = 0.1


@dataclass(frozen=True, slots=True)
class Retention:
    """Seconds for which each kind is kept; None keeps it for ever.

    Dedup keys, tokens and the media cache say themselves when they end. What waits to be handled or said has no age at
    which it is dropped.

    Attributes:
        log: Lines of the message log, since they were said.
        dead: Dead letters, since they died.
        sessions: Sessions, since the last message in their conversation; see `use_noted_every`.
        batch: Rows that are deleted at once: cleaning holds up nobody for longer than that takes.
        every: Seconds between two rounds of cleaning.
    """

    log: float | None = 30 * _DAY
    dead: float | None = 30 * _DAY
    sessions: float | None = 180 * _DAY
    batch: int = 500
    every: float = 60.0

    def __post_init__(self) -> None:
        """Check them.

        Raises:
            ValueError: one of them is no length of time, or no number of rows.
        """
        for name in ("log", "dead", "sessions", "batch", "every"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"retention: {name} has to be more than 0, and is {value}")

    @property
    def use_noted_every(self) -> float | None:
        """Seconds after which it is noted again that a session is in use, though nothing of it changed; None: never.

        A day, or a tenth of the time for which sessions are kept: that is how exact this time is.
        """
        return None if self.sessions is None else min(_DAY, self.sessions * _TENTH)
