"""What fails for a passing reason is tried again: in order, beside others, for a time, over restarts."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from outbox_world import ROBOT, app_of, hurried, hurry, robot_of, soon_tired
from runtime_world import counts, texts, until

from imbridge import FeishuConfig
from imbridge.protocol import DeliveryState, RateLimitedError, Receipt
from imbridge.runtime.outbox.judging import NotYetError
from imbridge.runtime.outbox.patience import Patience
from imbridge.storage import BaseStorage, Box, EntryState, MemoryStorage, Progress, SqlStorage

HOOK, SENDS = "*/hook/*", "*/im/v1/messages"
PENDING, SENT, FAILED = DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.FAILED


@pytest.fixture(params=["memory", "sqlite"])
def storage(request, tmp_path: Path) -> BaseStorage:
    return MemoryStorage() if request.param == "memory" else SqlStorage(tmp_path / "bridge.db")


@pytest.fixture
def robot(feishu) -> FeishuConfig:
    return robot_of(feishu, send_timeout=0.01)


async def test_it_passes_and_order_is_kept(feishu, robot, storage) -> None:
    bridge, ends = hurried(robot, storage=storage)
    async with bridge:
        feishu.faults.http_fail(HOOK, 429, times=2)
        first = await bridge.send(ROBOT, "one", key="1")
        second = await bridge.send(ROBOT, "two", key="2")
        joined = await bridge.send(ROBOT, "one", key="1")
        assert [one.state for one in (first, second, joined)] == [PENDING] * 3
        assert "was said before it in this conversation" in second.error
        await until(lambda: len(ends) == 2)
        assert counts(bridge)["delivery_put_off"] == 2
        assert await bridge.send(ROBOT, "three")
    assert texts(feishu) == ["one", "two", "three"]
    assert [(end.key, end.state, end.attempts) for end in ends] == [("1", SENT, 3), ("2", SENT, 1)]


async def test_other_conversations_go_on(feishu) -> None:
    """Also where one conversation at a time has its turn: what waits takes none."""
    app, alice = app_of(feishu)
    others = [f"feishu:app/user/{feishu.add_user(f'U{number}').open_id}" for number in range(3)]
    bridge, ends = hurried(app, max_lanes=1)
    async with bridge:
        hurry(bridge, shortest=60.0)
        soon_tired(bridge, "feishu:app")
        with feishu.faults.http_fail(SENDS, 503, times=None):
            assert (await bridge.send(alice, "held")).state is PENDING
        for other in others:
            assert await bridge.send(other, "hi")
        assert ends == []
    assert texts(feishu) == ["hi"] * 3 + ["held"]  # an orderly stop tries it once more
    assert [end.state for end in ends] == [SENT]


async def test_an_orderly_stop_in_memory_is_the_last_try(feishu, robot) -> None:
    bridge, ends = hurried(robot)
    async with bridge:
        hurry(bridge, shortest=60.0)
        feishu.faults.http_fail(HOOK, 429, times=None)
        assert (await bridge.send(ROBOT, "hi")).state is PENDING
    assert [end.state for end in ends] == [FAILED]


async def test_a_refusal_that_stays_fails_at_once(feishu, robot) -> None:
    bridge, ends = hurried(robot)
    async with bridge:
        feishu.faults.refuse_hook(19024)
        refused = await bridge.send(ROBOT, "hi")
        assert (refused.state, refused.code) == (FAILED, 19024)
        assert await bridge.send(ROBOT, "next")
        assert counts(bridge)["delivery_put_off"] == 0
    assert ends == []


async def test_nothing_is_put_off_where_nobody_wants_it(feishu, robot) -> None:
    bridge, ends = hurried(robot, retry_for=0)
    async with bridge:
        feishu.faults.http_fail(HOOK, 429)
        assert (await bridge.send(ROBOT, "hi")).state is FAILED
    assert ends == []


async def test_after_its_time_it_is_a_dead_letter(feishu, tmp_path: Path) -> None:
    app, alice = app_of(feishu)
    bridge, ends = hurried(app, storage=SqlStorage(tmp_path / "bridge.db"))
    async with bridge:
        soon_tired(bridge, "feishu:app")
        with feishu.faults.http_fail(SENDS, 503, times=None):
            assert (await bridge.send(alice, "hi", key="k")).state is PENDING
            bridge._delivery._putting_off.patience.retry_for = 0.2  # it has been over for some time now
            await until(lambda: ends)
        assert [(end.state, end.key) for end in ends] == [(DeliveryState.UNKNOWN, "k")]
        assert counts(bridge)["delivery_dead_letters"] == 1
        assert await bridge.send(alice, "next")  # it holds up nobody any more
        storage = bridge.storage
        assert isinstance(storage, SqlStorage)
        (dead,) = await storage.kept(Box.OUTBOX, EntryState.DEAD)
        assert dead.text == "hi"
        assert [line["what"] for line in dead.history] == ["put off"] * (len(dead.history) - 1) + ["dead"]
        assert "503" in dead.history[-1]["why"]
        ends.clear()
        await storage.retry(Box.OUTBOX, dead.uid)
        await until(lambda: ends)  # the running bridge finds it
    assert texts(feishu) == ["next", "hi"]
    assert [(end.state, end.key) for end in ends] == [(SENT, "k")]


async def test_what_is_put_off_survives_a_restart(feishu, robot, tmp_path: Path) -> None:
    bridge, before = hurried(robot, storage=SqlStorage(tmp_path / "bridge.db"))
    async with bridge:
        hurry(bridge, shortest=5.0, longest=6.0)
        feishu.faults.http_fail(HOOK, 429)
        due = datetime.now(UTC) + timedelta(seconds=5)
        assert (await bridge.send(ROBOT, "one", key="1")).state is PENDING
        assert (await bridge.send(ROBOT, "two", key="2")).state is PENDING
    assert before == []
    bridge, ends = hurried(robot, storage=SqlStorage(tmp_path / "bridge.db"))
    async with bridge:
        assert (await bridge.send(ROBOT, "three")).state is PENDING  # behind the two of before
        await until(lambda: len(ends) == 3)
    assert texts(feishu) == ["one", "two", "three"]
    assert [end.key for end in ends[:2]] == ["1", "2"]
    assert all(end.sent_at is not None and end.sent_at > due for end in ends)


async def test_who_listens_may_fail_and_take_its_time(feishu, robot, caplog) -> None:
    heard: list[str] = []
    bridge, _ = hurried(robot)

    @bridge.on_receipt
    def fail(receipt: Receipt) -> None:
        raise RuntimeError("no")

    @bridge.on_receipt
    async def listen(receipt: Receipt) -> None:
        await asyncio.sleep(0.05)
        heard.append(receipt.key)

    async with bridge:
        feishu.faults.http_fail(HOOK, 429)
        assert (await bridge.send(ROBOT, "hi", key="k")).state is PENDING
        await until(lambda: heard)
    assert heard == ["k"]
    assert "a receipt listener failed" in caplog.text


def failure(retry_after: float | None = None) -> NotYetError:
    return NotYetError(RateLimitedError("slow down", retry_after=retry_after), Receipt(state=FAILED))


class TestPatience:
    NOW = datetime(2026, 1, 1, tzinfo=UTC)

    def pauses(self, progress: Progress, **more: float | None) -> list[float | None]:
        tries = (Patience(3600.0).next_try(progress, failure(**more), self.NOW) for _ in range(50))
        return [None if at is None else (at - self.NOW).total_seconds() for at in tries]

    def test_pauses_grow_from_a_second_to_five_minutes(self) -> None:
        for put_off, longest in ((0, 2.0), (1, 3.0), (5, 33.0), (20, 300.0)):
            pauses = self.pauses(Progress(put_off=put_off))
            assert all(pause is not None and 1.0 <= pause <= longest for pause in pauses)
            assert len(set(pauses)) > 40

    def test_the_platforms_word_counts_more(self) -> None:
        assert min(filter(None, self.pauses(Progress(), retry_after=90.0))) >= 90.0

    @pytest.mark.parametrize(("since", "retry_after"), [(3600.0, None), (4000.0, None), (3500.0, 200.0)])
    def test_it_is_over(self, since: float, retry_after: float | None) -> None:
        progress = Progress(put_off=9, failing_since=self.NOW - timedelta(seconds=since))
        assert set(self.pauses(progress, retry_after=retry_after)) == {None}

    def test_the_last_try_is_at_its_end(self) -> None:
        progress = Progress(put_off=20, failing_since=self.NOW - timedelta(seconds=3590.0))
        assert all(pause is not None and pause <= 10.0 for pause in self.pauses(progress))

    def test_a_clock_that_went_back_makes_nobody_wait_for_ever(self) -> None:
        far = datetime.now(UTC).timestamp() + 1e6
        assert Patience(3600.0, missed_window_for=1.0).seconds_until(far) == 3600.0
        assert Patience(0.0, missed_window_for=900.0).seconds_until(far) == 900.0
        assert Patience(3600.0).seconds_until(None) == Patience(3600.0).seconds_until(1.0) == 0.0
