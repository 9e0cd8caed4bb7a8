"""Processes that share a database, in one process of a test."""

import asyncio
from collections.abc import Callable, Sequence

from databases import Place

from imbridge.storage import InboxEntry, OutboxEntry
from imbridge.storage.core.storage import DatabaseStorage
from imbridge.testing.storage_entries import inbox_entry


class Partner:
    """A bridge that takes notes."""

    def __init__(self) -> None:
        self.has_room = True
        self.taken: list[InboxEntry] = []
        self.restored: list[InboxEntry] = []
        self.unsaid: list[OutboxEntry] = []
        self.dropped: list[int] = []

    def take(self, entries: Sequence[InboxEntry]) -> None:
        self.taken += entries

    def restore(self, inbound: Sequence[InboxEntry], outbound: Sequence[OutboxEntry]) -> None:
        self.restored += inbound
        self.unsaid += outbound

    def drop(self, fence: int) -> None:
        self.dropped.append(fence)

    def keys(self) -> list[str]:
        return [entry.dedup_keys[0] for entry in self.taken]


class Process:
    """A storage and who works on it."""

    def __init__(self, storage: DatabaseStorage) -> None:
        self.storage = storage
        self.partner = Partner()

    async def receive(self, lane: str, key: str) -> InboxEntry:
        entry = inbox_entry("feishu:a", key, lane=lane)
        assert await self.storage.add_inbound(entry)
        return entry

    async def take_over(self) -> list[str]:
        """What it finds that others left."""
        before = len(self.partner.restored)
        assert await self.storage.unfinished_inbound() == [], "the partner has it already"
        return [entry.dedup_keys[0] for entry in self.partner.restored[before:]]

    async def takes_over(self, *keys: str) -> None:
        """It finds that, and nothing else; perhaps not at the first look, on a machine that has much else to do."""
        async with asyncio.timeout(30):
            while not (found := await self.take_over()):
                await asyncio.sleep(0.1)
        assert found == list(keys)

    async def fall_silent(self, database: Place) -> None:
        """As a process that is stopped: it says no word, and its lease is over."""
        for task in (self.storage._nodes._beating, self.storage._nodes._watching):
            assert task is not None
            task.cancel()
        await database.change("nodes", {"until": 1.0}, {"id": self.storage._nodes.id})


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
