"""What the tests of the QQ adapter share: a platform with one bot, and adapters made on demand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rigs import BaseRig

from imbridge.adapters.base import Target
from imbridge.adapters.notes import MemoryNotes, Notes
from imbridge.adapters.qq import QQAdapter, QQConfig
from imbridge.emulators.qq import Bot, BotMessage, EmulatorSettings, Group, QQEmulator, User
from imbridge.protocol import Channel, ChannelKind
from imbridge.transport import Backoff, HttpPool, LinkOptions

SECRET = "canary-app-secret"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
FAST = EmulatorSettings(redelivery=(0.05, 0.1), rate_limits=False, heartbeat_interval=5.0, max_concurrency=32)
"""Short waits, and no rates; everything else as on the platform."""


class Rig(BaseRig[QQAdapter]):
    """An emulated platform with one bot, one person, and adapters made on demand."""

    def __init__(self, qq: QQEmulator, pool: HttpPool) -> None:
        super().__init__(pool)
        self.qq = qq
        self.bot: Bot = qq.add_bot("Demo", secret=SECRET)
        self.alice: User = qq.add_user("Alice")
        self.notes: Notes = MemoryNotes()

    def config(self, **settings: Any) -> QQConfig:
        """The settings of the bot's account."""
        own = {
            "name": "work", "app_id": self.bot.app_id, "secret": self.bot.secret,
            "api_base_url": self.qq.base_url, "token_url": self.qq.token_url,
        }  # fmt: skip
        return QQConfig(**own | settings)

    def make(
        self, *, options: LinkOptions | None = None, intake: Any = None, notes: Notes | None = None, **settings: Any
    ) -> QQAdapter:
        """An adapter that is not started. All of them share the rig's notes, as one process after another would."""
        adapter = QQAdapter(self.config(**settings), self.context(intake, notes or self.notes), link_options=options)
        adapter.api.caller.backoff = Backoff(0.02, 0.1)
        self.adapters.append(adapter)
        return adapter

    def target(self, where: User | Group | None = None, **facts: Any) -> Target:
        """A person's single chat (Alice's, when left out) or a group."""
        where = where or self.alice
        if isinstance(where, Group):
            kind, identity = ChannelKind.GROUP, self.qq.group_openid(where, self.bot)
        else:
            kind, identity = ChannelKind.PRIVATE, where.openid_for(self.bot)
        return Target(Channel(platform="qq", account="work", kind=kind, id=identity), **facts)

    def group_openid(self, group: Group) -> str:
        """What the bot knows a group by."""
        return self.qq.world.people.group_openid(group, self.bot)

    def sent(self) -> list[BotMessage]:
        """What the bot has said and not taken back."""
        return [message for message in self.qq.messages if not message.recalled]


@asynccontextmanager
async def rigged(settings: EmulatorSettings | None = None) -> AsyncIterator[Rig]:
    """A rig, from start to end."""
    async with QQEmulator(settings=settings or FAST) as qq, HttpPool(trust_env=False) as pool:
        rig = Rig(qq, pool)
        yield rig
        await rig.close()
