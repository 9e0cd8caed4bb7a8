import asyncio
import contextvars
import random

import pytest

from imbridge.protocol import OverloadedError
from imbridge.runtime.lanes import Lanes


def make(work, *, running=8, length=100, waiting=1000):
    return Lanes(work, name="test", max_running=running, max_length=length, max_waiting=waiting)


async def test_order_within_a_lane_and_lanes_side_by_side() -> None:
    done: list[tuple[str, int]] = []
    at_once = peak = 0
    chance = random.Random(5)

    async def work(item: tuple[str, int]) -> None:
        nonlocal at_once, peak
        at_once += 1
        peak = max(peak, at_once)
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        done.append(item)
        at_once -= 1

    lanes = make(work, running=4)
    for number in range(20):
        for key in "abcdef":
            assert lanes.push(key, (key, number))
    await lanes.drain()
    for key in "abcdef":
        assert [number for lane, number in done if lane == key] == list(range(20))
    assert peak == 4
    assert lanes.running <= 4
    assert lanes.waiting == 0
    assert lanes._lanes == {}


async def test_what_comes_after_the_end_is_not_begun() -> None:
    """Also what was taken over from others at this very moment: the storage keeps it."""
    done: list[str] = []

    async def work(item: str) -> None:
        done.append(item)

    lanes = make(work)
    await lanes.cancel()
    assert not lanes.push("a", "new")
    lanes.restore("a", "left by others")
    async with asyncio.timeout(5):
        await lanes.drain()
    assert (done, lanes.waiting) == ([], 0)


async def test_a_slow_lane_does_not_hold_up_another() -> None:
    release = asyncio.Event()
    done: list[str] = []

    async def work(item: str) -> None:
        if item == "slow":
            await release.wait()
        done.append(item)

    lanes = make(work)
    lanes.push("a", "slow")
    lanes.push("b", "quick")
    async with asyncio.timeout(5):
        while not done:
            await asyncio.sleep(0)
    assert done == ["quick"]
    release.set()
    await lanes.drain()
    assert done == ["quick", "slow"]


async def test_a_lane_and_all_together_are_bounded() -> None:
    release = asyncio.Event()

    async def work(item: int) -> None:
        await release.wait()

    lanes = make(work, running=1, length=3, waiting=5)
    assert lanes.push("a", 0)
    await asyncio.sleep(0)  # taken up by the worker: it waits no more
    assert [lanes.push("a", n) for n in range(4)] == [True, True, True, False]
    assert not lanes.has_room("a")
    assert [lanes.push("b", n) for n in range(3)] == [True, True, False]
    release.set()
    await lanes.drain()
    assert lanes.push("a", 1)
    await lanes.drain()


async def test_put_waits_for_room_in_order() -> None:
    release = asyncio.Event()
    done: list[int] = []

    async def work(item: int) -> None:
        await release.wait()
        done.append(item)

    lanes = make(work, length=2)
    lanes.push("a", 0)
    await asyncio.sleep(0)
    putting = [asyncio.create_task(lanes.put("a", number)) for number in range(1, 20)]
    await asyncio.sleep(0)
    assert sum(task.done() for task in putting) == 2
    putting[5].cancel()
    release.set()
    await asyncio.gather(*putting, return_exceptions=True)
    await lanes.drain()
    assert done == [number for number in range(20) if number != 6]
    assert lanes._room == {}


async def test_failing_work_does_not_stop_the_lane(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    async def work(item: int) -> None:
        if item == 1:
            raise ValueError("one")
        if item == 2:
            raise asyncio.CancelledError  # as a skill does that awaits something that was cancelled
        done.append(item)

    lanes = make(work)
    for number in range(4):
        lanes.push("a", number)
    await lanes.drain()
    assert done == [0, 3]
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


async def test_cancel_gives_back_what_waited_and_leaves_no_task() -> None:
    started = asyncio.Event()

    async def work(item: int) -> None:
        started.set()
        await asyncio.Event().wait()

    lanes = make(work)
    for number in range(3):
        lanes.push("a", number)
    await started.wait()
    lanes._max_length = 2
    putting = asyncio.create_task(lanes.put("a", 3))
    await asyncio.sleep(0)
    assert await lanes.cancel() == [1, 2]
    with pytest.raises(OverloadedError):
        await putting
    await lanes.drain()
    assert lanes.running == 0
    assert {task for task in asyncio.all_tasks() if "lane" in task.get_name()} == set()


async def test_a_busy_lane_lets_others_have_their_turn() -> None:
    done: list[str] = []

    async def work(item: str) -> None:
        done.append(item)
        if item == "busy" and done.count("busy") < 500:
            lanes.push("busy", "busy")

    lanes = make(work, running=1)
    lanes.push("busy", "busy")
    lanes.push("other", "other")
    await lanes.drain()
    assert done.index("other") < 100
    assert done.count("busy") == 500


async def test_context_variables_of_one_piece_of_work_do_not_reach_the_next() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="clean")
    seen: list[str] = []

    async def work(item: str) -> None:
        seen.append(variable.get())
        variable.set(item)

    lanes = make(work, running=1)
    for key in "abab":
        lanes.push(key, key)
    await lanes.drain()
    assert seen == ["clean"] * 4


async def test_what_is_held_back_while_everything_stops_is_left_over() -> None:
    async def work(item: str) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lanes.hold("lane", item, 60.0)

    lanes: Lanes[str] = Lanes(work, name="test", max_running=1, max_length=9, max_waiting=9)
    lanes.push("lane", "one")
    lanes.push("lane", "two")
    await asyncio.sleep(0)
    assert sorted(await lanes.cancel()) == ["one", "two"]
    assert lanes.idle


async def test_a_lane_that_is_held_back_takes_no_turn_and_keeps_its_order() -> None:
    done: list[str] = []

    async def work(item: str) -> None:
        if item == "first" and not done:
            done.append("held")
            lanes.hold("lane", item, 60.0)
            return
        done.append(item)

    lanes: Lanes[str] = Lanes(work, name="test", max_running=1, max_length=9, max_waiting=9)
    for item in ("first", "second"):
        lanes.push("lane", item)
    lanes.push("other", "beside")
    await lanes.drain()
    assert (done, lanes.waiting) == (["held", "beside"], 2)
    assert lanes.held_back("lane") == ("first", "second")
    lanes.push("lane", "third")
    lanes.release("lane")
    lanes.release("lane")
    await lanes.drain()
    assert (done[2:], lanes.waiting) == (["first", "second", "third"], 0)
