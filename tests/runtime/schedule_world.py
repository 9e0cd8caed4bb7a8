"""What the tests of schedules share: a clock that is set by hand, and bridges on an emulated Feishu that go by it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from runtime_world import account, emulated, texts

from imbridge import Bridge, testing
from imbridge.emulators.feishu import App, FeishuEmulator
from imbridge.storage import BaseStorage

ZONE = ZoneInfo("Asia/Shanghai")


class HandClock(testing.HandClock):
    """Set by texts, in Shanghai."""

    def __init__(self, text: str = "2026-06-01 08:00") -> None:
        super().__init__(datetime.fromisoformat(text).replace(tzinfo=ZONE))

    async def set(self, moment: datetime | str) -> None:
        await super().set(datetime.fromisoformat(str(moment)).replace(tzinfo=ZONE))


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
