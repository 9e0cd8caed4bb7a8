import asyncio
import math
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Self

_RATE = re.compile(r"([1-9][0-9]{0,8})\s*/\s*([0-9]{0,6}(?:\.[0-9]{1,3})?)\s*(ms|s|m|h|d)", re.ASCII)
_LOOK_AT = 64
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any stretch of `period` seconds.

    A bucket that holds `burst` and refills at `r` a second lets `burst + r * t` through in a time `t`. So that this
    never exceeds `count`, it refills only `count + 1 - burst` times per period (the one more: between the first and the
    last of `count + 1` there is then a whole period). A large burst costs steady throughput; the default, a fifth of
    `count`, keeps four fifths of it.

    Attributes:
        count: How many.
        period: In how many seconds.
        burst: How many of them may leave at once; None for a fifth, at least 1.
    """

    count: int
    period: float
    burst: int | None = None
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.count < 1 or not math.isfinite(self.period) or self.period <= 0:
            raise ValueError(
                f"A rate needs a count of 1 or more and a period above 0 s, got {self.count}/{self.period}s"
            )
        if self.burst is not None and not 1 <= self.burst <= self.count:
            raise ValueError(f"A burst lies between 1 and the count of {self.count}, got {self.burst}")
        object.__setattr__(self, "_hash", hash((self.count, self.period, self.burst)))

    def __hash__(self) -> int:
        """Worked out once: each call that is paced looks up several limits."""
        return self._hash

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "10/60s", "5/s", "1000/1m".

        Raises:
            ValueError: The text is not such a rate.
        """
        match = _RATE.fullmatch(text.strip())
        if match is None:
            raise ValueError(
                f'{text!r} is not a rate: write count/period, like "5/s", "10/60s" or "1000/1m" (ms s m h d)'
            )
        count, number, unit = match.groups()
        return cls(int(count), (float(number) if number else 1.0) * _SECONDS[unit])

    @property
    def at_once(self) -> int:
        """How many may leave at once."""
        return self.burst if self.burst is not None else max(1, self.count // 5)

    @property
    def refill(self) -> float:
        """How many are let through per second in the long run."""
        return (self.count + 1 - self.at_once) / self.period

    def __str__(self) -> str:
        return f"{self.count}/{self.period:g}s"


class _Bucket:
    """A leaky bucket. It never suspends while there is room: nearly every call only counts."""

    __slots__ = ("_seen", "_size", "_speed", "level", "lock", "rate", "users")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._size = rate.at_once
        # A hair slower than exact, so that rounding never lets one through early.
        self._speed = rate.refill / (1 + 1e-6)
        self.level = self._seen = 0.0
        self.lock = asyncio.Lock()
        self.users = 0

    def has_room(self, now: float, amount: float = 1.0) -> bool:
        """Whether so much more would fit in at this moment of the event loop's clock."""
        self.level = max(0.0, self.level - (now - self._seen) * self._speed)
        self._seen = now
        return self.level + amount <= self._size

    async def take(self, amount: float = 1.0) -> None:
        """Wait until there is room, and count it. One at a time: whoever waits holds `lock`."""
        clock = asyncio.get_running_loop().time
        while not self.has_room(clock(), amount):  # noqa: ASYNC110 - a timer may fire a rounding error too early
            await asyncio.sleep((self.level + amount - self._size) / self._speed)
        self.level += amount

    def is_empty(self, now: float) -> bool:
        """True when forgetting the bucket would change nothing."""
        return self.has_room(now, self._size)


class Pacer:
    """Holds sends back so that limits are kept before the platform has to enforce them.

    Each limit has a key (account, API, chat) and lets callers through in the order in which they came. A call that is
    subject to several limits leaves when all of them allow it, and counts against each of them at that moment. While it
    waits for a narrow limit (a chat's) it holds nothing of a wide one (the account's), so a busy chat delays no other.

    Args:
        max_keys: How many limits to remember. Those used longest ago are forgotten first, those in use never.
    """

    def __init__(self, *, max_keys: int = 10_000) -> None:
        self._max_keys = max_keys
        self._buckets: OrderedDict[tuple[str, Rate], _Bucket] = OrderedDict()
        self._paused: dict[str, float] = {}
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many calls are being held back now."""
        return self._waiting

    def __len__(self) -> int:
        return len(self._buckets)

    async def acquire(self, *limits: tuple[str, Rate]) -> None:
        """Wait until every one of these limits allows one more call, and count it.

        The limits can be given in any order. A cancelled caller leaves the queue and is not counted, except against
        limits that it had passed already.
        """
        if self.passes(*limits):
            return
        # Slowest first: that puts narrow limits before wide ones, and one order for all callers excludes a deadlock.
        keys = sorted(
            set(limits),
            key=lambda limit: (limit[1].refill, limit[1].period, limit[1].count, limit[1].burst or 0, limit[0]),
        )
        buckets = [self._bucket(key) for key in keys]
        for bucket in buckets:
            bucket.users += 1
        self._waiting += 1
        try:
            await self._pass([key for key, _ in keys], buckets)
        finally:
            self._waiting -= 1
            for bucket in buckets:
                bucket.users -= 1

    def passes(self, *limits: tuple[str, Rate]) -> bool:
        """Count the call if it may leave at once, as nearly always: nothing is paused, nobody waits, there is room.

        Otherwise nothing is counted, and `acquire` is to be awaited. It is no coroutine, so that a call that need not
        wait makes none, and no other call comes in between looking and counting.
        """
        now = asyncio.get_running_loop().time()
        if self._paused:
            self._paused = {key: until for key, until in self._paused.items() if until > now}
            if any(key in self._paused for key, _ in limits):
                return False
        known = self._buckets
        buckets: list[_Bucket] = []
        for limit in limits:
            bucket = known.get(limit)
            if bucket is None or bucket.users or bucket in buckets or not bucket.has_room(now):
                return False
            known.move_to_end(limit)
            buckets.append(bucket)
        for bucket in buckets:
            bucket.level += 1.0
        return True

    def pause(self, key: str, seconds: float) -> None:
        """Let nothing through this key for so many seconds (after a 429); a pause that ends later stays."""
        if not math.isfinite(seconds) or seconds <= 0:
            return
        now = asyncio.get_running_loop().time()
        if len(self._paused) >= self._max_keys:
            self._paused = {other: until for other, until in self._paused.items() if until > now}
        self._paused[key] = max(self._paused.get(key, 0.0), now + seconds)

    def paused(self, key: str) -> float:
        """Seconds for which nothing goes through this key yet."""
        return max(self._paused.get(key, 0.0) - asyncio.get_running_loop().time(), 0.0) if self._paused else 0.0

    async def _pass(self, keys: list[str], buckets: list[_Bucket]) -> None:
        clock = asyncio.get_running_loop().time
        passed: list[float] = []  # when each limit was passed
        held: list[asyncio.Lock] = []
        try:
            while len(passed) < len(buckets):
                position = len(passed)
                key, bucket = keys[position], buckets[position]
                if len(held) == position:
                    await bucket.lock.acquire()
                    held.append(bucket.lock)
                while (wait := self._paused.get(key, 0.0) - clock()) > 0:  # noqa: ASYNC110 - a pause may be prolonged
                    await asyncio.sleep(wait)
                self._paused.pop(key, None)
                await bucket.take()
                passed.append(clock())
                if len(passed) == len(buckets):
                    again = self._first_paused(keys)
                    if again is not None:  # by an answer that came while we waited for a wider limit
                        while len(held) > again + 1:
                            held.pop().release()
                        del passed[again:]
            await self._count_at(clock(), passed, buckets)
        finally:
            for lock in reversed(held):
                lock.release()

    def _first_paused(self, keys: list[str]) -> int | None:
        if not self._paused:
            return None
        now = asyncio.get_running_loop().time()
        return next((position for position, key in enumerate(keys) if self._paused.get(key, 0.0) > now), None)

    async def _count_at(self, now: float, passed: list[float], buckets: list[_Bucket]) -> None:
        """Move what was counted while passing the narrow limits to the moment when the call really leaves.

        What has leaked out of a bucket since then is put back, at most the one call; there is always room for it.
        """
        for then, bucket in zip(passed[:-1], buckets, strict=False):
            if (waited := now - then) > 0:
                await bucket.take(min(1.0, waited * bucket.rate.refill))

    def _bucket(self, key: tuple[str, Rate]) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._max_keys:
                self._forget()
            bucket = self._buckets[key] = _Bucket(key[1])
        else:
            self._buckets.move_to_end(key)
        return bucket

    def _forget(self) -> None:
        """Drop the bucket used longest ago among the empty ones, else among those that nobody waits for."""
        idle = None
        now = asyncio.get_running_loop().time()
        for looked_at, (key, bucket) in enumerate(self._buckets.items()):
            if bucket.users == 0:
                if bucket.is_empty(now):
                    del self._buckets[key]
                    return
                idle = idle or key
            if idle is not None and looked_at >= _LOOK_AT:
                break
        if idle is not None:
            del self._buckets[idle]
