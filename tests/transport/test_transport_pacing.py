import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbridge.transport import Pacer, Rate
from windows import most_in_any_window


class Skipping(selectors.DefaultSelector):
    """Does not wait: it moves the loop's clock forward instead."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("Deadlock: nothing is scheduled any more")
        # Every turn takes a little, as in life; else a timer one rounding error ahead would never be reached.
        self.now += max(timeout or 0.0, 1e-7) if not ready else 1e-7
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.skipping = Skipping()
        super().__init__(self.skipping)

    def time(self) -> float:
        return self.skipping.now


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run in a loop whose clock jumps from timer to timer."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(main)


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize(
    ("text", "count", "period"),
    [("10/60s", 10, 60), ("5/s", 5, 1), ("1000/1m", 1000, 60), ("50/1s", 50, 1), ("2/0.5s", 2, 0.5), ("7/h", 7, 3600),
     ("3/d", 3, 86400), (" 9 / 100 ms ", 9, 0.1)],
)  # fmt: skip
def test_rates_are_read(text, count, period):
    rate = Rate.parse(text)
    assert (rate.count, rate.period) == (count, pytest.approx(period))


@pytest.mark.parametrize(
    "text", ["", "5", "5/", "/s", "0/s", "-1/s", "5/0s", "5 per s", "1.5/s", "5/s!", "５/s", "5/1y"]
)
def test_what_is_no_rate_is_refused_clearly(text):
    with pytest.raises(ValueError, match="rate"):
        Rate.parse(text)


@given(st.integers(1, 10**6), st.integers(1, 10**5))
def test_a_rate_prints_as_it_is_read(count, period):
    rate = Rate(count, float(period))
    assert Rate.parse(str(rate)).count == count


def test_a_senseless_burst_is_refused():
    for burst in (0, 6):
        with pytest.raises(ValueError, match="burst"):
            Rate(5, 1.0, burst=burst)


rates = st.builds(
    lambda count, period, burst: Rate(count, period, None if burst is None else min(burst, count)),
    st.integers(1, 60),
    st.sampled_from([0.5, 1.0, 7.0, 60.0]),
    st.one_of(st.none(), st.integers(1, 60)),
)


@settings(max_examples=60, deadline=None)
@given(rates, st.lists(st.floats(0, 120), min_size=1, max_size=150))
def test_never_more_than_allowed_in_any_window(rate, arrivals):
    async def main() -> list[float]:
        pacer, left = Pacer(), []

        async def send(after: float) -> None:
            await asyncio.sleep(after)
            await pacer.acquire(("chat", rate))
            left.append(now())

        await asyncio.gather(*(send(after) for after in arrivals))
        assert pacer.waiting == 0
        return left

    left = run(main())
    assert len(left) == len(arrivals)
    assert most_in_any_window(left, rate.period) <= rate.count


@settings(max_examples=60, deadline=None)
@given(
    rates,
    rates,
    st.lists(st.tuples(st.floats(0, 30), st.integers(0, 3)), min_size=1, max_size=120),
    st.lists(st.tuples(st.floats(0, 30), st.sampled_from(["app", "chat0"]), st.floats(0, 10)), max_size=4),
)
def test_several_limits_at_once_hold_each_for_itself(wide, narrow, sends, pauses):
    async def main() -> list[tuple[float, int]]:
        pacer, left = Pacer(), []

        async def send(after: float, chat: int) -> None:
            await asyncio.sleep(after)
            await pacer.acquire(("app", wide), (f"chat{chat}", narrow))
            left.append((now(), chat))

        async def pause(after: float, key: str, seconds: float) -> None:
            await asyncio.sleep(after)
            pacer.pause(key, seconds)

        await asyncio.gather(*(send(*one) for one in sends), *(pause(*one) for one in pauses))
        return left

    left = run(main())
    assert len(left) == len(sends)
    assert most_in_any_window([time for time, _ in left], wide.period) <= wide.count
    for chat in range(4):
        assert most_in_any_window([time for time, one in left if one == chat], narrow.period) <= narrow.count


def test_steady_throughput_is_four_fifths_or_better():
    async def main() -> float:
        pacer, rate = Pacer(), Rate.parse("50/1s")
        start = now()
        for _ in range(1000):
            await pacer.acquire(("app", rate))
        return 1000 / (now() - start)

    assert 40 <= run(main()) <= 51


def test_first_come_first_served():
    async def main() -> list[int]:
        pacer, order, rate = Pacer(), [], Rate.parse("1/s")

        async def send(number: int) -> None:
            await pacer.acquire(("chat", rate))
            order.append(number)

        tasks = []
        for number in range(30):
            tasks.append(asyncio.create_task(send(number)))
            await asyncio.sleep(0.3)
        await asyncio.gather(*tasks)
        return order

    assert run(main()) == list(range(30))


def test_a_busy_chat_delays_no_other():
    async def main() -> float:
        pacer, app, chat = Pacer(), Rate.parse("50/s"), Rate.parse("1/s")
        busy = [asyncio.create_task(pacer.acquire(("app", app), ("busy", chat))) for _ in range(100)]
        await asyncio.sleep(0)
        start = now()
        await pacer.acquire(("app", app), ("quiet", chat))
        waited = now() - start
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        return waited

    assert run(main()) < 0.1


def test_limits_in_any_order_do_not_deadlock():
    async def main() -> int:
        pacer, a, b = Pacer(), ("a", Rate.parse("5/s")), ("b", Rate.parse("5/s"))
        await asyncio.gather(*(pacer.acquire(*((a, b) if number % 2 else (b, a))) for number in range(50)))
        return pacer.waiting

    assert run(main()) == 0


def test_a_pause_holds_everybody_who_waits_and_the_longer_one_counts():
    async def main() -> list[float]:
        pacer, left, rate = Pacer(), [], Rate.parse("2/s")
        start = now()

        async def send() -> None:
            await pacer.acquire(("chat", rate))
            left.append(now() - start)

        tasks = [asyncio.create_task(send()) for _ in range(4)]
        await asyncio.sleep(0.1)
        assert pacer.paused("chat") == 0
        pacer.pause("chat", 10)
        pacer.pause("chat", 3)
        pacer.pause("chat", float("nan"))
        pacer.pause("chat", -1)
        assert pacer.paused("chat") == pytest.approx(10)
        assert pacer.paused("other") == 0
        await asyncio.gather(*tasks)
        await pacer.acquire(("other", rate))
        assert pacer.paused("chat") == 0
        return left

    left = run(main())
    assert left[0] == pytest.approx(0, abs=1e-3)
    assert all(time >= 10.1 - 1e-9 for time in left[2:])  # the second was already past the pause's check
    assert most_in_any_window(left, 1.0) <= 2


def test_cancelled_callers_leave_the_queue():
    async def main() -> tuple[int, int, float]:
        pacer, rate = Pacer(), Rate.parse("1/s")
        await pacer.acquire(("chat", rate))
        tasks = [asyncio.create_task(pacer.acquire(("chat", rate))) for _ in range(50)]
        await asyncio.sleep(0.1)
        waiting = pacer.waiting
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        start = now()
        await pacer.acquire(("chat", rate))
        return waiting, pacer.waiting, now() - start

    waiting, after, waited = run(main())
    assert (waiting, after) == (50, 0)
    assert waited < 1.0


def test_memory_is_bounded_and_nothing_in_use_is_forgotten():
    async def main() -> tuple[int, float]:
        pacer, rate = Pacer(max_keys=100), Rate.parse("1/60s")
        await pacer.acquire(("busy", rate))
        start = now()
        waiting = asyncio.create_task(pacer.acquire(("busy", rate)))
        await asyncio.sleep(0)
        for number in range(1000):
            await pacer.acquire((f"chat{number}", rate))
        size = len(pacer)
        await waiting
        return size, now() - start

    size, waited = run(main())
    assert size == 100
    assert waited >= 60


def test_limits_that_have_run_empty_are_forgotten_first():
    async def main() -> float:
        pacer, slow, fast = Pacer(max_keys=3), Rate.parse("1/60s"), Rate.parse("1/100ms")
        await pacer.acquire(("old but full", slow))
        await pacer.acquire(("empty", fast))
        await asyncio.sleep(1)
        await pacer.acquire(("c", slow))
        await pacer.acquire(("d", slow))
        start = now()
        await pacer.acquire(("old but full", slow))
        return now() - start

    assert run(main()) == pytest.approx(59, abs=0.1)


def test_without_contention_nothing_waits():
    async def main() -> float:
        pacer, rate = Pacer(), Rate.parse("100/s")
        start = now()
        for _ in range(20):
            await pacer.acquire(("app", rate), ("app", rate))
        return now() - start

    assert run(main()) == pytest.approx(0, abs=1e-3)


def test_what_does_not_pass_at_once_is_counted_nowhere():
    async def main() -> list[bool]:
        pacer, app, chat = Pacer(), Rate(10, 1000.0, burst=3), Rate(1, 1000.0)
        passed = [pacer.passes(("app", app), ("chat", chat))]  # nobody knows these limits yet: it is for `acquire`
        await pacer.acquire(("app", app), ("chat", chat))
        passed += [pacer.passes(("app", app), ("chat", chat)) for _ in range(5)]  # the chat has no room
        passed += [pacer.passes(("app", app)) for _ in range(3)]
        return passed

    assert run(main()) == [False] * 6 + [True, True, False]


def test_nothing_passes_at_once_beside_those_who_wait_or_while_it_is_paused():
    async def main() -> list[bool]:
        pacer, rate, chat = Pacer(), Rate(1000, 1.0), Rate(1, 5.0)
        await pacer.acquire(("app", rate), ("chat", chat))
        waiting = asyncio.create_task(pacer.acquire(("app", rate), ("chat", chat)))
        await asyncio.sleep(0)
        beside = pacer.passes(("app", rate))
        await waiting
        pacer.pause("app", 1)
        paused = pacer.passes(("app", rate))
        await asyncio.sleep(1)
        return [beside, paused, pacer.passes(("app", rate))]

    assert run(main()) == [False, False, True]


def test_most_in_any_window_counts():
    assert most_in_any_window([0, 1, 1.5, 2, 3], 1.0) == 2


def test_what_waited_for_a_wide_limit_counts_against_the_narrow_one_when_it_leaves():
    async def main() -> list[float]:
        pacer, left, app, chat = Pacer(), [], Rate.parse("50/s"), Rate.parse("1/s")

        async def send() -> None:
            await pacer.acquire(("app", app), ("chat", chat))
            left.append(now())

        pacer.pause("app", 10)
        await asyncio.gather(*(send() for _ in range(4)))
        return left

    assert most_in_any_window(run(main()), 1.0) == 1


def test_a_pause_that_comes_while_waiting_for_a_wide_limit_is_kept():
    async def main() -> tuple[float, float]:
        pacer, app, chat = Pacer(), Rate.parse("1/s"), Rate(1, 2.0)
        start = now()
        await pacer.acquire(("app", app))

        async def send(key: str) -> float:
            await pacer.acquire(("app", app), (key, chat))
            return now() - start

        held, other = asyncio.create_task(send("chat")), asyncio.create_task(send("other"))
        await asyncio.sleep(0.5)
        pacer.pause("chat", 20)
        return await held, await other

    held, other = run(main())
    assert held >= 20.5
    assert other <= 3.1  # nobody else waits for it
