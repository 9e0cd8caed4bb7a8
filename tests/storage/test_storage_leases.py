"""Two processes and one conversation: one has it, the other takes over, and who is late can do no harm."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from databases import Place

from imbridge.storage import Box, EntryState, Lease, StaleLeaseError
from imbridge.testing.storage_child import Nursery, StorageInChild
from imbridge.testing.storage_entries import SENT, inbox_entry, outbox_entry


@pytest.fixture
async def two(database: Place, nursery: Nursery) -> AsyncIterator[tuple[StorageInChild, StorageInChild]]:
    one, other = database.in_child(nursery), database.in_child(nursery)
    await asyncio.gather(one.open(), other.open())
    yield one, other
    await asyncio.gather(one.close(), other.close())


async def claim(storage: StorageInChild, lane: str = "lane", seconds: float = 60.0) -> Lease | None:
    lease: Lease | None = await storage.call("leases.claim", lane, seconds=seconds)
    return lease


async def held(storage: StorageInChild, lane: str = "lane") -> Lease:
    lease = await claim(storage, lane)
    assert lease is not None
    return lease


async def end_all_leases(database: Place) -> None:
    """As if their time were over."""
    await database.change("leases", {"until": 1.0})


Two = tuple[StorageInChild, StorageInChild]


async def test_one_has_it_until_it_lets_go(two: Two) -> None:
    one, other = two
    lease = await held(one)
    assert await claim(other) is None
    assert await claim(other, "another lane") == Lease("another lane", 1)
    assert await one.call("leases.release", lease)
    assert await claim(other) == Lease("lane", 2)
    assert not await one.call("leases.renew", lease, seconds=60)
    assert not await one.call("leases.release", lease)
    assert await claim(one) is None


async def test_of_many_claims_at_once_one_wins(two: Two) -> None:
    lanes = [f"lane{number}" for number in range(40)]
    by_one, by_other = await asyncio.gather(
        *(asyncio.gather(*(claim(storage, lane) for lane in lanes)) for storage in two)
    )
    assert [(x is None) + (y is None) for x, y in zip(by_one, by_other, strict=True)] == [1] * len(lanes)


async def test_who_is_killed_is_followed(two: Two) -> None:
    one, other = two
    entries = [inbox_entry("a", f"e{number}", lane="lane") for number in range(3)]
    await asyncio.gather(*(one.add_inbound(entry) for entry in entries))
    lease = await held(one)
    await one.commit_handled(lease, entries[0])
    assert await claim(other) is None
    await one.kill()
    follows = await held(other)
    assert follows.fence == lease.fence + 1
    assert [entry.dedup_keys[0] for entry in await other.take(follows)] == ["e1", "e2"]


async def test_a_lease_that_has_ended_is_taken_over_and_renewing_it_fails(two: Two, database: Place) -> None:
    one, other = two
    lease = await held(one)
    await end_all_leases(database)
    assert await one.call("leases.renew", lease, seconds=60)  # nobody else was there: it is still ours
    assert await claim(other) is None
    await end_all_leases(database)
    assert await claim(other) == Lease("lane", lease.fence + 1)
    assert not await one.call("leases.renew", lease, seconds=60)


async def test_what_comes_too_late_is_refused_whole(two: Two, database: Place) -> None:
    one, other = two
    entry = inbox_entry("a", "e", lane="lane")
    await one.add_inbound(entry)
    late = await held(one)
    await end_all_leases(database)
    now = await held(other)
    (taken,) = await other.take(now)
    with pytest.raises(StaleLeaseError, match="somebody else has this conversation"):
        await one.commit_handled(late, entry, answers=[outbox_entry("late")], session={"s": {"by": "late"}})
    with pytest.raises(StaleLeaseError):
        await one.take(late)
    assert await one.load_session("lane") == {}
    assert await one.kept(Box.OUTBOX, EntryState.PENDING) == []
    await other.commit_handled(now, taken, answers=[outbox_entry("now")], session={"s": {"by": "now"}})
    assert await one.load_session("lane") == {"s": {"by": "now"}}
    assert [kept.text for kept in await one.kept(Box.OUTBOX, EntryState.PENDING)] == ["hi"]
    assert await one.kept(Box.INBOX, EntryState.PENDING) == []


async def test_of_an_answer_too(two: Two, database: Place) -> None:
    one, other = two
    answer = outbox_entry("k")
    await one.add_outbound(answer)
    late = await held(one)
    await end_all_leases(database)
    await held(other)
    with pytest.raises(StaleLeaseError):
        await one.commit_said(late, answer, SENT)
    assert len(await one.kept(Box.OUTBOX, EntryState.PENDING)) == 1


async def test_two_share_the_work_of_one_account(two: Two) -> None:
    """Both take in, each conversation is worked on by one of them, in the order in which it came in."""
    lanes = [f"lane{number}" for number in range(6)]
    for number in range(8):
        adding = [two[number % 2].add_inbound(inbox_entry("a", f"{lane}-{number}", lane=lane)) for lane in lanes]
        await asyncio.gather(*adding)
    handled: dict[str, list[str]] = {lane: [] for lane in lanes}

    async def work(storage: StorageInChild) -> int:
        done = 0
        for lane in lanes:
            lease = await claim(storage, lane)
            if lease is None:
                continue
            for entry in await storage.take(lease):
                handled[lane].append(entry.dedup_keys[0])
                await storage.commit_handled(lease, entry)
                done += 1
            await storage.call("leases.release", lease)
        return done

    done = await asyncio.gather(*(work(storage) for storage in two))
    assert sum(done) == 48
    assert handled == {lane: [f"{lane}-{number}" for number in range(8)] for lane in lanes}
    assert await two[0].kept(Box.INBOX, EntryState.PENDING) == []
