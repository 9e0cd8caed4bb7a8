"""A rate that counts amounts instead of calls: person-times a minute."""

import time
from collections import deque


class Amounts:
    """At most `limit` in any `period` seconds."""

    def __init__(self, limit: int, period: float) -> None:
        self._limit = limit
        self._period = period
        self._taken: deque[tuple[float, int]] = deque()
        self._sum = 0

    def take(self, amount: int) -> bool:
        """Takes an amount; True: it is too much, and nothing is taken."""
        now = time.monotonic()
        while self._taken and self._taken[0][0] <= now - self._period:
            self._sum -= self._taken.popleft()[1]
        if self._sum + amount > self._limit:
            return True
        self._taken.append((now, amount))
        self._sum += amount
        return False
