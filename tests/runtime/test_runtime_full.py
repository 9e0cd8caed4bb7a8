"""A full inbox on every platform: it is told to come again, or is not read; all it holds arrives, nothing twice."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from full_stages import PEOPLE, STAGES
from runtime_world import skill, until
from served import served

from imbridge import Bridge, BridgeOptions
from imbridge.adapters import taking
from imbridge.storage import MemoryStorage, SqlStorage

EACH = 5
ROOM = BridgeOptions(max_waiting=5, lane_length=3, max_lanes=2, typing_after=None)


class Gated:
    """A skill that begins when it is let."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self.go = asyncio.Event()

    async def __call__(self, msg: Any) -> str:
        self.heard[msg.text] += 1
        await self.go.wait()
        return f"did {msg.text}"


@pytest.mark.parametrize(("name", "durable"), [*((name, False) for name in STAGES), ("feishu", True), ("qq", True)])
async def test_all_that_a_platform_holds_arrives_once(
    name: str, durable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name in ("dingtalk", "qq"):
        monkeypatch.setattr(taking, "MOST_WAITING", 4)
    gated = Gated()
    said = [f"{person} {number}" for number in range(EACH) for person in range(PEOPLE)]
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(STAGES[name]())
        storage = SqlStorage(tmp_path / "bot.db") if durable else MemoryStorage()
        made = Bridge([stage.account], skills=[skill(gated)], options=ROOM, storage=storage)
        bridge = await stack.enter_async_context(made)
        if stage.set_callback is not None:
            await stage.set_callback(await stack.enter_async_context(served(bridge.asgi())))
        key = stage.account.key

        def counted(what: str) -> int:
            return int(bridge.counters()[key].get(what, 0))

        async with asyncio.TaskGroup() as group:
            for text in said:  # some platforms' people wait until what they say is taken
                group.create_task(stage.says(int(text[0]), text))
                await asyncio.sleep(0.005)
            await until(lambda: counted("refused") > 0, what="a full inbox")
            await until(lambda: len(gated.heard) == 2)
            await asyncio.sleep(0.15)
            assert counted("waiting") <= ROOM.max_waiting
            if name in ("dingtalk", "qq"):
                # Two at work, five wait, one is offered and four wait for that, one is in hand: the rest is not read.
                assert counted("events") <= 2 + 5 + 1 + 4 + 1 < len(said)
                assert (counted("connects"), counted("drops"), counted("watchdog_kills")) == (1, 0, 0)
            if name == "qq":  # its own heartbeat goes on while nothing is read
                before = counted("pings")
                await until(lambda: counted("pings") > before + 3, what="heartbeats")
            gated.go.set()
        await until(lambda: sum(gated.heard.values()) >= len(said), timeout=30, what="all that was said")
        await until(lambda: len(stage.answers()) >= len(said), timeout=30, what="all answers")
        await asyncio.sleep(0.05)
        assert gated.heard == Counter(said)
        assert sorted(stage.answers()) == sorted(f"did {text}" for text in said)
        assert (counted("lost"), counted("waiting"), counted("storing")) == (0, 0, 0)
        assert not stage.platform.violations
        if stage.is_read:
            assert counted("connects") == 1
