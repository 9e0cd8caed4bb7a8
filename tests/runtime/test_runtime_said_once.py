"""One key is said once by an account: what waits is joined, what was said is told again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from outbox_world import ROBOT
from runtime_world import account, counts, skill, texts, until

from imbridge import Bridge, Reply, Text
from imbridge.protocol import DeliveryState, OverloadedError
from imbridge.storage import BaseStorage, MemoryStorage, SqlStorage


@pytest.fixture(params=["memory", "sqlite"])
def storage(request, tmp_path: Path) -> BaseStorage:
    return MemoryStorage() if request.param == "memory" else SqlStorage(tmp_path / "bridge.db")


async def test_a_key_is_said_once(feishu, robot, storage) -> None:
    async with Bridge([robot], storage=storage) as bridge:
        first = await bridge.send(ROBOT, "once", key="k")
        again = await bridge.send(ROBOT, "and again", key="k")
        other = await bridge.send(ROBOT, "other", key="l")
        assert counts(bridge)["delivery_repeated"] == 1
    assert texts(feishu) == ["once", "other"]
    assert (first.key, first.repeated, other.repeated) == ("k", False, False)
    assert again == first.model_copy(update={"repeated": True})


async def test_what_waits_is_joined(feishu, robot, storage) -> None:
    async with Bridge([robot], storage=storage) as bridge:
        with feishu.faults.http_delay("*/hook/*", 0.3):
            one, two = await asyncio.gather(*(bridge.send(ROBOT, "once", key="k") for _ in range(2)))
        assert counts(bridge)["delivery_joined"] == 1
    assert one is two
    assert (one.state, one.repeated) == (DeliveryState.SENT, False)
    assert texts(feishu) == ["once"]


async def test_what_failed_can_be_said_again(feishu, robot, storage) -> None:
    async with Bridge([robot], storage=storage) as bridge:
        with feishu.faults.http_fail("*/hook/*", 404, times=1):
            failed = await bridge.send(ROBOT, "hi", key="k")
        assert (failed.state, failed.key) == (DeliveryState.FAILED, "k")
        assert await bridge.send(ROBOT, "hi", key="k")
    assert texts(feishu) == ["hi"]


async def test_a_restart_remembers(feishu, robot, tmp_path: Path) -> None:
    async with Bridge([robot], storage=SqlStorage(tmp_path / "bridge.db")) as bridge:
        first = await bridge.send(ROBOT, "once", key="k")
    async with Bridge([robot], storage=SqlStorage(tmp_path / "bridge.db")) as bridge:
        again = await bridge.send(ROBOT, "once", key="k")
    assert texts(feishu) == ["once"]
    assert again == first.model_copy(update={"repeated": True})


async def test_a_skill_that_runs_again_says_nothing_twice(feishu, tmp_path: Path) -> None:
    """Its process ended after its answer and before the end of its handling, as if killed between two commits."""

    async def answer(msg):
        first = await msg.reply("first")
        seen.append(first.repeated)
        if len(seen) == 1:
            await asyncio.Event().wait()
        await msg.reply("second")

    seen: list[bool] = []
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    bridge = Bridge([account(feishu, app)], skills=[skill(answer)], storage=SqlStorage(tmp_path / "bridge.db"))
    await bridge.start()
    await alice.says("hi")
    await until(lambda: seen)
    await bridge.stop(grace=0)
    bridge = Bridge([account(feishu, app)], skills=[skill(answer)], storage=SqlStorage(tmp_path / "bridge.db"))
    async with bridge:
        await alice.receives("second")
        assert counts(bridge)["delivery_repeated"] == 1
    assert seen == [False, True]
    assert texts(feishu) == ["first", "second"]


async def test_keys_of_two_accounts_are_two(feishu, robot) -> None:
    twin = robot.model_copy(update={"name": "twin"})
    async with Bridge([robot, twin]) as bridge:
        for name in ("robot", "twin"):
            receipt = await bridge.send(f"feishu:{name}/group/hook", name, key="k")
            assert (receipt.state, receipt.repeated) == (DeliveryState.SENT, False)
    assert texts(feishu) == ["robot", "twin"]


async def test_a_reply_may_bring_its_key(feishu, robot, storage) -> None:
    async with Bridge([robot], storage=storage) as bridge:
        for _ in range(3):
            receipt = await bridge.send(ROBOT, Reply(elements=(Text("hi"),), key="mine"))
            assert receipt.key == "mine"
    assert texts(feishu) == ["hi"]


async def test_who_joins_what_cannot_be_kept_is_told(feishu, robot) -> None:
    class Full(MemoryStorage):
        def add_outbound(self, entry: Any) -> Any:
            kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(0.1, kept.set_exception, OverloadedError("no room"))
            return kept

    async with Bridge([robot], storage=Full()) as bridge:
        first = asyncio.create_task(bridge.send(ROBOT, "hi", key="k"))
        await asyncio.sleep(0)
        joined = await bridge.send(ROBOT, "hi", key="k")
        with pytest.raises(OverloadedError):
            await first
    assert (joined.state, joined.error) == (DeliveryState.FAILED, "no room")
    assert texts(feishu) == []
