"""Request rates over sliding windows."""

import time
from collections import deque


class Rates:
    """Counts per key; a key is over its rate when any window is full.

    Args:
        windows: Pairs of the most events and the window's length in seconds.
    """

    def __init__(self, *windows: tuple[int, float]) -> None:
        self._windows = windows
        self._longest = max(length for _, length in windows)
        self._seen: dict[str, deque[float]] = {}

    def take(self, key: str) -> bool:
        """Counts one event, unless it is too many: then nothing is counted and the answer is False."""
        now = time.monotonic()
        seen = self._seen.setdefault(key, deque())
        while seen and seen[0] <= now - self._longest:
            seen.popleft()
        for most, length in self._windows:
            if len(seen) >= most and seen[-most] > now - length:
                return False
        seen.append(now)
        return True
