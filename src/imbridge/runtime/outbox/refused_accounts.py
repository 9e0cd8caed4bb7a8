"""Accounts whose credentials are refused: what they have to say waits for a person, and one try finds out."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from imbridge.protocol import AuthError

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
"""Seconds between two tries at most: a person who has put it right waits for it."""


@dataclass(slots=True)
class _Refused:
    until: float
    why: str
    lanes: set[str] = field(default_factory=set)


class RefusedAccounts:
    """Holds what an account has to say while its credentials are refused; one try at a time finds out more.

    Without it each conversation would ask the platform for itself, with credentials that it refuses.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """None is refused."""
        self._clock = clock
        self._refused: dict[str, _Refused] = {}

    def __len__(self) -> int:
        return len(self._refused)

    def wait(self, account: str, lane: str) -> tuple[float, str]:
        """Seconds for which a conversation waits, and why; 0: it may say something now, as the try if one is due."""
        refused = self._refused.get(account)
        if refused is None:
            return 0.0, ""
        left = refused.until - self._clock()
        if left > 0:
            refused.lanes.add(lane)
            return left, refused.why
        refused.lanes.discard(lane)
        refused.until = self._clock() + LONGEST_PAUSE  # others wait for what becomes of this try
        return 0.0, ""

    def note(self, account: str, error: AuthError, seconds: float, kept_for: float) -> None:
        """The platform refuses the credentials; the next try is after so many seconds."""
        refused = self._refused.get(account)
        if refused is None:
            refused = self._refused[account] = _Refused(0.0, str(error))
            log.error(
                "%s: the platform refuses the credentials: %s. What is to be said is kept for %g s (retry_for), and "
                "said when they are good again: put them right, and start the bridge anew if they are in its settings",
                account,
                error,
                kept_for,
            )
        refused.until = self._clock() + seconds

    def works(self, account: str) -> set[str]:
        """The platform took something; the conversations that waited for that."""
        if not self._refused or (refused := self._refused.pop(account, None)) is None:
            return set()
        log.info("%s: the platform takes the credentials again", account)
        return refused.lanes
