"""Many messages as fast as they go, one slow skill beside fast ones: what is held is bounded, all of it is handled.

`FLOOD=50000 pytest -s tests/runtime/test_runtime_flood.py` is the long form; the figures are printed.
"""

import asyncio
import os
import resource
import statistics
import time
import weakref
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from runtime_world import account, counts, emulated, until
from storage_double import GroupCommitStorage

from imbridge import Bridge, BridgeOptions, Channel, ChannelKind, Message, Sender, Text
from imbridge.adapters.base import Inbound, Verdict
from imbridge.runtime.intake import storing
from imbridge.skills import command_skill, message_skill
from imbridge.storage import BaseStorage, MemoryStorage, SqlStorage

FLOOD = int(os.environ.get("FLOOD", "6000"))
LANES = 20
ROOM = BridgeOptions(max_waiting=60, lane_length=8, max_lanes=10, typing_after=None)
KEY = "feishu:work"


class Platform:
    """Brings what it holds until it is taken, each chat in order, and knows how many of its messages are in memory."""

    def __init__(self, bridge: Bridge, count: int) -> None:
        self.bridge = bridge
        self.count = count
        self.alive: weakref.WeakValueDictionary[int, Message] = weakref.WeakValueDictionary()
        self.most_alive = self.most_waiting = self.refused = 0

    def message(self, number: int) -> Message:
        chat = number % LANES
        text = f"{'/slow' if chat == 0 else 'fast'} {number}"
        channel = Channel(platform="feishu", account="work", kind=ChannelKind.PRIVATE, id=f"oc_{chat}")
        message = Message(
            id=f"om_{number}",
            channel=channel,
            sender=Sender(id=f"ou_{chat}"),
            elements=(Text(text),),
            text=text,
            raw=text,
            timestamp=datetime.now(UTC),
            payload={"content": "x" * 1000},
        )
        self.alive[number] = message
        return message

    async def bring(self) -> None:
        """In rounds: what is refused comes again in the next one, with all that was said after it in its chat."""
        chats: dict[int, list[int]] = defaultdict(list)
        for number in range(self.count):
            chats[number % LANES].append(number)
        for numbers in chats.values():
            numbers.reverse()
        while chats:
            await asyncio.gather(*(self._offer(chats, chat) for chat in tuple(chats)))
            await asyncio.sleep(0.001)

    async def _offer(self, chats: dict[int, list[int]], chat: int) -> None:
        numbers = chats[chat]
        offered = numbers[: -ROOM.lane_length - 1 : -1]
        verdicts = await asyncio.gather(
            *(self.bridge._take_in(KEY, Inbound(self.message(number), (f"om_{number}",))) for number in offered)
        )
        taken = next((i for i, one in enumerate(verdicts) if one is Verdict.OVERLOADED), len(verdicts))
        self.refused += len(verdicts) - taken
        del numbers[len(numbers) - taken :]
        if not numbers:
            del chats[chat]
        held = counts(self.bridge)
        self.most_alive = max(self.most_alive, len(self.alive))
        self.most_waiting = max(self.most_waiting, held["waiting"] + held["storing"])


@asynccontextmanager
async def flooded(storage: BaseStorage) -> AsyncIterator[tuple[Bridge, dict[int, list[int]], asyncio.Event]]:
    """A bridge whose skills say nothing, so that the platform's API is not what is measured."""
    heard: dict[int, list[int]] = defaultdict(list)
    go = asyncio.Event()

    async def slow(msg: Message) -> None:
        await go.wait()
        heard[0].append(int(msg.text.split()[1]))

    async def fast(msg: Message) -> None:
        number = int(msg.text.split()[1])
        heard[number % LANES].append(number)

    async with emulated() as feishu:
        skills = [command_skill(slow, "slow"), message_skill(fast)]
        app = feishu.add_app()
        async with Bridge([account(feishu, app)], skills=skills, options=ROOM, storage=storage) as bridge:
            yield bridge, heard, go


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_what_is_held_is_bounded_and_all_of_it_is_handled_in_order(kind: str, tmp_path: Path) -> None:
    storage = MemoryStorage(max_keys=FLOOD) if kind == "memory" else SqlStorage(tmp_path / "flood.db")
    count = FLOOD if kind == "memory" else FLOOD // 10
    async with flooded(storage) as (bridge, heard, go):
        platform, began = Platform(bridge, count), time.perf_counter()
        bringing = asyncio.create_task(platform.bring())
        fast = count - len(range(0, count, LANES))
        await until(lambda: sum(map(len, heard.values())) == fast, timeout=300, what="all that is fast")
        assert not bringing.done(), "the slow one's chat is full, and holds up no other"
        assert bridge.counters()[KEY]["refused"] > 0
        go.set()
        await bringing
        await until(lambda: counts(bridge)["handled"] == count, timeout=60)
        took = time.perf_counter() - began
        # What waits or is being stored, what is at work, and what the platform has in hand in a round.
        assert platform.most_waiting <= ROOM.max_waiting
        assert platform.most_alive <= ROOM.max_waiting + ROOM.max_lanes + LANES * ROOM.lane_length
        for chat in range(LANES):
            assert heard[chat] == list(range(chat, count, LANES)), "in order, each once"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"\n{kind}: {count} messages in {took:.1f} s, {platform.refused} refusals, at most {platform.most_alive} "
            f"messages in memory and {platform.most_waiting} waiting; the process' peak is {peak} MiB"
        )


async def test_while_the_storage_hangs_refusals_need_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "STALLED_AFTER", 0.05)
    storage = GroupCommitStorage()
    async with flooded(storage) as (bridge, _, go):
        go.set()
        storage.held.clear()
        platform = Platform(bridge, FLOOD)
        first = bridge._take_in(KEY, Inbound(platform.message(1), ("om_1",)))
        assert await first is Verdict.OVERLOADED
        waits = []
        for number in range(2, FLOOD):
            inbound = Inbound(platform.message(number), (f"om_{number}",))
            began = time.perf_counter()
            offered = bridge._take_in(KEY, inbound)
            waits.append(time.perf_counter() - began)
            assert offered.result() is Verdict.OVERLOADED, "at once"
            del inbound, offered
            assert len(platform.alive) <= 2
        assert len(storage._queue) == 1
        p99 = statistics.quantiles(waits, n=100)[98] * 1e6
        print(f"\n{len(waits)} refusals, {statistics.median(waits) * 1e6:.0f} us each, 99 of 100 under {p99:.0f} us")
        storage.held.set()
        await until(lambda: counts(bridge)["handled"] == 1)
