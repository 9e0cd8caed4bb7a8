"""Deliveries that the storage was given and has not confirmed: counted, and not waited for without an end."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from itertools import count

from imbridge.adapters.base import Verdict

log = logging.getLogger(__name__)

STALLED_AFTER = 2.5
"""Seconds without a word from the storage after which it is given nothing more: a database that hangs must not gather
all that platforms deliver meanwhile, and they are told to come again. No platform waits much longer itself."""

_AT_ONCE = 0.1
"""Seconds between two looks at least."""


class Storing:
    """What is on its way into the storage, which confirms in the order in which it was given.

    Attributes:
        since: When each of them was given, by a number of its own.
    """

    def __init__(self, refuse: Callable[[str], object]) -> None:
        """`refuse` counts what waits too long: it is given the account."""
        self._refuse = refuse
        self._verdicts: dict[int, tuple[str, asyncio.Future[Verdict]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._of: Counter[str] = Counter()
        self._in: Counter[str] = Counter()
        self._serial = count()
        self.since: dict[int, float] = {}
        self._none = asyncio.Event()
        self._none.set()
        self._told = False

    @property
    def hangs(self) -> bool:
        """The storage has not answered for too long: it can be given nothing more."""
        if not self.since:
            return False
        return asyncio.get_running_loop().time() - next(iter(self.since.values())) >= STALLED_AFTER

    def watch(
        self,
        account: str,
        lane: str,
        stored: "asyncio.Future[bool]",
        then: Callable[["asyncio.Future[bool]"], None],
        verdict: "asyncio.Future[Verdict] | None" = None,
    ) -> None:
        """Count it until it is confirmed or refused, then call `then`.

        Args:
            account: Whose it is.
            lane: Where it will wait for its turn.
            stored: Done when it is confirmed.
            then: What is to be done then.
            verdict: What the platform is told. When the storage does not answer it is told to come again; should it be
                stored after all, it is known then. None: nobody would bring it again.
        """
        loop = asyncio.get_running_loop()
        self._of[account] += 1
        self._in[lane] += 1
        serial = next(self._serial)  # not the future: a storage may give one future for several
        self.since[serial] = loop.time()
        if verdict is not None:
            self._verdicts[serial] = (account, verdict)
        if self._timer is None:
            self._timer = loop.call_later(STALLED_AFTER, self._look)
        self._none.clear()

        def settled(future: "asyncio.Future[bool]") -> None:
            self._of[account] -= 1
            self._in[lane] -= 1
            if not self._in[lane]:
                del self._in[lane]
            del self.since[serial]
            self._verdicts.pop(serial, None)
            try:
                then(future)
            finally:
                if not self.since:
                    self._none.set()
                    if self._timer is not None:
                        self._timer.cancel()
                        self._timer = None
                if self._told and not (future.cancelled() or future.exception()):
                    self._told = False
                    log.warning("the storage answers again")

        stored.add_done_callback(settled)

    def _look(self) -> None:
        """Tell platforms of what has waited too long; look again when the next one will have."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = STALLED_AFTER
        while self._verdicts:
            serial, (account, verdict) = next(iter(self._verdicts.items()))
            due = self.since[serial] + STALLED_AFTER - now
            if due > 0:
                break
            del self._verdicts[serial]
            if not verdict.done():
                self._refuse(account)
                verdict.set_result(Verdict.OVERLOADED)
        self._timer = loop.call_later(max(due, _AT_ONCE), self._look)
        waited = now - next(iter(self.since.values()))
        if not self._told and waited >= STALLED_AFTER:
            self._told = True
            log.error(
                "the storage has not answered for %.1f s; until it does, platforms are told to deliver again "
                "(counter `overloaded`)",
                waited,
            )

    def of(self, account: str) -> int:
        """How many of an account."""
        return self._of[account]

    def in_lane(self, lane: str) -> int:
        """How many of a conversation."""
        return self._in[lane] if self.since else 0

    def __len__(self) -> int:
        return len(self.since)

    async def none(self) -> None:
        """Wait until nothing is on its way."""
        await self._none.wait()
