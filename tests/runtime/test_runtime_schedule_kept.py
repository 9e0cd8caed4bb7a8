"""Schedules in a database: restarts, several processes, what is declared and what is not, and `kill -9`."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from bridge_process import bridge_process
from databases import KINDS, Place, database_of
from runtime_world import account, counts, emulated, until
from schedule_world import HandClock, World, scheduled_world

from imbridge import Bridge
from imbridge.protocol import Receipt
from imbridge.runtime.scheduling.plan import owner_of
from imbridge.storage import Job, OutboxEntry, StorageError

database = database_of(*KINDS)
sqlite = database_of("sqlite")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with scheduled_world() as made:
        yield made


def declare(bridge: Bridge, to: str, **when: Any) -> None:
    @bridge.scheduled(to=to, name="hourly", **{"cron": "0 * * * *", **when})
    async def hourly(run: Any) -> str:
        return f"declared {run.due:%H:%M}"


async def test_restarts_lose_and_repeat_nothing(world: World, database: Place) -> None:
    def hourly(bridge: Bridge) -> None:
        declare(bridge, world.to)

    async with world.running(database.storage(), hourly) as bridge:
        await bridge.schedule("tick", to=world.to, every="1h", name="tick")
        await bridge.schedule("moment", to=world.to, at="2026-06-01 09:30")
        await world.clock.set("2026-06-01 09:00")
    assert sorted(world.said) == ["declared 09:00", "tick"]
    world.feishu.messages.clear()
    async with world.running(database.storage(), hourly) as bridge:  # nothing is due
        assert [job.name for job in await bridge.jobs()][1:] == ["hourly", "tick"]
    world.clock = HandClock("2026-06-01 11:30")  # while nobody was there
    async with world.running(database.storage(), hourly):
        assert sorted(world.said) == ["declared 10:00", "moment", "tick"]
        await world.clock.set("2026-06-01 12:00")
        assert sorted(world.said) == ["declared 10:00", "declared 12:00", "moment", "tick", "tick"]


async def test_two_processes_do_each_time_once(world: World, database: Place) -> None:
    other = HandClock()
    one, two = world.bridge(database.storage()), Bridge([], clock=other)
    two = Bridge([adapter.config for adapter in one._accounts.values()], storage=database.storage(), clock=other)
    for bridge in (one, two):
        declare(bridge, world.to, cron="* * * * *")
    async with one, two:
        await one.schedule("tick", to=world.to, every=60)
        for _ in range(5):
            await asyncio.gather(world.clock.forward(60), other.forward(60))
        await until(lambda: len(world.said) == 10)
        assert counts(one)["jobs_done"] + counts(two)["jobs_done"] == 10
        assert sorted(world.said) == [*(f"declared 08:0{minute}" for minute in range(1, 6)), *["tick"] * 5]
    assert counts(one)["jobs_failed"] == counts(two)["jobs_failed"] == 0


async def test_what_is_declared_otherwise_is_planned_anew_and_what_is_not_is_left(world: World, sqlite: Place) -> None:
    async with world.running(sqlite.storage(), lambda bridge: declare(bridge, world.to)):
        pass
    world.clock = HandClock("2026-06-01 09:30")
    async with world.running(sqlite.storage()) as bridge:  # without it: a script that only sends something
        assert [job.name for job in await bridge.jobs()] == ["hourly"]
        assert world.said == []
    other = lambda bridge: declare(bridge, world.to, cron="45 * * * *")  # noqa: E731 - as above
    async with world.running(sqlite.storage(), other):
        assert world.said == []  # its times are others now: none was missed
        await world.clock.set("2026-06-01 09:45")
        assert world.said == ["declared 09:45"]
    world.clock = HandClock("2026-08-01 09:30")
    async with world.running(sqlite.storage()) as bridge:
        assert await bridge.jobs() == ()  # declared by nobody for a month


async def test_jobs_of_others_in_one_database_are_left_alone(world: World, sqlite: Place) -> None:
    storage = sqlite.storage()
    async with world.running(storage) as bridge:
        for number in range(60):
            await storage.jobs.put(Job(f"feishu:other {number}", float(number), {"to": "feishu:other/group/oc_1"}))
        await storage.jobs.put(
            Job(f"{owner_of(bridge.adapter('feishu:work').config)} newer", 1.0, {"when": "full moon"})
        )
        mine = await bridge.schedule("ours", to=world.to, every=60)
        (row,) = [job for job in await storage.jobs.all() if job.name.endswith(mine.name)]
        # Another bot that is called feishu:work, too: both use the storage that is there without any settings.
        other_bot = owner_of(account(world.feishu, world.feishu.add_app()))
        await storage.jobs.put(Job(f"{other_bot} theirs", 1.0, row.data))
        await world.clock.forward(60)
        assert world.said == ["ours"]
        assert len(await bridge.jobs()) == 1
        assert len(await storage.jobs.all()) == 63


async def test_a_storage_that_is_away_for_a_while(
    world: World, sqlite: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    storage = sqlite.storage()
    async with world.running(storage) as bridge:
        await bridge.schedule("tick", to=world.to, every=60)

        async def away(*, limit: int) -> list[Job]:
            raise StorageError("the database is away", passing=True)

        monkeypatch.setattr(storage.jobs, "all", away)
        await world.clock.forward(60)
        assert "the storage cannot be asked (the database is away); again in 2 s" in caplog.text
        assert world.said == []
        monkeypatch.undo()
        await world.clock.forward(2)
        assert world.said == ["tick"]


async def test_what_the_storage_refuses_is_told_and_goes_on(
    world: World, sqlite: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = sqlite.storage()

    async def refuses(entry: OutboxEntry) -> Receipt | None:
        raise StorageError("the database does not take it")

    async with world.running(storage) as bridge:
        await bridge.schedule("tick", to=world.to, every=60)
        monkeypatch.setattr(storage, "add_outbound", refuses)
        await world.clock.forward(60)
        assert (await bridge.jobs())[0].error == "StorageError: the database does not take it"
        monkeypatch.undo()
        await world.clock.forward(60)
        assert world.said == ["tick"]


async def test_what_an_orderly_stop_cut_off_is_done_by_the_next(world: World, sqlite: Place) -> None:
    attempts: list[int] = []

    def slow(bridge: Bridge) -> None:
        @bridge.scheduled(every=60, to=world.to)
        async def job(run: Any) -> str:
            attempts.append(run.attempt)
            await asyncio.sleep(3600 if len(attempts) == 1 else 0)
            return "done"

    bridge = world.bridge(sqlite.storage())
    slow(bridge)
    await bridge.start()
    moving = asyncio.create_task(world.clock.forward(60))
    await until(lambda: attempts)
    await bridge.stop(grace=0)
    moving.cancel()
    async with world.running(sqlite.storage(), slow):
        assert (world.said, attempts) == (["done"], [1, 1])


KILLED = """
import os, signal
from pathlib import Path
marks = Path(os.environ["MARKS"])
b = bridge()
@b.scheduled(every=1, to=os.environ["TO"], missed="all")
async def report(run):
    await run.send(f"before {run.due.timestamp()}")
    if not any(marks.iterdir()):
        (marks / str(run.due.timestamp())).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return f"after {run.due.timestamp()}"
sys.exit(b.run())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="ends processes with POSIX signals")
async def test_kill_9_in_the_middle_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        room = feishu.add_group("group", members=[alice], apps=[app])
        environ = {
            "IMBRIDGE_STORAGE": f"sqlite:///{tmp_path / 'bridge.db'}",
            "MARKS": str(tmp_path / "marks"),
            "TO": f"feishu:default/group/{room.chat_id}",
        }
        async with bridge_process(feishu, app, KILLED, **environ) as process:
            assert await process.ended(timeout=30) == -signal.SIGKILL
        async with bridge_process(feishu, app, KILLED, **environ) as process:
            await until(lambda: len(feishu.messages) >= 4, timeout=30)
            process.process.terminate()
            assert await process.ended() == 0
        said = [message.text for message in feishu.messages]
        assert len(said) == len(set(said))  # none twice, though a run was repeated
        times = [float(text.split()[1]) for text in said if text.startswith("after")]
        assert times == [times[0] + number for number in range(len(times))]  # and no time left out
        for text in (f"before {mark.name}" for mark in (tmp_path / "marks").iterdir()):
            assert text in said


async def test_what_ends_the_process_twice_is_left_alone(
    world: World, sqlite: Place, caplog: pytest.LogCaptureFixture
) -> None:
    def declared(bridge: Bridge) -> None:
        declare(bridge, world.to)

    async with world.running(sqlite.storage(), declared):
        pass
    world.clock = HandClock("2026-06-01 09:00")
    for _ in range(2):  # as processes that end in the middle of it
        storage = sqlite.storage()
        await storage.open()
        (job,) = await storage.jobs.all()
        assert await storage.jobs.claim(job, seconds=60) is not None
        await storage.close()
    async with world.running(sqlite.storage(), declared) as bridge:
        assert "job 'hourly': it was begun 2 times and came to no end" in caplog.text
        assert world.said == []
        assert "it was begun 2 times" in (await bridge.jobs())[0].error
        await world.clock.set("2026-06-01 10:00")
        assert world.said == ["declared 10:00"]  # it is tried again for its next time
