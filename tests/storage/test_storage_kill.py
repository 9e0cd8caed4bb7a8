"""kill -9 in the middle of commits: nothing that was acknowledged is missing, whatever the moment."""

import asyncio
import random

from databases import Place

from imbridge.storage import InboxEntry
from imbridge.testing.storage_child import Nursery, StorageInChild
from imbridge.testing.storage_entries import inbox_entry

ROUNDS, PER_ROUND, LANES = 6, 400, 7


async def fill(storage: StorageInChild, entries: list[InboxEntry], kill_after: int, chance: random.Random) -> list[str]:
    """Add entries until so many are acknowledged, then kill in the middle of the rest; what was acknowledged."""
    acknowledged: list[str] = []
    enough = asyncio.Event()

    async def add(entry: InboxEntry) -> None:
        try:
            assert await storage.add_inbound(entry)
        except ConnectionError:
            return  # killed before its answer
        acknowledged.append(entry.dedup_keys[0])
        if len(acknowledged) >= kill_after:
            enough.set()

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for entry in entries:
                group.create_task(add(entry))
                if chance.random() < 0.05:
                    await asyncio.sleep(0)

    adding = asyncio.create_task(all_of_them())
    await enough.wait()
    await storage.kill()
    await adding
    return acknowledged


async def test_no_acknowledged_row_is_missing(database: Place, nursery: Nursery) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    chance = random.Random(seed)
    acknowledged: list[str] = []
    per_round = PER_ROUND // 8 if database.kind == "mongodb" else PER_ROUND  # what stands in for MongoDB is slow
    names = [[f"{lap}-{number:04}" for number in range(per_round)] for lap in range(ROUNDS)]
    for lap in range(ROUNDS):
        storage = database.in_child(nursery)
        await storage.open()
        entries = [inbox_entry("a", name, lane=f"lane{chance.randrange(LANES)}") for name in names[lap]]
        acknowledged += await fill(storage, entries, chance.randrange(1, per_round), chance)
    storage = database.in_child(nursery)
    await storage.open()
    left = await storage.unfinished_inbound()
    found = [entry.dedup_keys[0] for entry in left]
    assert set(acknowledged) <= set(found)
    assert found == sorted(found)  # oldest first: what is there of one process is in the order of its calls
    assert len(found) == len(set(found))
    more = [await storage.add_inbound(inbox_entry("a", name)) for name in acknowledged[:50]]
    assert more == [False] * len(more)
    await storage.close()
