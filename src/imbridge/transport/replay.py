import hmac
import re
import time
from collections import OrderedDict
from collections.abc import Callable

from imbridge.transport.webhook import Refused

_DIGITS = re.compile(r"[0-9]{1,16}", re.ASCII)
_MILLISECONDS = 100_000_000_000  # seconds reach this in the year 5138
_NONCE_LIMIT = 256


def constant_time_equal(a: str | bytes, b: str | bytes) -> bool:
    """Compare signatures without telling by the time it takes where they differ; text is compared as UTF-8."""
    left = a.encode("utf-8", "surrogatepass") if isinstance(a, str) else a
    right = b.encode("utf-8", "surrogatepass") if isinstance(b, str) else b
    return hmac.compare_digest(left, right)


class ReplayWindow:
    """Refuses requests that are too old, too new, or were seen before.

    To be asked only after the signature has been verified: otherwise anybody could fill it up.

    Args:
        seconds: How far a timestamp may be from our clock, in both directions.
        max_entries: How many requests to remember. When so many came within the window, further ones are refused with
            503 so that the platform sends them again: forgetting one would open the window for its replay.
        clock: The time of day, in seconds since 1970.
    """

    def __init__(
        self, seconds: float = 300.0, *, max_entries: int = 100_000, clock: Callable[[], float] = time.time
    ) -> None:
        self._seconds = seconds
        self._max_entries = max_entries
        self._clock = clock
        # In the order in which they came; the value is when its timestamp is outside the window.
        self._seen: OrderedDict[tuple[int, str], float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def check(self, timestamp: str | int, nonce: str) -> None:
        """Let a request through once.

        Args:
            timestamp: What the platform signed: seconds since 1970, or milliseconds (told apart by their size).
            nonce: What makes requests of the same moment different.

        Raises:
            Refused: 403 for a timestamp that is junk or outside the window and for a repeated request; 503 when full.
        """
        now = self._clock()
        when, key = self._read(timestamp, nonce)
        if abs(now - when) > self._seconds:
            raise Refused(403, "stale timestamp")
        self._forget_old(now)
        if key in self._seen:
            raise Refused(403, "replayed")
        if len(self._seen) >= self._max_entries:
            raise Refused(503, "replay window full")
        self._seen[key] = when + self._seconds

    def forget(self, timestamp: str | int, nonce: str) -> None:
        """Let a request through once more, because handling it failed and the platform will send it again."""
        self._seen.pop(self._read(timestamp, nonce)[1], None)

    def _forget_old(self, now: float) -> None:
        # From then on it is refused as stale. One whose timestamp lies ahead keeps those behind it a little longer.
        while self._seen and next(iter(self._seen.values())) < now:
            self._seen.popitem(last=False)

    def _read(self, timestamp: str | int, nonce: str) -> tuple[float, tuple[int, str]]:
        text = str(timestamp)
        if not _DIGITS.fullmatch(text):
            raise Refused(403, "junk timestamp")
        if len(nonce) > _NONCE_LIMIT:
            raise Refused(403, "junk nonce")
        number = int(text)
        return (number / 1000 if number >= _MILLISECONDS else float(number)), (number, nonce)
