import random


class Backoff:
    """Exponential back-off with full jitter: a random time between nothing and a ceiling that doubles.

    Full jitter spreads a crowd of clients that failed together better than a fixed delay with a little noise does.

    Args:
        base: Ceiling of the first delay, in seconds.
        cap: Highest ceiling, in seconds.
        jitter: Source of randomness; give a seeded one to make tests repeatable.
    """

    def __init__(self, base: float = 1.0, cap: float = 60.0, jitter: random.Random | None = None) -> None:
        if base <= 0 or cap < base:
            raise ValueError(f"A back-off needs 0 < base <= cap, got base={base} and cap={cap} seconds")
        self.base = base
        self.cap = cap
        self._random = jitter or random.Random()  # noqa: S311 - spreads load, guards nothing

    def ceiling(self, attempt: int) -> float:
        """The longest delay, in seconds, before retry number `attempt` (0 is the first)."""
        # 2.0**64 seconds is beyond any cap, and a larger exponent would overflow in the end.
        return min(self.cap, self.base * 2.0 ** min(max(attempt, 0), 64))

    def delay(self, attempt: int) -> float:
        """Seconds to wait before retry number `attempt` (0 is the first)."""
        return self._random.uniform(0.0, self.ceiling(attempt))
