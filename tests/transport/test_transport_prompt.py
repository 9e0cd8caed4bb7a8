import asyncio

import pytest

from imbridge.transport.prompt import promptly


async def test_what_need_not_wait_makes_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*arguments: object) -> None:
        raise AssertionError("a timer was made")

    monkeypatch.setattr(asyncio.get_running_loop(), "call_at", forbidden)
    done = []

    async def work() -> None:
        done.append(1)

    await promptly(work(), 1)
    assert done == [1]


async def test_what_waits_goes_on_where_it_was() -> None:
    steps: list[str] = []
    gate = asyncio.Event()

    async def work() -> None:
        steps.append("begun")
        await gate.wait()
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        steps.append("ended")

    task = asyncio.create_task(promptly(work(), 30))
    await asyncio.sleep(0)
    assert steps == ["begun"]
    gate.set()
    await task
    assert steps == ["begun", "ended"]


async def test_the_time_limit_cancels_the_work() -> None:
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(1)

    with pytest.raises(TimeoutError):
        await promptly(work(), 0.01)
    assert cleaned == [1]


async def test_errors_come_out_before_and_after_waiting() -> None:
    async def at_once() -> None:
        raise ConnectionResetError("now")

    async def later() -> None:
        await asyncio.sleep(0)
        raise ConnectionResetError("later")

    with pytest.raises(ConnectionResetError, match="now"):
        await promptly(at_once(), 1)
    with pytest.raises(ConnectionResetError, match="later"):
        await promptly(later(), 1)


async def test_cancelling_reaches_the_work() -> None:
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cleaned.append(1)
            raise

    task = asyncio.create_task(promptly(work(), 30))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [1]
