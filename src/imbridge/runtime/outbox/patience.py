"""When something that could not be said is tried again, and when no more."""

from datetime import UTC, datetime, timedelta

from imbridge.protocol import AuthError
from imbridge.runtime.outbox.judging import NotYetError
from imbridge.runtime.outbox.refused_accounts import LONGEST_PAUSE
from imbridge.storage.progress import Progress
from imbridge.transport import Backoff

SHORTEST, LONGEST = 1.0, 300.0
"""Seconds between two tries, unless the platform asks for more."""
_LAST = 1.0
"""Less than so many seconds before the end there is no further try."""


class Patience:
    """Pauses that grow, with jitter, up to a time at which it is over."""

    def __init__(
        self,
        retry_for: float,
        *,
        shortest: float = SHORTEST,
        longest: float = LONGEST,
        missed_window_for: float = 86_400.0,
    ) -> None:
        """Pauses of `shortest` to `longest` seconds, for `retry_for` seconds in all; 0: there is no second try.

        `missed_window_for`: seconds for which something waits for somebody to write.
        """
        self.retry_for = retry_for
        self._shortest, self._longest = shortest, longest
        self._missed_window_for = missed_window_for
        self._backoff = Backoff(min(shortest, longest - shortest), longest - shortest)

    def next_try(self, progress: Progress, failure: NotYetError, now: datetime | None = None) -> datetime | None:
        """When to try again something that failed now; None: it is over."""
        now = now or datetime.now(UTC)
        end = (progress.failing_since or now) + timedelta(seconds=self.retry_for)
        left = (end - now).total_seconds()
        if left < min(_LAST, self._shortest) or failure.retry_after > left:
            return None
        pause = max(self._shortest + self._backoff.delay(progress.put_off), failure.retry_after)
        if isinstance(failure.error, AuthError):
            pause = min(pause, LONGEST_PAUSE)
        return now + timedelta(seconds=min(pause, left))

    def left(self, progress: Progress) -> float:
        """Seconds for which something is still kept that was tried, or held back; 0: none."""
        now = datetime.now(UTC)
        return max(self.retry_for - (now - (progress.failing_since or now)).total_seconds(), 0.0)

    def deadline(self, progress: Progress, now: datetime | None = None) -> datetime:
        """Until when something is kept that waits for somebody to write."""
        return (progress.window_missed or now or datetime.now(UTC)) + timedelta(seconds=self._missed_window_for)

    def seconds_until(self, not_before: float | None) -> float:
        """Seconds that are left until a moment (seconds since 1970), whatever the clock did meanwhile; 0: none."""
        if not_before is None:
            return 0.0
        longest = max(self.retry_for, self._longest, self._missed_window_for)
        return min(max(not_before - datetime.now(UTC).timestamp(), 0.0), longest)
