"""Jobs: rows that are claimed by one process at a time, in memory and in each database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio
from databases import KINDS, place

from imbridge.storage import Job, Jobs, MemoryJobs


@dataclass
class World:
    """Jobs as two processes see them, and a way to let the time of all claims end."""

    jobs: Jobs
    elsewhere: Jobs
    lapse: Callable[[], Awaitable[None]]


# One database of each kind for all tests: making its tables takes longer than they do.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(params=("memory", *KINDS), scope="module", loop_scope="module")
async def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    if request.param == "memory":
        now = [100.0]
        memory = MemoryJobs(clock=lambda: now[0])

        async def later() -> None:
            now[0] += 3600

        yield World(memory, memory, later)
        return
    async with place(request.param, tmp_path_factory.mktemp("jobs")) as database:
        one, two = database.storage(), database.storage()
        await one.open()
        await two.open()

        async def lapse() -> None:
            await database.change("jobs", {"until": 1.0})

        yield World(one.jobs, two.jobs, lapse)
        await two.close()
        await one.close()


@pytest_asyncio.fixture(loop_scope="module")
async def world(worlds: World) -> AsyncIterator[World]:
    """Without any jobs."""
    yield worlds
    for job in await worlds.jobs.all():
        await worlds.jobs.drop(job.name)


async def claimed(jobs: Jobs, name: str = "job") -> Job:
    job = await jobs.find(name)
    assert job is not None
    mine = await jobs.claim(job, seconds=60)
    assert mine is not None
    return mine


async def test_one_of_those_who_want_a_job_gets_it(world: World) -> None:
    assert await world.jobs.put(Job("job", 1.0, {"say": "早"}))
    (seen,) = await world.elsewhere.all()
    assert (seen.name, seen.due_at, seen.data, seen.attempts) == ("job", 1.0, {"say": "早"}, 0)
    takers = [world.jobs, world.elsewhere] * 3
    got = await asyncio.gather(*(jobs.claim(seen, seconds=60) for jobs in takers))
    (mine,) = [job for job in got if job is not None]
    assert (mine.attempts, mine.data, mine.fence > seen.fence) == (1, {"say": "早"}, True)
    owner = takers[got.index(mine)]
    assert await world.jobs.claim(mine, seconds=60) is None  # also by its new number, while it is claimed
    assert await owner.renew(mine, seconds=60)
    assert await owner.done(mine)
    assert not await owner.done(mine)
    assert not await owner.renew(mine, seconds=60)
    assert await world.elsewhere.all() == []


async def test_what_nobody_finished_is_for_others(world: World) -> None:
    await world.jobs.put(Job("job", 1.0))
    first = await claimed(world.jobs)
    await world.lapse()
    second = await claimed(world.elsewhere)
    assert (second.attempts, second.fence) == (2, first.fence + 1)
    assert not await world.jobs.renew(first, seconds=60)
    assert not await world.jobs.done(first)
    assert await world.elsewhere.done(second, next_due=2.0, error="no luck")
    third = await claimed(world.jobs)
    assert (third.due_at, third.attempts, third.error) == (2.0, 1, "no luck")
    assert await world.jobs.done(third, next_due=3.0)
    assert not await world.jobs.done(third, next_due=4.0)
    assert not await world.jobs.renew(third, seconds=60)
    assert [(job.due_at, job.attempts, job.error) for job in await world.jobs.all()] == [(3.0, 0, "")]


async def test_who_saw_it_while_it_was_done_does_not_do_it_again(world: World) -> None:
    await world.jobs.put(Job("job", 1.0))
    mine = await claimed(world.jobs)
    (seen,) = await world.elsewhere.all()
    assert await world.jobs.done(mine, next_due=2.0)
    assert await world.elsewhere.claim(seen, seconds=60) is None
    assert (await claimed(world.elsewhere)).due_at == 2.0


async def test_what_is_renewed_stays_claimed(world: World) -> None:
    await world.jobs.put(Job("job", 1.0))
    mine = await claimed(world.jobs)
    await world.lapse()
    assert await world.jobs.renew(mine, seconds=60)
    assert await world.elsewhere.claim(mine, seconds=60) is None


async def test_planning_anew_ends_a_claim(world: World) -> None:
    await world.jobs.put(Job("job", 1.0, "old"))
    mine = await claimed(world.jobs)
    assert not await world.jobs.put(Job("job", 2.0, "kept out"), replace=False)
    assert await world.jobs.put(Job("job", 3.0, "new"))
    assert not await world.jobs.done(mine)
    assert not await world.jobs.renew(mine, seconds=60)
    assert [(job.due_at, job.data) for job in await world.jobs.all()] == [(3.0, "new")]
    assert await world.jobs.drop("job")
    assert not await world.jobs.drop("job")
    assert await world.jobs.find("job") is None


async def test_one_that_was_dropped_is_not_the_next_of_its_name(world: World) -> None:
    await world.jobs.put(Job("job", 1.0, "old"))
    (seen,) = await world.jobs.all()
    await world.jobs.drop("job")
    await world.jobs.put(Job("job", 1.0, "new"))
    assert await world.jobs.claim(seen, seconds=60) is None


async def test_the_next_come_first(world: World) -> None:
    for name, due in (("c", 3.0), ("a", 1.0), ("b", 2.0)):
        await world.jobs.put(Job(name, due))
    assert [job.name for job in await world.jobs.all()] == ["a", "b", "c"]
    assert [job.name for job in await world.jobs.all(limit=2)] == ["a", "b"]
