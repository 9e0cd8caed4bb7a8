"""When to open a lost long connection again, and when never."""

import random
from dataclasses import dataclass
from typing import ClassVar

from imbridge.transport.backoff import Backoff


@dataclass(frozen=True, slots=True)
class LinkVerdict:
    """What an adapter makes of a failure: `LinkVerdict.RETRY`, `LinkVerdict.FATAL`, or `LinkVerdict.after(30)`.

    Attributes:
        fatal: Reconnecting cannot help until a person changes something.
        min_delay: Seconds that the server wants us to wait at least.
    """

    RETRY: ClassVar["LinkVerdict"]
    FATAL: ClassVar["LinkVerdict"]

    fatal: bool = False
    min_delay: float = 0.0

    @classmethod
    def after(cls, seconds: float) -> "LinkVerdict":
        """Try again, but not before so many seconds."""
        return cls(min_delay=max(0.0, seconds))


LinkVerdict.RETRY = LinkVerdict()
LinkVerdict.FATAL = LinkVerdict(fatal=True)


class ReconnectPolicy:
    """At once with a little jitter, then exponentially with full jitter, for ever; reset by a healthy minute.

    Args:
        base: Ceiling of the second delay, in seconds.
        cap: Highest ceiling, in seconds.
        first: Longest wait before the first retry, in seconds.
        healthy: Seconds that a connection must have lasted for the next loss to count as the first.
        jitter: Source of randomness; give a seeded one to make tests repeatable.
    """

    def __init__(
        self,
        *,
        base: float = 1.0,
        cap: float = 60.0,
        first: float = 0.1,
        healthy: float = 60.0,
        jitter: random.Random | None = None,
    ) -> None:
        self._random = jitter or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._backoff = Backoff(base, cap, self._random)
        self._first = first
        self.healthy = healthy

    def delay(self, failures: int, min_delay: float = 0.0) -> float:
        """Seconds to wait after so many failures in a row (1 is the first).

        A delay that the server asks for is waited in full, with jitter on top: everybody was told the same.
        """
        if failures <= 1:
            return min_delay + self._random.uniform(0.0, self._first)
        own = self._backoff.delay(failures - 2)
        return max(own, min_delay + min(own, 1.0)) if min_delay else own
