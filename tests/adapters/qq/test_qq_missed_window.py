"""What can no longer be an answer waits, if it is to, until somebody writes: in memory, over a restart, for a time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from contract import until
from qq_rig import Rig

from imbridge import Bridge, BridgeOptions
from imbridge.emulators.qq import Group
from imbridge.protocol import DeliveryState, Message, Receipt
from imbridge.storage import BaseStorage, Box, EntryState, MemoryStorage, SqlStorage

PENDING, SENT, FAILED = DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.FAILED


def waiting(rig: Rig, storage: BaseStorage, **options: Any) -> tuple[Bridge, list[Receipt]]:
    given = BridgeOptions(**{"on_missed_window": "wait", **options})
    bridge = Bridge([rig.config()], options=given, storage=storage)
    ends: list[Receipt] = []
    bridge.on_receipt(ends.append)

    @bridge.on_message
    async def answer(msg: Message) -> str:
        return f"you said {msg.text}"

    return bridge, ends


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> BaseStorage:
    return MemoryStorage() if request.param == "memory" else SqlStorage(tmp_path / "bridge.db")


async def test_it_is_said_when_somebody_writes(rig: Rig, team: Group, storage: BaseStorage) -> None:
    bridge, ends = waiting(rig, storage)
    async with bridge:
        address = rig.target(team).channel.address
        news, more = await asyncio.gather(bridge.send(address, "news", key="n"), bridge.send(address, "more"))
        assert news.state is more.state is PENDING
        assert news.error.startswith("kept until somebody writes there, at most until ")
        await rig.alice.says("hello", chat=team, mentions=[rig.bot])
        await rig.alice.receives("you said hello", chat=team)
        await until(lambda: len(ends) == 2)
        assert bridge.counters()["bridge"]["delivery_window_missed"] == 1
    assert [message.text for message in rig.sent()] == ["news", "more", "you said hello"]
    assert [end.state for end in ends] == [SENT, SENT]
    assert ends[0].key == "n"


async def test_it_waits_over_a_restart(rig: Rig, team: Group, tmp_path: Path) -> None:
    bridge, ends = waiting(rig, SqlStorage(tmp_path / "bridge.db"))
    async with bridge:
        assert (await bridge.send(rig.target(team).channel.address, "news")).state is PENDING
    assert ends == []
    bridge, ends = waiting(rig, SqlStorage(tmp_path / "bridge.db"))
    async with bridge:
        await rig.alice.says("hello", chat=team, mentions=[rig.bot])
        await rig.alice.receives("you said hello", chat=team)
    assert [message.text for message in rig.sent()] == ["news", "you said hello"]
    assert ends[0].state is SENT


async def test_it_does_not_wait_for_ever(rig: Rig, team: Group, tmp_path: Path) -> None:
    storage = SqlStorage(tmp_path / "bridge.db")
    bridge, ends = waiting(rig, storage, missed_window_for=0.3)
    async with bridge:
        assert (await bridge.send(rig.target(team).channel.address, "news")).state is PENDING
        await until(lambda: ends)
        (dead,) = await storage.kept(Box.OUTBOX, EntryState.DEAD)
        assert dead.text == "news"
    assert [end.state for end in ends] == [FAILED]


async def test_it_fails_at_once_unless_it_is_to_wait(rig: Rig, team: Group, storage: BaseStorage) -> None:
    bridge, ends = waiting(rig, storage, on_missed_window="fail")
    async with bridge:
        receipt = await bridge.send(rig.target(team).channel.address, "news")
    assert (receipt.state, receipt.code) == (FAILED, 40034102)
    assert ends == []
