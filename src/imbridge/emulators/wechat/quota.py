"""How many customer-service messages a follower's actions allow, and for how long.

Rule: https://developers.weixin.qq.com/doc/service/guide/product/kf/intro.html: a message of the follower allows 5 in
48 hours; a click on a menu, a scan or following allows 3 in a minute.

What happens when several actions overlap is not documented. Here an action of the same kind begins a new quota, and
of two open quotas the one that ends first is used first.
"""

import time
from dataclasses import dataclass
from typing import Literal

Kind = Literal["message", "action"]
Verdict = Literal["allowed", "closed", "used_up"]


@dataclass(slots=True)
class _Window:
    left: int
    ends: float


class Quota:
    """One follower's quotas."""

    def __init__(self) -> None:
        self._windows: dict[Kind, _Window] = {}

    def grant(self, kind: Kind, count: int, seconds: float) -> None:
        """The follower did something."""
        self._windows[kind] = _Window(count, time.monotonic() + seconds)

    def take(self) -> Verdict:
        """Uses one message up, if there is one: `closed` when no window is open, `used_up` when none is left."""
        now = time.monotonic()
        open_windows = sorted((one for one in self._windows.values() if one.ends > now), key=lambda one: one.ends)
        if not open_windows:
            return "closed"
        for window in open_windows:
            if window.left > 0:
                window.left -= 1
                return "allowed"
        return "used_up"

    @property
    def open(self) -> bool:
        """Whether any window is open, with messages left or not."""
        now = time.monotonic()
        return any(one.ends > now for one in self._windows.values())

    def close(self) -> None:
        """Ends every window: as if 48 hours had gone by."""
        self._windows.clear()
