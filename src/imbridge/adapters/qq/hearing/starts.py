"""When a shard may identify: `max_concurrency` shards every 5 s, and so many sessions a day.

Source: bot.q.qq.com, "WSS address with shards": `session_start_limit`. A session that is resumed does not count.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from imbridge.protocol import LinkError

PERIOD = 5.1
"""Seconds; the platform's 5 and a little, for the way takes some time."""
_LATE = 1.0
"""Seconds after which a turn that was not taken is given up."""
_LONGEST = 86_400.0


class LaterError(LinkError):
    """A shard may not identify yet.

    Attributes:
        seconds: When it may.
    """

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


class Starts:
    """The turns of one bot's shards."""

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic, period: float = PERIOD) -> None:
        """For one account; the clock is monotonic, in seconds."""
        self._name = name
        self._clock = clock
        self._period = period
        self._at_once = 1
        self._given: deque[float] = deque(maxlen=64)
        self._turns: dict[int, float] = {}
        self._total = 0
        self._empty_until = -math.inf

    def learn(self, limit: Any) -> None:
        """Take note of a `session_start_limit`, as far as it makes sense."""
        if not isinstance(limit, Mapping):
            return
        at_once, remaining, reset = (
            _number(limit.get(name)) for name in ("max_concurrency", "remaining", "reset_after")
        )
        self._total = int(_number(limit.get("total")) or 0)
        self._at_once = min(max(int(at_once or 1), 1), 64)
        if remaining is not None and remaining <= 0:
            self._empty_until = self._clock() + min(max((reset or 0) / 1000, self._period), _LONGEST)
        else:
            self._empty_until = -math.inf

    def turn(self, shard: int) -> float:
        """Seconds until a shard may identify; its turn is kept for it.

        Raises:
            LaterError: no session may be started for now.
        """
        now = self._clock()
        if now < self._empty_until:
            wait = self._empty_until - now
            raise LaterError(
                f"{self._name}: the {self._total} sessions that the bot may start a day are used up; it waits "
                f"{_duration(wait)}, as the platform says",
                wait,
            )
        at = self._turns.get(shard, -math.inf)
        if at < now - _LATE:
            given = sorted(self._given)
            at = max(now, given[-self._at_once] + self._period) if len(given) >= self._at_once else now
            self._given.append(at)
            self._turns[shard] = at
        return max(at - now, 0.0)

    def taken(self, shard: int) -> None:
        """A shard identifies now."""
        at, now = self._turns.pop(shard, None), self._clock()
        if at is not None and at in self._given:
            self._given.remove(at)
        self._given.append(now)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _duration(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
