"""Clocks that are moved, and times at which nobody was there."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from runtime_world import counts
from schedule_world import World, scheduled_world

from imbridge import Bridge


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with scheduled_world() as made:
        yield made


async def test_a_clock_that_is_put_back_repeats_nothing(world: World) -> None:
    async with world.running() as bridge:
        await bridge.schedule("nine", to=world.to, cron="0 9 * * *")
        await bridge.schedule("tick", to=world.to, every="30m")
        await world.clock.set("2026-06-01 09:00")
        assert sorted(world.said) == ["nine", "tick"]
        for time in ("08:00", "08:30", "08:59", "09:00", "09:29"):
            await world.clock.set(f"2026-06-01 {time}")
        assert sorted(world.said) == ["nine", "tick"]
        await world.clock.set("2026-06-01 09:30")
        await world.clock.set("2026-06-02 09:00")
        assert sorted(world.said) == ["nine", "nine", "tick", "tick", "tick"]


async def test_a_clock_that_is_put_forward_loses_nothing(world: World) -> None:
    async with world.running() as bridge:
        await bridge.schedule("nine", to=world.to, cron="0 9 * * *")
        await bridge.schedule("moment", to=world.to, at="2026-06-01 12:00")
        await world.clock.set("2026-06-03 15:00")
        assert sorted(world.said) == ["moment", "nine"]


@pytest.mark.parametrize(
    ("missed", "expected"),
    [("once", ["09:00"]), ("skip", []), ("all", ["09:00", "10:00", "11:00"])],
)
async def test_times_that_were_missed(world: World, missed: str, expected: list[str]) -> None:
    def declare(bridge: Bridge) -> None:
        @bridge.scheduled(cron="0 9-17 * * *", to=world.to, missed=missed)
        async def hourly(run: Any) -> str:
            return f"{run.due:%H:%M}"

    async with world.running(declare=declare) as bridge:
        await world.clock.set("2026-06-01 11:30")
        assert world.said == expected
        await world.clock.set("2026-06-01 12:00:30")
        assert world.said == [*expected, "12:00"]
        assert counts(bridge)["jobs_late"] == max(len(expected), 1)


async def test_a_moment_that_was_missed(world: World) -> None:
    async with world.running() as bridge:
        for missed in ("once", "skip", "all"):
            await bridge.schedule(missed, to=world.to, at="2026-06-01 09:00", missed=missed)
        await world.clock.set("2026-06-01 11:00")
        assert sorted(world.said) == ["all", "once"]
        assert await bridge.jobs() == ()


async def test_making_up_is_bounded(world: World, caplog: pytest.LogCaptureFixture) -> None:
    runs: list[datetime] = []

    def declare(bridge: Bridge) -> None:
        @bridge.scheduled(every=1, to=world.to, missed="all")
        async def tick(run: Any) -> None:
            runs.append(run.due)

    async with world.running(declare=declare):
        await world.clock.forward(3600)
        assert len(runs) == 100
        assert (runs[0].isoformat(), runs[-1].isoformat()) == ("2026-06-01T08:58:21+08:00", "2026-06-01T09:00:00+08:00")
        assert "the newest 100 times are made up for" in caplog.text
