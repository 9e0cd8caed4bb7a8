"""Two bots of one bridge, Ann and Bea, in one group of an emulated Feishu."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from runtime_world import account, emulated

from imbridge import Bridge, BridgeOptions, Message
from imbridge.emulators.feishu import App, Chat, FeishuEmulator, User


@dataclass
class Scene:
    """Two bots in one group, Ann and Bea, and who is in it too."""

    feishu: FeishuEmulator
    alice: User
    ann: App
    bea: App
    group: Chat
    bridge: Bridge
    heard: list[Message] = field(default_factory=list)

    def by(self, name: str) -> list[Message]:
        """What a bot heard of other bots."""
        return [msg for msg in self.heard if msg.channel.account == name and msg.sender.is_bot]

    async def quiet(self) -> None:
        """Wait until all that was taken in is handled and said."""
        idle = False
        while not idle:
            await self.bridge._handling.inbox.drain()
            await self.bridge._delivery.drain()
            idle = self.bridge._handling.inbox.idle and self.bridge._delivery.idle


Answer = Callable[[Message], Any]


def asks_back(other: str) -> Answer:
    """Calls the other bot, unless somebody says that they meet."""
    return lambda msg: None if "meet" in msg.raw else f"@{other} and you?"


@asynccontextmanager
async def two(
    ann: Answer,
    bea: Answer = lambda msg: None,
    *,
    options: BridgeOptions | None = None,
    more: dict[str, Any] | None = None,
    ann_app: dict[str, Any] | None = None,
    bea_app: dict[str, Any] | None = None,
    bea_there: bool = True,
    storage: Any = None,
) -> AsyncIterator[Scene]:
    async with emulated() as feishu:
        alice = feishu.add_user("Alice")
        first, second = feishu.add_app(name="Ann", **(ann_app or {})), feishu.add_app(name="Bea", **(bea_app or {}))
        group = feishu.add_group("Team", members=[alice], apps=[first, second] if bea_there else [first])
        accounts = [account(feishu, first, "ann"), account(feishu, second, "bea", **(more or {}))]
        bridge = Bridge(accounts, options=options, storage=storage)
        scene = Scene(feishu, alice, first, second, group, bridge)
        answers = {"ann": ann, "bea": bea}

        @bridge.on_message
        async def answer(msg: Message) -> Any:
            scene.heard.append(msg)
            if not msg.mentions_me:
                return None
            content = answers[msg.channel.account](msg)
            return await content if asyncio.iscoroutine(content) else content

        async with bridge:
            yield scene
