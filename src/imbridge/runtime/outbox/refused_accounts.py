"""Accounts whose credentials are refused: what they have to say waits for a person, and one try finds out."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from imbridge.protocol import AuthError, CredentialState
from imbridge.runtime.outbox.listeners import Listeners

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
"""Seconds between two tries at most: a person who has put it right waits for it."""


@dataclass(slots=True)
class _Refused:
    state: CredentialState
    until: float | None = None
    """When the next try is; None while nothing is held."""
    lanes: set[str] = field(default_factory=set)


class RefusedAccounts:
    """Holds what an account has to say while its credentials are refused; one try at a time finds out more.

    Without it each conversation would ask the platform for itself, with credentials that it refuses.

    Attributes:
        listeners: Told once when it begins and once when it is over, whether anything is held or not.
    """

    def __init__(
        self,
        release: Callable[[str, str], None] = lambda account, lane: None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """None is refused; `release` lets a conversation of an account go on."""
        self.listeners: Listeners[CredentialState] = Listeners("credentials listener")
        self._release = release
        self._clock = clock
        self._refused: dict[str, _Refused] = {}

    def __len__(self) -> int:
        return len(self._refused)

    def refuse(self, account: str, error: AuthError) -> None:
        """The platform refuses the credentials."""
        if account not in self._refused:
            state = CredentialState(account, refused=True, since=datetime.now(UTC), error=str(error), code=error.code)
            self._refused[account] = _Refused(state)
            self.listeners.tell(account, state)

    def hold(self, account: str, seconds: float, kept_for: float) -> None:
        """What a refused account has to say is kept; the next try is after so many seconds."""
        if (refused := self._refused.get(account)) is None:
            return  # something else was taken meanwhile
        if refused.until is None:
            log.error(
                "%s: the platform refuses the credentials: %s. What is to be said is kept for %g s (retry_for), and "
                "said when they are good again: put them right, and start the bridge anew if they are in its settings",
                account,
                refused.state.error,
                kept_for,
            )
        refused.until = self._clock() + seconds

    def wait(self, account: str, lane: str) -> tuple[float, str]:
        """Seconds for which a conversation waits, and why; 0: it may say something now, as the try if one is due."""
        refused = self._refused.get(account)
        if refused is None or refused.until is None:
            return 0.0, ""
        left = refused.until - self._clock()
        if left > 0:
            refused.lanes.add(lane)
            return left, refused.state.error
        refused.lanes.discard(lane)
        refused.until = self._clock() + LONGEST_PAUSE  # others wait for what becomes of this try
        return 0.0, ""

    def took(self, account: str, *, by_credentials: bool) -> None:
        """The platform took something; with credentials it is over, else that says nothing, and the next one tries."""
        if not by_credentials:
            if (refused := self._refused.get(account)) is not None and refused.until is not None:
                refused.until = self._clock()
            return
        if not self._refused or (refused := self._refused.pop(account, None)) is None:
            return
        log.info("%s: the platform takes the credentials again", account)
        self.listeners.tell(account, replace(refused.state, refused=False))
        for lane in refused.lanes:
            self._release(account, lane)
