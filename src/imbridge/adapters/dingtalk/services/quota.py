"""What the organisation may call in a month, and what this account has called.

Source: open.dingtalk.com, "how to process API throttling" (2026-01-22): 10,000 calls a month in the free edition, all
apps of the organisation together; tokens, logins and the address book are not counted, and are answered even when
nothing is left; dingtalk.com/qidian, help page 1061621972: by calendar month, and more that is bought helps at once.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from imbridge.adapters.notes import Notes

log = logging.getLogger(__name__)

KIND = "quota"
_CHINA = timezone(timedelta(hours=8))
"""Where the platform's months begin."""
_FREE = (
    "/gettoken", "/v1.0/oauth2/",
    "/sns/", "/topapi/v2/user/", "/topapi/user/", "/topapi/v2/department/", "/v1.0/contact/",
)  # fmt: skip
_WARN_AT = (0.8, 0.95, 1.0)
_SAVED_EVERY = 10
"""Calls that are forgotten at most when the process dies."""


class Quota:
    """Counts one account's calls by the month.

    Attributes:
        budget: Calls that the organisation has in a month; 0 when not limited.
        used: Calls of this account in this month.
        month: Which month, `2026-11`.
        used_up: The platform has said that nothing is left.
        refused: How often it has, since the start.
    """

    def __init__(self, account: str, budget: int, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Nothing counted yet; `now` gives an aware time."""
        self._account = account
        self._now = now
        self._notes: Notes | None = None
        self._warned = 0
        self.budget = budget
        self.used = 0
        self.used_up = False
        self.refused = 0
        self.month = self._this_month()

    async def open(self, notes: Notes) -> None:
        """Go on with what was counted before; a second time nothing happens."""
        if self._notes is not None:
            return
        self._notes = notes
        self._turn()
        for month, value in (await notes.all(KIND)).items():
            if month != self.month:
                notes.drop(KIND, month)
            elif isinstance(value, dict):
                self.used += _count(value.get("used"))
                self._warned = max(self._warned, min(_count(value.get("warned")), len(_WARN_AT)))
                self.used_up = self.used_up or value.get("used_up") is True

    def save(self) -> None:
        """Keep what is counted; at once, with what was put before."""
        if self._notes is not None:
            kept = {"used": self.used, "warned": self._warned, "used_up": self.used_up}
            self._notes.put(KIND, self.month, kept)

    def count(self, path: str) -> None:
        """A call of this path leaves."""
        if is_free(path):
            return
        self._turn()
        self.used += 1
        if self._warn() or self.used % _SAVED_EVERY == 0:
            self.save()

    def refuse(self) -> None:
        """The platform has refused a call because nothing is left."""
        self._turn()
        self.refused += 1
        if self.used_up:
            return
        self.used_up = True
        log.error(
            "%s: the organisation's API calls in %s are used up (this account made %d of them); until the next month, "
            "or until more are bought, only answers by session webhook get through; see docs/dingtalk.md",
            self._account,
            self.month,
            self.used,
        )
        self.save()

    def serve(self, path: str) -> None:
        """The platform has answered a call of this path: if it is one that counts, there is something left again."""
        if self.used_up and not is_free(path):
            self.used_up = False
            self.save()

    @property
    def scarce(self) -> bool:
        """Whether so much is used that only what has no cheaper way should be called."""
        self._turn()
        return self.used_up or (bool(self.budget) and self.used >= self.budget * _WARN_AT[0])

    def know(self, other: "Quota") -> None:
        """As much is used as another one has counted; neither is written down here."""
        self.month, self.used, self.used_up = other.month, other.used, other.used_up

    def problems(self) -> tuple[str, ...]:
        """What a person should know, one line each."""
        if not self.scarce:
            return ()
        if self.used_up:
            return (f"the organisation's API calls in {self.month} are used up: {_WHAT_HELPS}",)
        share = f"{self.used:,} of the organisation's {self.budget:,} API calls in {self.month}"
        return (f"{share} are used by this account alone: {_WHAT_HELPS}",)

    def counters(self) -> dict[str, Any]:
        """Numbers for metrics."""
        self._turn()
        return {
            "month_calls": self.used,
            "month_budget": self.budget,
            "month_used_up": int(self.used_up),
            "month_refused": self.refused,
        }

    def _warn(self) -> bool:
        passed = sum(self.used >= self.budget * level for level in _WARN_AT) if self.budget else 0
        if passed <= self._warned:
            return False
        self._warned = passed
        log.warning("%s: %s", self._account, self.problems()[0])
        return True

    def _turn(self) -> None:
        month = self._this_month()
        if month == self.month:
            return
        if self._notes is not None:
            self._notes.drop(KIND, self.month)
        self.month, self.used, self.used_up, self._warned = month, 0, False, 0

    def _this_month(self) -> str:
        return self._now().astimezone(_CHINA).strftime("%Y-%m")


_WHAT_HELPS = "buy more in the developer console, or set reply_by: webhook and stream_by: message; see docs/dingtalk.md"


def is_free(path: str) -> bool:
    """Whether calls of this path count against no month."""
    return path.startswith(_FREE)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
