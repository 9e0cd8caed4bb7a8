"""What the organisation may call in a month, and what this account has called.

Source: open.dingtalk.com, "API call limits": 10,000 calls a month in the free edition, all apps of the organisation
together; tokens, logins and the address book are not counted.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

log = logging.getLogger(__name__)

_CHINA = timezone(timedelta(hours=8))
"""Where the platform's months begin."""
_FREE = ("/v1.0/oauth2/", "/gettoken", "/topapi/v2/user/", "/topapi/user/", "/topapi/v2/department/", "/v1.0/contact/")
_WARN_AT = (0.8, 0.95, 1.0)


class Quota:
    """Counts one account's calls by the month.

    Attributes:
        budget: Calls that the organisation has in a month; 0 when not limited.
        used: Calls of this account in this month, as far as it counted them.
        month: Which month, `2026-11`.
    """

    def __init__(self, account: str, budget: int, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Nothing counted yet; `now` gives an aware time."""
        self._account = account
        self._now = now
        self._warned = 0
        self.budget = budget
        self.used = 0
        self.month = self._this_month()

    def count(self, path: str) -> None:
        """A call of this path leaves."""
        if path.startswith(_FREE):
            return
        month = self._this_month()
        if month != self.month:
            self.month, self.used, self._warned = month, 0, 0
        self.used += 1
        if self.budget and self._warned < len(_WARN_AT) and self.used >= self.budget * _WARN_AT[self._warned]:
            while self._warned < len(_WARN_AT) and self.used >= self.budget * _WARN_AT[self._warned]:
                self._warned += 1
            log.warning(
                "%s: %d of the organisation's %d calls in %s are used by this account alone; see docs/dingtalk.md",
                self._account,
                self.used,
                self.budget,
                self.month,
            )

    @property
    def scarce(self) -> bool:
        """Whether so much is used that only what has no cheaper way should be called."""
        return bool(self.budget) and self.used >= self.budget * _WARN_AT[0]

    def _this_month(self) -> str:
        return self._now().astimezone(_CHINA).strftime("%Y-%m")
