"""A storage that does not answer: nothing gathers behind it, platforms are told at once, and nothing is lost."""

import asyncio
from typing import Any

import pytest
from runtime_world import account, counts, echo, emulated, settings, skill, texts, until
from storage_double import GroupCommitStorage

from imbridge import Bridge, BridgeOptions
from imbridge.adapters.base import Verdict
from imbridge.emulators.feishu import FeishuEmulator
from imbridge.runtime.intake import storing
from imbridge.runtime.intake.storing import Storing

SOON = {"redelivery": tuple(0.05 * number for number in range(1, 100))}


async def test_a_storage_that_hangs_is_given_nothing_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(storing, "STALLED_AFTER", 0.1)
    async with FeishuEmulator(settings=settings(**SOON)) as feishu:
        app, alice, storage = feishu.add_app(), feishu.add_user("Alice"), GroupCommitStorage()
        async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage) as bridge:
            storage.held.clear()
            await alice.says("0")
            await until(lambda: counts(bridge)["storing"] == 1)
            await asyncio.sleep(0.15)
            given = len(storage._queue)
            for number in range(1, 50):
                await alice.says(f"{number}")
            await until(lambda: counts(bridge)["overloaded"] >= 49)
            # The first one is delivered again meanwhile, for nobody acknowledges it: that is refused, too.
            assert len(storage._queue) == given == counts(bridge)["storing"]
            assert bridge.counters()["feishu:work"]["refused"] == counts(bridge)["overloaded"]
            await until(lambda: feishu.stats.acks_failed >= 49, what="the platform is told")
            assert bridge.counters()["feishu:work"]["storing"] == given
            assert caplog.text.count("the storage has not answered for") == 1
            monkeypatch.setattr(storing, "STALLED_AFTER", 60.0)
            storage.held.set()
            await until(lambda: len(feishu.messages) == 50, timeout=20)
            await until(lambda: feishu.unacknowledged_events(app) == 0)
            assert sorted(texts(feishu)) == sorted(f"echo: {number}" for number in range(50))
            assert caplog.text.count("the storage answers again") == 1
            assert bridge.counters()["feishu:work"]["storing"] == 0


async def test_of_what_is_being_stored_the_platform_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored it may be after all: then it is known when it comes again, and handled once."""
    monkeypatch.setattr(storing, "STALLED_AFTER", 0.1)
    heard: list[str] = []

    async def answer(msg: Any) -> str:
        heard.append(msg.text)
        return f"echo: {msg.text}"

    async with FeishuEmulator(settings=settings(redelivery=(1.0,))) as feishu:
        app, alice, storage = feishu.add_app(), feishu.add_user("Alice"), GroupCommitStorage()
        async with Bridge([account(feishu, app)], skills=[skill(answer)], storage=storage) as bridge:
            storage.held.clear()
            await alice.says("one")
            await until(lambda: feishu.stats.acks_failed == 1)
            assert (counts(bridge)["storing"], counts(bridge)["overloaded"]) == (1, 1)
            storage.held.set()
            await alice.receives("echo: one")
            await until(lambda: counts(bridge)["duplicate"] == 1)
            await until(lambda: feishu.unacknowledged_events(app) == 0)
            assert heard == ["one"]
            assert feishu.violations == []


async def test_what_nobody_brings_again_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call from bot to bot, a click."""
    monkeypatch.setattr(storing, "STALLED_AFTER", 0.05)
    loop = asyncio.get_running_loop()
    refused: list[str] = []
    watched = Storing(refused.append)
    stored, other, told = (loop.create_future() for _ in range(3))
    seen: list[asyncio.Future[bool]] = []
    watched.watch("a", "a/1", stored, seen.append)
    watched.watch("b", "b/1", other, seen.append, told)
    assert await told is Verdict.OVERLOADED
    assert refused == ["b"]
    assert watched.hangs
    stored.set_result(True)
    other.set_result(True)
    await watched.none()
    assert seen == [stored, other]


async def test_what_waits_and_what_is_stored_have_one_bound() -> None:
    """Else a commit brings more than there is room for, which is stored for nothing."""
    async with emulated(redelivery=SOON["redelivery"]) as feishu:
        release = asyncio.Event()

        async def slow(msg):
            await release.wait()
            return f"echo: {msg.text}"

        app, storage = feishu.add_app(), GroupCommitStorage(every=0.05)
        people = [feishu.add_user(f"U{number}") for number in range(12)]
        options = BridgeOptions(max_waiting=6, max_lanes=2)
        async with Bridge([account(feishu, app)], skills=[skill(slow)], storage=storage, options=options) as bridge:
            for person in people:
                await person.says("hi")
            await until(lambda: feishu.stats.acks_failed >= 4)
            await until(lambda: counts(bridge)["waiting"] == 6)
            # Two are at work: no more than these and the six were ever written.
            assert len(storage.disk.keys) <= (6 + 2) * 2
            release.set()
            await until(lambda: len(feishu.messages) == 12)
            await until(lambda: feishu.unacknowledged_events(app) == 0)
            assert feishu.violations == []


async def test_what_is_being_stored_is_counted_by_account_and_by_conversation() -> None:
    loop = asyncio.get_running_loop()
    watched = Storing(print)
    futures = [loop.create_future() for _ in range(3)]
    seen: list[asyncio.Future[bool]] = []
    for future, account_key, lane in zip(futures, "aab", ("a/1", "a/2", "b/1"), strict=True):
        watched.watch(account_key, lane, future, seen.append)
    assert (len(watched), watched.of("a"), watched.of("b")) == (3, 2, 1)
    assert (watched.in_lane("a/1"), watched.in_lane("a/2"), watched.in_lane("a/3")) == (1, 1, 0)
    for future in futures:
        future.set_result(True)
    await watched.none()
    assert seen == futures
    assert (len(watched), watched.of("a"), watched.in_lane("a/1")) == (0, 0, 0)
    assert not watched._in
    assert not watched.hangs


async def test_nothing_is_stored_for_which_its_conversation_has_no_room() -> None:
    """It would be forgotten again, and what comes after it could be handled before."""
    async with emulated(redelivery=SOON["redelivery"]) as feishu:
        release = asyncio.Event()
        heard: list[str] = []

        async def slow(msg):
            await release.wait()
            heard.append(msg.text)
            return f"echo: {msg.text}"

        app, alice, storage = feishu.add_app(), feishu.add_user("Alice"), GroupCommitStorage()
        options = BridgeOptions(lane_length=3)
        async with Bridge([account(feishu, app)], skills=[skill(slow)], storage=storage, options=options) as bridge:
            storage.held.clear()
            for number in range(10):
                await alice.says(f"{number}")
            await until(lambda: counts(bridge)["overloaded"] >= 7)
            assert counts(bridge)["storing"] == 3
            storage.held.set()
            await until(lambda: counts(bridge)["accepted"] == 3)
            release.set()
            await until(lambda: len(feishu.messages) == 10)
            assert heard[:3] == ["0", "1", "2"]
            assert sorted(heard) == [f"{number}" for number in range(10)]


async def test_a_storage_may_give_one_future_for_several() -> None:
    shared = asyncio.get_running_loop().create_future()
    watched, seen = Storing(print), []
    for _ in range(3):
        watched.watch("a", "a/1", shared, seen.append)
    shared.set_result(False)
    await watched.none()
    assert len(seen) == 3
    assert watched.of("a") == 0
