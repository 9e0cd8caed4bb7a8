"""A job that is cut off while it runs: replaced, taken back, or the bridge stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from runtime_world import until
from schedule_world import World, scheduled_world

from imbridge import BaseSkill, Bridge
from imbridge.runtime import ending


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with scheduled_world() as made:
        yield made


async def test_a_run_that_is_replaced_or_taken_back_is_cut_off(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("imbridge.runtime.scheduling.scheduler._CLAIM", 0.06)
    ends: list[str] = []

    class Slow(BaseSkill):
        async def handle_message(self, msg: Any) -> None:
            return None

        async def scheduled(self, run: Any) -> str:
            try:
                await asyncio.sleep(60)
            finally:
                ends.append(run.name)
            return "never"

    async with world.running(skills=[Slow("slow")]) as bridge:
        await bridge.schedule(to=world.to, at="2026-06-01 09:00", skill="slow", name="it")
        move = asyncio.create_task(world.clock.set("2026-06-01 09:00"))
        await until(lambda: any(task.get_name().endswith(" it: at work") for task in asyncio.all_tasks()))
        await asyncio.sleep(0.1)  # it is renewed meanwhile
        assert ends == []
        assert await bridge.unschedule("it")
        await move
        assert ends == ["it"]
        assert world.said == []
        assert "the run is given up" in caplog.text


async def test_a_function_that_ignores_its_cancellation_does_not_keep_the_bridge(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_LAST_WORDS", 0.05)
    begun, release = asyncio.Event(), asyncio.Event()

    def declare(bridge: Bridge) -> None:
        @bridge.scheduled(every=60, to=world.to)
        async def stubborn() -> None:
            begun.set()
            while not release.is_set():
                with suppress(asyncio.CancelledError):
                    await release.wait()

    bridge = world.bridge()
    declare(bridge)
    await bridge.start()
    moving = asyncio.create_task(world.clock.forward(60))
    await begun.wait()
    try:
        async with asyncio.timeout(10):
            await bridge.stop(grace=0)
        assert "does not stop: it ignores its cancellation" in caplog.text
    finally:
        moving.cancel()
        release.set()
        await until(lambda: not any(task.get_name().startswith("job ") for task in asyncio.all_tasks()))


async def test_a_bridge_that_stops_waits_for_a_run(world: World) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    def declare(bridge: Bridge) -> None:
        @bridge.scheduled(every=60, to=world.to)
        async def slow(run: Any) -> str:
            started.set()
            await go_on.wait()
            return "done"

    async with world.running(declare=declare):
        moving = asyncio.create_task(world.clock.forward(60))
        await started.wait()
        asyncio.get_running_loop().call_later(0.1, go_on.set)
    moving.cancel()
    assert world.said == ["done"]
