"""A durable back end for tests: keeps its rows in a dictionary that outlives it, and commits them late, in groups."""

import asyncio
import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from imbridge.protocol import Receipt
from imbridge.storage import BaseStorage, InboxEntry, OutboxEntry
from imbridge.storage.base import SAID
from imbridge.storage.progress import interrupted


@dataclass
class Disk:
    """What survives the process."""

    inbox: dict[int, InboxEntry] = field(default_factory=dict)
    outbox: dict[int, OutboxEntry] = field(default_factory=dict)
    keys: dict[tuple[str, str], int] = field(default_factory=dict)
    said: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    sessions: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    rows: int = 0

    def next(self) -> int:
        self.rows += 1
        return self.rows


class GroupCommitStorage(BaseStorage):
    """Every `every` seconds all that was asked for is committed at once; futures are done only then."""

    def __init__(self, disk: Disk | None = None, *, every: float = 0.02) -> None:
        self.disk = disk or Disk()
        self.every = every
        self.fails = 0
        """How many of the next commits fail."""
        self.ours: set[int] = set()
        self.commits: list[int] = []
        self.held = asyncio.Event()
        self.held.set()
        self._queue: list[tuple[Any, asyncio.Future[Any] | None]] = []
        self._committer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._committer = asyncio.create_task(self._keep_committing(), name="committer")

    async def close(self) -> None:
        self.held.set()
        if self._committer is not None:
            self._committer.cancel()
            await asyncio.wait((self._committer,))
        self._commit()

    def crash(self) -> None:
        """As kill -9: what is not committed is gone."""
        self._queue.clear()
        if self._committer is not None:
            self._committer.cancel()

    async def _keep_committing(self) -> None:
        while True:
            await asyncio.sleep(self.every)
            await self.held.wait()
            self._commit()

    def _commit(self) -> None:
        queue, self._queue = self._queue, []
        if not queue:
            return
        self.commits.append(len(queue))
        if self.fails:
            self.fails -= 1
            for _, future in queue:
                if future is not None and not future.done():
                    future.set_exception(OSError("database or disk is full"))
            return
        for action, future in queue:
            result = action()
            if future is not None and not future.done():
                future.set_result(result)

    def _ask(self, action: Any) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.append((action, future))
        return future

    def add_inbound(self, entry: InboxEntry) -> "asyncio.Future[bool]":
        def add() -> bool:
            keys = [(entry.account, key) for key in entry.dedup_keys]
            if any(key in self.disk.keys for key in keys):
                return False
            row = self.disk.next()
            self.disk.inbox[row] = entry
            self.ours.add(row)
            self.disk.keys.update(dict.fromkeys(keys, row))
            return True

        return self._ask(add)

    def forget_inbound(self, entry: InboxEntry) -> None:
        def forget() -> None:
            for key in entry.dedup_keys:
                row = self.disk.keys.pop((entry.account, key), None)
                self.disk.inbox.pop(row or 0, None)

        self._queue.append((forget, None))

    def finish_inbound(self, entry: InboxEntry) -> None:
        def finish() -> None:
            row = self.disk.keys.get((entry.account, entry.dedup_keys[0]), 0)
            self.disk.inbox.pop(row, None)

        self._queue.append((finish, None))

    async def unfinished_inbound(
        self, accounts: Collection[str] | None = None, *, wait: bool = True
    ) -> Sequence[InboxEntry]:
        left = [(row, entry) for row, entry in sorted(self.disk.inbox.items()) if row not in self.ours]
        taken = {row: entry for row, entry in left if accounts is None or entry.account in accounts}
        self.ours.update(taken)
        return list(taken.values())

    def add_outbound(self, entry: OutboxEntry) -> "asyncio.Future[Receipt | None]":
        def add() -> Receipt | None:
            said = self.disk.said.get((entry.channel.account_key, entry.key))
            if said is None:
                row = self.disk.next()
                self.disk.outbox[row] = replace(entry)
                self.ours.add(row)
            return said

        return self._ask(add)

    def start_outbound(self, entry: OutboxEntry) -> "asyncio.Future[None]":
        return self.note_progress(entry)

    def note_progress(self, entry: OutboxEntry) -> "asyncio.Future[None]":
        def note() -> None:
            for kept in self.disk.outbox.values():
                if kept.key == entry.key:
                    kept.progress = progress

        progress = interrupted(entry.progress, datetime.now(UTC))  # it is under way
        return self._ask(note)

    def finish_outbound(self, entry: OutboxEntry, receipt: Receipt) -> None:
        def finish() -> None:
            for row, kept in list(self.disk.outbox.items()):
                if kept.key == entry.key:
                    del self.disk.outbox[row]
            if receipt.state in SAID:
                self.disk.said[entry.channel.account_key, entry.key] = receipt

        self._queue.append((finish, None))

    async def unfinished_outbound(
        self, accounts: Collection[str] | None = None, *, wait: bool = True
    ) -> Sequence[OutboxEntry]:
        left = [(row, entry) for row, entry in sorted(self.disk.outbox.items()) if row not in self.ours]
        taken = {row: entry for row, entry in left if accounts is None or entry.channel.account_key in accounts}
        self.ours.update(taken)
        return [replace(entry, receipt=asyncio.get_running_loop().create_future()) for entry in taken.values()]

    async def load_session(self, lane: str) -> dict[str, dict[str, Any]]:
        return copy.deepcopy(self.disk.sessions.get(lane, {}))

    async def save_session(self, lane: str, state: dict[str, dict[str, Any]]) -> None:
        self.disk.sessions[lane] = copy.deepcopy(state)
