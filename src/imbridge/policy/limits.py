"""How often somebody did something of late."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable


class UseCounter:
    """A sliding window for each key, and a bound on their number. The counts are gone with the process.

    Args:
        max_keys: Keys counted at once; beyond, the one that was quiet longest is forgotten.
        clock: Seconds, from any beginning.
    """

    def __init__(self, *, max_keys: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_keys = max_keys
        self._clock = clock
        self._uses: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """Keys that are counted now."""
        return len(self._uses)

    def take(self, key: Hashable, count: int, period: float) -> float:
        """Count a use, so that any stretch of `period` seconds has at most `count`; a refused one does not count.

        Returns:
            0 when it may go on, or the seconds until it may.
        """
        now = self._clock()
        uses = self._uses.setdefault(key, deque())
        self._uses.move_to_end(key)
        while len(self._uses) > self._max_keys:
            self._uses.popitem(last=False)
        while uses and now - uses[0] >= period:
            uses.popleft()
        if len(uses) >= count:
            return uses[0] + period - now
        uses.append(now)
        return 0.0
