"""What the tests of the DingTalk adapter share: an organisation with one app, and adapters made on demand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rigs import BaseRig

from imbridge.adapters.base import Target
from imbridge.adapters.dingtalk import DingTalkAdapter, DingTalkConfig
from imbridge.emulators.dingtalk import App, BotMessage, DingTalkEmulator, EmulatorSettings, Group, User
from imbridge.protocol import Channel, ChannelKind
from imbridge.transport import Backoff, HttpPool, LinkOptions

SECRET = "canary-client-secret"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
FAST = EmulatorSettings(callback_timeout=10.0, card_callback_timeout=10.0, disconnect_linger=0.5, rate_limits=False)
"""Short waits, and no rates; a process that stands still for a moment is not asked twice."""


class Rig(BaseRig[DingTalkAdapter]):
    """An emulated organisation with one app, one person, and adapters made on demand."""

    def __init__(self, ding: DingTalkEmulator, pool: HttpPool) -> None:
        super().__init__(pool)
        self.ding = ding
        self.app: App = ding.add_app("Demo", client_secret=SECRET)
        self.alice: User = ding.add_user("Alice")

    def config(self, **settings: Any) -> DingTalkConfig:
        """The settings of the app's account."""
        ding = self.ding
        own = {
            "name": "work", "client_id": self.app.client_id, "client_secret": self.app.client_secret,
            "robot_code": self.app.robot_code, "base_url": ding.base_url, "oapi_url": ding.base_url,
            "login_url": ding.base_url, "corp_id": ding.corp_id,
        }  # fmt: skip
        return DingTalkConfig(**own | settings)

    def make(self, *, options: LinkOptions | None = None, intake: Any = None, **settings: Any) -> DingTalkAdapter:
        """An adapter that is not started."""
        adapter = DingTalkAdapter(self.config(**settings), self.context(intake), link_options=options)
        for caller in (adapter.api.caller, adapter.api.oapi):
            caller.backoff = Backoff(0.02, 0.1)
        self.adapters.append(adapter)
        return adapter

    def target(self, where: User | Group | None = None, **facts: Any) -> Target:
        """A person's private chat (Alice's, when left out) or a group."""
        where = where or self.alice
        if isinstance(where, Group):
            kind, identity = ChannelKind.GROUP, where.open_conversation_id
        else:
            kind, identity = ChannelKind.PRIVATE, where.userid or where.dingtalk_id
        return Target(Channel(platform="dingtalk", account="work", kind=kind, id=identity), **facts)

    def sent(self) -> list[BotMessage]:
        """What the app has said and not taken back."""
        return [message for message in self.ding.messages if not message.recalled]


@asynccontextmanager
async def rigged(settings: EmulatorSettings | None = None) -> AsyncIterator[Rig]:
    """A rig, from start to end."""
    async with DingTalkEmulator(settings=settings or FAST) as ding, HttpPool(trust_env=False) as pool:
        rig = Rig(ding, pool)
        yield rig
        await rig.close()
