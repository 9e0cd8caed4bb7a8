import asyncio
import logging
import traceback

import pytest

from imbridge.transport import Token, TokenError, TokenSource

SECRET = "t-canary-token"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Endpoint:
    """Gives out t1, t2, ...; can be told to fail or to wait."""

    def __init__(self, lifetime: float = 7200.0) -> None:
        self.calls = 0
        self.lifetime = lifetime
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.fixed: str | None = None

    async def __call__(self) -> tuple[str, float]:
        self.calls += 1
        call = self.calls
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.fixed or f"t{call}", self.lifetime


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
async def source(endpoint, clock):
    source = TokenSource(endpoint, clock=clock, name="feishu:work", backoff=0.01, backoff_cap=0.02)
    yield source
    await source.close()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_thousand_callers_make_one_fetch(source, endpoint):
    assert set(await asyncio.gather(*(source.get() for _ in range(1000)))) == {"t1"}
    assert endpoint.calls == 1
    assert await source.get() == "t1"
    assert endpoint.calls == 1


async def test_refreshed_ahead_in_the_background(source, endpoint, clock):
    await source.get()
    clock.now += 7200 - 301
    assert await source.get() == "t1"
    await settle()
    assert endpoint.calls == 1
    clock.now += 2
    endpoint.gate = asyncio.Event()
    assert [await source.get() for _ in range(100)] == ["t1"] * 100
    await settle()
    assert endpoint.calls == 2
    endpoint.gate.set()
    await settle()
    assert await source.get() == "t2"


async def test_a_short_lived_token_is_refreshed_at_two_thirds(source, endpoint, clock):
    endpoint.lifetime = 90
    await source.get()
    clock.now += 59
    await source.get()
    await settle()
    assert endpoint.calls == 1
    clock.now += 2
    await source.get()
    await settle()
    assert endpoint.calls == 2


async def test_an_expired_token_is_never_given_out(source, endpoint, clock):
    await source.get()
    clock.now += 7200
    assert await source.get() == "t2"


async def test_lifetime_counts_from_before_the_request(source, endpoint, clock):
    endpoint.gate = asyncio.Event()
    task = asyncio.create_task(source.get())
    await settle()
    clock.now += 7000  # a very slow answer
    endpoint.gate.set()
    assert await task == "t1"
    clock.now += 250
    assert await source.get() == "t2"


async def test_a_failed_refresh_ahead_is_survived_logged_and_not_hammered(source, endpoint, clock, caplog):
    await source.get()
    clock.now += 7000
    endpoint.error = OSError("no route")
    for _ in range(50):
        assert await source.get() == "t1"
        await settle()
    assert endpoint.calls == 2
    assert len([r for r in caplog.records if r.levelno == logging.WARNING and "feishu:work" in r.getMessage()]) == 1
    endpoint.error = None
    clock.now += 1
    await source.get()
    await settle()
    assert await source.get() == "t3"


async def test_a_failure_reaches_every_waiting_caller_and_is_not_remembered(source, endpoint, clock):
    endpoint.error = OSError("no route")
    results = await asyncio.gather(*(source.get() for _ in range(100)), return_exceptions=True)
    assert all(result is endpoint.error for result in results)
    assert endpoint.calls == 1
    frames = [frame.name for frame in traceback.extract_tb(endpoint.error.__traceback__)]
    assert len(frames) < 10
    assert "_refresh" in frames  # where it happened, not only where it was handed out
    endpoint.error = None
    assert await source.get() == "t2"


async def test_a_failing_endpoint_is_not_hammered(clock, endpoint):
    endpoint.error = OSError("no route")
    source = TokenSource(endpoint, clock=clock, backoff=30.0, backoff_cap=30.0)
    with pytest.raises(OSError, match="no route"):
        await source.get()
    waiting = [asyncio.create_task(source.get()) for _ in range(50)]
    await settle()
    assert endpoint.calls == 1  # they wait for the pause to end instead of asking again
    await source.close()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(result) for result in results} == {TokenError}
    assert endpoint.calls == 1


async def test_a_cancelled_caller_does_not_cancel_the_fetch(source, endpoint):
    endpoint.gate = asyncio.Event()
    first, second = asyncio.create_task(source.get()), asyncio.create_task(source.get())
    await settle()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    endpoint.gate.set()
    assert await second == "t1"
    assert endpoint.calls == 1


async def test_a_fetch_that_fails_after_everybody_left_is_not_an_unretrieved_exception(source, endpoint):
    endpoint.gate, endpoint.error = asyncio.Event(), OSError("late")
    task = asyncio.create_task(source.get())
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    endpoint.gate.set()
    await settle()  # pytest turns "Task exception was never retrieved" into a failure
    assert endpoint.calls == 1


async def test_ten_calls_with_the_same_dead_token_cause_one_fetch(source, endpoint, clock):
    dead = await source.get()
    clock.now += 100

    async def call() -> str:
        source.invalidate(dead)
        return await source.get()

    assert set(await asyncio.gather(*(call() for _ in range(10)))) == {"t2"}
    source.invalidate(dead)
    assert await source.get() == "t2"
    assert endpoint.calls == 2


async def test_a_platform_that_refuses_every_token_is_slowed_down(source, endpoint, clock):
    endpoint.fixed = "always the same"
    pauses = []
    for _ in range(4):
        value = await source.get()
        source.invalidate(value)
        pauses.append(source._not_before - clock.now)
    assert pauses == pytest.approx([0.01, 0.02, 0.02, 0.02])


@pytest.mark.parametrize(
    "answer", [("", 7200), (None, 7200), ("x", 0), ("x", -1), ("x", float("nan")), ("x", float("inf")), ("x", "soon")]
)
async def test_an_answer_without_a_usable_token_is_an_error(answer):
    async def fetch() -> tuple[str, float]:
        return answer

    source = TokenSource(fetch)
    with pytest.raises(TokenError):
        await source.get()


async def test_close_cancels_the_fetch_and_ends_the_waiting(source, endpoint):
    endpoint.gate = asyncio.Event()
    waiting = asyncio.create_task(source.get())
    await settle()
    await source.close()
    with pytest.raises(TokenError, match="closed"):
        await waiting
    with pytest.raises(TokenError, match="closed"):
        await source.get()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("token:")]


async def test_the_token_never_shows(endpoint, clock):
    endpoint.fixed = SECRET
    source = TokenSource(endpoint, clock=clock)
    await source.get()
    token = Token(SECRET, issued_at=0, lifetime=10)
    assert SECRET not in f"{token!r} {token} {source!r} {source._token!r}"
    assert token.reveal() == SECRET
    assert not hasattr(token, "__dict__")
