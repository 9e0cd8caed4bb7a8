"""Which tries of the platform were here a moment ago.

Whether the platform signs its second try anew is written nowhere; people who looked into their server's log have seen
the same time and nonce in each of them. So the very same try may come again for as long as the platform tries, and
after that never.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

Stamp = tuple[str, str]
"""Time and nonce, as they were signed."""


class Stamps:
    """The tries of the last seconds, each with a digest of what it brought.

    Args:
        lasts: For how many seconds from the first time a try may be repeated; being repeated makes it no longer.
        clock: Seconds.
    """

    def __init__(self, lasts: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lasts = lasts
        self._clock = clock
        self._known: OrderedDict[Stamp, tuple[float, bytes]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def repeats(self, stamp: Stamp, content: bytes) -> bool:
        """Whether this very try was here: the same time and nonce, and the same content."""
        now = self._clock()
        while self._known and next(iter(self._known.values()))[0] <= now:
            self._known.popitem(last=False)
        known = self._known.get(stamp)
        return known is not None and known[1] == _digest(content)

    def note(self, stamp: Stamp, content: bytes) -> None:
        """It is here for the first time."""
        self._known[stamp] = (self._clock() + self._lasts, _digest(content))

    def forget(self, stamp: Stamp) -> None:
        """It was not taken in: when it comes again, it is new."""
        self._known.pop(stamp, None)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
