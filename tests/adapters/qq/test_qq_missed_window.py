"""What can no longer be an answer waits, if it is to, until somebody writes: in memory, over a restart, for a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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
    given = BridgeOptions(**{"on_missed_window": "push_or_wait", **options})
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
    assert [[one.what for one in end.degradations] for end in ends] == [["time"], []]


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
    bridge, ends = waiting(rig, storage, on_missed_window="push")
    async with bridge:
        receipt = await bridge.send(rig.target(team).channel.address, "news")
    assert (receipt.state, receipt.code) == (FAILED, 40034102)
    assert ends == []


class TestAnAnswerThatComesTooLate:
    """In a group where the bot may speak first, which not every setting makes use of."""

    @pytest.fixture
    def late(self, rig: Rig, team: Group) -> Callable[..., Any]:
        rig.bot.active = True

        @asynccontextmanager
        async def answered(**options: Any) -> AsyncIterator[tuple[Receipt, list[Receipt]]]:
            bridge = Bridge([rig.config()], options=BridgeOptions(durability="memory", **options))
            ends: list[Receipt] = []
            bridge.on_receipt(ends.append)
            receipts: list[Receipt] = []

            @bridge.on_message
            async def answer(msg: Message) -> str | None:
                if msg.text != "go":
                    return f"you said {msg.text}"
                rig.qq.pass_time(301)
                receipts.append(await msg.reply("late"))
                return None

            async with bridge:
                await rig.alice.says("go", chat=team, mentions=[rig.bot])
                await until(lambda: receipts)
                yield receipts[0], ends

        return answered

    @pytest.mark.parametrize("options", [{}, {"on_missed_window": "push"}, {"on_missed_window": "push_or_wait"}])
    async def test_is_pushed(self, rig: Rig, late: Callable[..., Any], options: dict[str, Any]) -> None:
        async with late(**options) as (receipt, _):
            assert receipt.state is SENT
        assert [(message.text, message.active) for message in rig.sent()] == [("late", True)]

    async def test_fails(self, rig: Rig, late: Callable[..., Any]) -> None:
        async with late(on_missed_window="fail") as (receipt, _):
            assert receipt.state is FAILED
            assert "on_missed_window" in receipt.error
        assert rig.sent() == []

    async def test_waits(self, rig: Rig, team: Group, late: Callable[..., Any]) -> None:
        async with late(on_missed_window="wait") as (receipt, ends):
            assert receipt.state is PENDING
            assert rig.sent() == []
            await rig.alice.says("hello", chat=team, mentions=[rig.bot])
            await rig.alice.receives("you said hello", chat=team)
            await until(lambda: ends)
            assert ends[0].state is SENT
        assert [(message.text, message.active) for message in rig.sent()] == [
            ("late", False),
            ("you said hello", False),
        ]


@pytest.mark.parametrize("setting", ["fail", "wait"])
async def test_what_answers_nothing_is_pushed_whatever_is_set(rig: Rig, team: Group, setting: str) -> None:
    rig.bot.active = True
    bridge, _ = waiting(rig, MemoryStorage(), on_missed_window=setting)
    async with bridge:
        assert (await bridge.send(rig.target(team).channel.address, "news")).state is SENT
