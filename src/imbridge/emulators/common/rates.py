"""Request rates as sliding windows; which rates there are says the platform."""

import time
from collections import OrderedDict, deque


class SlidingWindow:
    """At most `limit` events in any `period` seconds."""

    __slots__ = ("limit", "period", "times")

    def __init__(self, limit: int, period: float) -> None:
        self.limit = limit
        self.period = period
        self.times: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Seconds until the next event is allowed; 0 when it is allowed now."""
        times = self.times
        horizon = now - self.period
        while times and times[0] <= horizon:
            times.popleft()
        if len(times) < self.limit:
            return 0.0
        return times[0] + self.period - now

    def take(self, now: float) -> None:
        """Records an event."""
        self.times.append(now)


class Rates:
    """Windows by key (an app's API, a chat); the least recently used are forgotten beyond `keep` keys.

    Args:
        rules: Pairs of the most events and the period in seconds.
        keep: How many keys are remembered.
    """

    def __init__(self, *rules: tuple[int, float], keep: int = 10_000) -> None:
        self._rules = rules
        self._keep = keep
        self._windows: OrderedDict[tuple[str, ...], list[SlidingWindow]] = OrderedDict()

    def take(self, *key: str) -> tuple[float, int]:
        """Takes a place under every rule of the key, or none.

        Returns:
            Seconds to wait (0: the place is taken) and the limit of the rule that said so.
        """
        windows = self._windows.get(key)
        if windows is None:
            windows = [SlidingWindow(limit, period) for limit, period in self._rules]
            self._windows[key] = windows
            if len(self._windows) > self._keep:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(key)
        now = time.monotonic()
        for window in windows:
            wait = window.wait(now)
            if wait > 0:
                return wait, window.limit
        for window in windows:
            window.take(now)
        return 0.0, 0
