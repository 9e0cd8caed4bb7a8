"""What the tests of schedules share: a clock that is set by hand, and bridges on an emulated Feishu that go by it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from runtime_world import account, emulated, texts

from imbridge import Bridge
from imbridge.emulators.feishu import App, FeishuEmulator
from imbridge.runtime.scheduling import Clock
from imbridge.storage import BaseStorage

ZONE = ZoneInfo("Asia/Shanghai")


class HandClock(Clock):
    """Shows what it is set to."""

    def __init__(self, text: str = "2026-06-01 08:00") -> None:
        self._now = self._moment(text)
        self._moved = asyncio.Event()
        self._waiting = False

    def now(self) -> float:
        return self._now

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        assert seconds >= 0
        waits = [asyncio.create_task(each.wait(), name="clock") for each in (event, self._moved)]
        self._waiting = True
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting = False
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
        self._moved.clear()

    async def set(self, text: str) -> None:
        """Set it, and wait until what is due then is done."""
        await self._move(self._moment(text))

    async def forward(self, seconds: float) -> None:
        """Put it forward, as `set`."""
        await self._move(self._now + seconds)

    async def _move(self, now: float) -> None:
        self._now = now
        self._moved.set()
        await self.settled()

    async def settled(self) -> None:
        """Wait until nothing runs, and the scheduler has looked since."""
        end = time.monotonic() + 20
        quiet = 0
        while quiet < 3:  # between two looks nobody waits for a moment
            assert time.monotonic() < end, "the scheduler does not come to rest"
            await asyncio.sleep(0.005)
            running = any(task.get_name().startswith("job ") for task in asyncio.all_tasks())
            quiet = quiet + 1 if self._waiting and not self._moved.is_set() and not running else 0

    @staticmethod
    def _moment(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


class World:
    """An emulated Feishu with one app and a group, a clock, and bridges."""

    def __init__(self, feishu: FeishuEmulator, app: App) -> None:
        self.feishu, self.app = feishu, app
        self.clock = HandClock()
        self.user = feishu.add_user("Alice")
        self.room = feishu.add_group("group", members=[self.user], apps=[app])
        self.to = f"feishu:work/group/{self.room.chat_id}"

    def bridge(self, storage: BaseStorage | None = None, **more: Any) -> Bridge:
        return Bridge([account(self.feishu, self.app)], storage=storage, clock=self.clock, **more)

    @asynccontextmanager
    async def running(
        self, storage: BaseStorage | None = None, declare: Callable[[Bridge], Any] | None = None, **more: Any
    ) -> AsyncIterator[Bridge]:
        """A bridge that has looked for what is due already."""
        bridge = self.bridge(storage, **more)
        if declare is not None:
            declare(bridge)
        async with bridge:
            await self.clock.settled()
            yield bridge

    @property
    def said(self) -> list[str]:
        return texts(self.feishu)


@asynccontextmanager
async def scheduled_world(**more: Any) -> AsyncIterator[World]:
    async with emulated(**more) as feishu:
        yield World(feishu, feishu.add_app())
