"""What may have arrived: sent again where the platform knows it again, else as the settings say; never in silence."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from outbox_world import ROBOT, app_of, hurried
from runtime_world import counts, texts, until

from imbridge.protocol import DeliveryState
from imbridge.storage import Box, EntryState, SqlStorage


async def test_a_lost_answer_is_repeated_at_least_once(feishu, robot) -> None:
    bridge, ends = hurried(robot)
    async with bridge:
        feishu.faults.lose_answer("*/hook/*")
        told = await bridge.send(ROBOT, "hi", key="k")
        assert (told.state, bool(told), told.key) == (DeliveryState.PENDING, False, "k")
        assert "kept, and tried again until" in told.error
        await until(lambda: ends)
        assert counts(bridge)["delivery_perhaps_twice"] == 1
        again = await bridge.send(ROBOT, "hi", key="k")
    assert texts(feishu) == ["hi", "hi"]
    assert [(end.state, end.perhaps_twice, end.key) for end in ends] == [(DeliveryState.SENT, True, "k")]
    assert again == ends[0].model_copy(update={"repeated": True})


async def test_a_lost_answer_is_not_repeated_at_most_once(feishu, robot) -> None:
    bridge, ends = hurried(robot, on_unclear="at_most_once")
    async with bridge:
        feishu.faults.lose_answer("*/hook/*")
        receipt = await bridge.send(ROBOT, "hi", key="k")
        assert (receipt.state, receipt.perhaps_twice) == (DeliveryState.UNKNOWN, False)
        again = await bridge.send(ROBOT, "hi", key="k")  # nor is it by whoever says it again
        assert (again.state, again.repeated) == (DeliveryState.UNKNOWN, True)
    assert texts(feishu) == ["hi"]
    assert ends == []


async def test_what_stays_unclear_is_not_sent_for_ever(feishu, robot) -> None:
    bridge, ends = hurried(robot)
    async with bridge:
        with feishu.faults.http_fail("*/hook/*", 502, times=None) as fault:
            await bridge.send(ROBOT, "hi")
            await until(lambda: ends)
        assert fault.hits == 8
    assert [end.state for end in ends] == [DeliveryState.UNKNOWN]


async def test_where_there_is_a_key_it_is_repeated_with_it(feishu) -> None:
    app, alice = app_of(feishu, send_timeout=0.5)
    bridge, ends = hurried(app, on_unclear="at_most_once")
    async with bridge:
        with feishu.faults.lose_answer("*/im/v1/messages", times=None):
            assert (await bridge.send(alice, "hi")).state is DeliveryState.PENDING
        await until(lambda: ends)
    assert texts(feishu) == ["hi"]
    assert [(end.state, end.perhaps_twice) for end in ends] == [(DeliveryState.SENT, False)]


@pytest.mark.parametrize(
    ("on_unclear", "shown", "end"),
    [
        ("at_least_once", ["hi"], (DeliveryState.SENT, True)),
        ("at_most_once", [], (DeliveryState.UNKNOWN, False)),
    ],
)
async def test_what_was_under_way_at_the_end(feishu, robot, tmp_path: Path, on_unclear, shown, end) -> None:
    bridge, _ = hurried(robot, storage=SqlStorage(tmp_path / "bridge.db"))
    await bridge.start()
    delayed = feishu.faults.http_delay("*/hook/*", 30.0)
    sending = asyncio.create_task(bridge.send(ROBOT, "hi"))
    await until(lambda: delayed.hits)  # it has left; whether it arrived nobody can know here
    await bridge.stop(grace=0)
    assert (await sending).state is DeliveryState.PENDING
    bridge, ends = hurried(robot, storage=SqlStorage(tmp_path / "bridge.db"), on_unclear=on_unclear)
    async with bridge:
        await until(lambda: ends)
    assert texts(feishu) == shown
    assert [(one.state, one.perhaps_twice) for one in ends] == [end]


async def test_what_was_under_way_is_shown_once_where_there_is_a_key(feishu, tmp_path: Path) -> None:
    app, alice = app_of(feishu)
    bridge, _ = hurried(app, storage=SqlStorage(tmp_path / "bridge.db"))
    await bridge.start()
    feishu.faults.http_delay("*/im/v1/messages", 1.0, accepted=True)
    sending = asyncio.create_task(bridge.send(alice, "hi"))
    await until(lambda: texts(feishu))
    await bridge.stop(grace=0)
    assert (await sending).state is DeliveryState.PENDING
    bridge, ends = hurried(app, storage=SqlStorage(tmp_path / "bridge.db"), on_unclear="at_most_once")
    async with bridge:
        await until(lambda: ends)
    assert texts(feishu) == ["hi"]
    assert [(one.state, one.perhaps_twice) for one in ends] == [(DeliveryState.SENT, False)]


async def test_parts_that_arrived_are_not_sent_again(feishu, robot, tmp_path: Path) -> None:
    """The bridge ends while the third part of three is under way."""
    said = " ".join(f"word{number}" for number in range(5_000))
    bridge, _ = hurried(robot, storage=SqlStorage(tmp_path / "bridge.db"))
    await bridge.start()
    arrived = feishu.faults.http_delay("*/hook/*", 0.01, times=2)
    delayed = arrived.on_clear(lambda: third.append(feishu.faults.http_delay("*/hook/*", 30.0)))
    third: list[Any] = []
    sending = asyncio.create_task(bridge.send(ROBOT, said))
    await until(lambda: delayed.hits == 2 and third[0].hits)
    await bridge.stop(grace=0)
    assert len((await sending).parts) == len(feishu.messages) == 2
    kept = SqlStorage(tmp_path / "bridge.db")
    await kept.open()
    assert len(await kept.kept(Box.OUTBOX, EntryState.PENDING)) == 1
    await kept.close()
    bridge, ends = hurried(robot, storage=SqlStorage(tmp_path / "bridge.db"))
    async with bridge:
        await until(lambda: ends)
    assert " ".join(texts(feishu)).split() == said.split()
    assert [(one.state, len(one.parts), one.perhaps_twice) for one in ends] == [(DeliveryState.SENT, 3, True)]
