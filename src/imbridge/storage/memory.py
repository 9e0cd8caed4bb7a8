"""Storage in memory: nothing survives the process."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from imbridge.protocol import Receipt
from imbridge.storage.base import SAID, BaseStorage, InboxEntry, OutboxEntry
from imbridge.storage.memory_jobs import MemoryJobs

DEDUP_SECONDS = 12 * 3600.0
"""Feishu repeats a delivery for more than 7 hours (after 15 s, 5 min, 1 h, 6 h)."""


class MemoryStorage(BaseStorage):
    """Keeps dedup keys for a time, what was said last, sessions of the latest conversations, and nothing else.

    Messages wait in the runtime's own lanes, so an entry needs no second home here; what a crash interrupts is lost.
    """

    survives = False

    @property
    def where(self) -> str:  # noqa: D102 - inherited
        return "memory: what is not done when the process ends is lost"

    def __init__(
        self,
        *,
        dedup_seconds: float = DEDUP_SECONDS,
        max_keys: int = 100_000,
        max_sessions: int = 10_000,
        max_said: int = 5_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Bounds: how long and how many dedup keys of one account, how many conversations' sessions are kept.

        `max_said`: how many receipts are kept of what an account has said, by their keys, for the same time.
        """
        self._dedup_seconds = dedup_seconds
        self._max_keys = max_keys
        self._max_sessions = max_sessions
        self._max_said = max_said
        self._clock = clock
        self.jobs = MemoryJobs()
        self._seen: dict[str, dict[str, float]] = {}
        self._said: dict[str, dict[str, tuple[float, Receipt]]] = {}
        self._sessions: OrderedDict[str, dict[str, dict[str, Any]]] = OrderedDict()
        self._done: asyncio.Future[Receipt | None] | None = None
        self._new: asyncio.Future[bool] | None = None
        self._known: asyncio.Future[bool] | None = None

    async def open(self) -> None:
        """Make the answers that are always the same once, instead of a future per message."""
        loop = asyncio.get_running_loop()
        self._done, self._new, self._known = loop.create_future(), loop.create_future(), loop.create_future()
        self._done.set_result(None)
        self._new.set_result(True)
        self._known.set_result(False)

    async def close(self) -> None:
        """Forget everything."""
        self._seen.clear()
        self._said.clear()
        self._sessions.clear()

    def add_inbound(self, entry: InboxEntry) -> "asyncio.Future[bool]":  # noqa: D102 - inherited
        if self._new is None or self._known is None:
            raise RuntimeError("the storage is not open")
        seen = self._seen.get(entry.account)
        if seen is None:
            seen = self._seen[entry.account] = {}
        for key in entry.dedup_keys:
            if key in seen:
                return self._known
        now = self._clock()
        for key in entry.dedup_keys:
            seen[key] = now
        self._expire(seen, now)
        return self._new

    def _expire(self, seen: dict[str, float], now: float) -> None:
        """Drop the oldest keys; a dict keeps the order of insertion."""
        horizon = now - self._dedup_seconds
        while seen:
            oldest = next(iter(seen))
            if seen[oldest] > horizon and len(seen) <= self._max_keys:
                return
            del seen[oldest]

    def forget_inbound(self, entry: InboxEntry) -> None:  # noqa: D102 - inherited
        seen = self._seen.get(entry.account, {})
        for key in entry.dedup_keys:
            seen.pop(key, None)

    def finish_inbound(self, entry: InboxEntry) -> None:  # noqa: D102 - inherited
        return

    async def unfinished_inbound(  # noqa: D102 - inherited
        self, accounts: Collection[str] | None = None, *, wait: bool = True
    ) -> Sequence[InboxEntry]:
        return ()

    def add_outbound(self, entry: OutboxEntry) -> "asyncio.Future[Receipt | None]":  # noqa: D102 - inherited
        if self._done is None:
            raise RuntimeError("the storage is not open")
        said = self._said.get(entry.channel.account_key)
        if said is None or entry.key not in said:
            return self._done
        at, receipt = said[entry.key]
        if at <= self._clock() - self._dedup_seconds:
            return self._done
        known: asyncio.Future[Receipt | None] = asyncio.get_running_loop().create_future()
        known.set_result(receipt)
        return known

    def finish_outbound(self, entry: OutboxEntry, receipt: Receipt) -> None:  # noqa: D102 - inherited
        if receipt.state not in SAID:
            return
        said = self._said.setdefault(entry.channel.account_key, {})
        said.pop(entry.key, None)
        said[entry.key] = self._clock(), receipt
        if len(said) > self._max_said:
            del said[next(iter(said))]

    async def unfinished_outbound(  # noqa: D102 - inherited
        self, accounts: Collection[str] | None = None, *, wait: bool = True
    ) -> Sequence[OutboxEntry]:
        return ()

    async def load_session(self, lane: str) -> dict[str, dict[str, Any]]:  # noqa: D102 - inherited
        state = self._sessions.get(lane)
        if state is None:
            return {}
        self._sessions.move_to_end(lane)
        return state

    async def save_session(self, lane: str, state: dict[str, dict[str, Any]]) -> None:  # noqa: D102 - inherited
        self._sessions[lane] = state
        self._sessions.move_to_end(lane)
        while len(self._sessions) > self._max_sessions:
            self._sessions.popitem(last=False)
