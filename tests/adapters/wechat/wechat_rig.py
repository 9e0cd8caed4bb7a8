"""What the tests of the WeChat adapter share: a platform with one account, and adapters made on demand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from contract import RecordingIntake, until
from pydantic import SecretStr
from served import served

from imbridge import Bridge
from imbridge.adapters.base import AdapterContext, Health, Target
from imbridge.adapters.wechat import WeChatAdapter, WeChatConfig
from imbridge.emulators.wechat import Follower, WeChatEmulator
from imbridge.protocol import Channel, ChannelKind, Element, Text
from imbridge.rendering import Part, PartKind
from imbridge.transport import Backoff, HttpPool

SECRET = "canary00app00secret0000000000000"
TOKEN = "canarytoken"


class Rig:
    """An emulated platform with one account, one follower, and adapters made on demand."""

    def __init__(self, wechat: WeChatEmulator, pool: HttpPool, mode: Any = "encrypted") -> None:
        self.wechat = wechat
        self.pool = pool
        self.account = wechat.add_account("Demo", mode=mode, secret=SECRET, token=TOKEN)
        self.alice: Follower = wechat.add_follower("Alice")
        self.intake = RecordingIntake()
        self.health: list[tuple[Health, str]] = []
        self.adapters: list[WeChatAdapter] = []
        self.kept: dict[str, Any] = {}
        """What outlives an adapter: `notes`."""
        self.requests: list[dict[str, Any]] = []
        wechat.wire.watch(self._watch)

    def _watch(self, direction: str, kind: str, facts: dict[str, Any]) -> None:
        if kind == "http":
            self.requests.append(facts)

    def config(self, **settings: Any) -> WeChatConfig:
        account = self.account
        given = {
            "name": "work", "app_id": account.app_id, "app_secret": account.secret, "token": account.token,
            "aes_key": None if account.mode == "plain" else account.aes_key, "base_url": self.wechat.base_url,
        } | settings  # fmt: skip
        return WeChatConfig(**{name: SecretStr(v) if name == "app_secret" else v for name, v in given.items()})

    def make(self, *, intake: Any = None, **settings: Any) -> WeChatAdapter:
        """An adapter that is not started."""
        context = AdapterContext(intake or self.intake, self.pool, self._on_health, **self.kept)
        adapter = WeChatAdapter(self.config(**settings), context)
        self.quicken(adapter)
        self.adapters.append(adapter)
        return adapter

    @staticmethod
    def quicken(adapter: WeChatAdapter) -> None:
        """Short waits between attempts."""
        for caller in (adapter.api.caller, adapter.api.people):
            caller.backoff = Backoff(0.05, 1.0)
        assert adapter.api.caller.tokens is not None
        adapter.api.caller.tokens._backoff = 0.02

    async def start(self, **settings: Any) -> WeChatAdapter:
        adapter = self.make(**settings)
        await adapter.start()
        return adapter

    async def close(self) -> None:
        for adapter in self.adapters:
            await adapter.close()

    def _on_health(self, adapter: Any, health: Health, reason: str) -> None:
        self.health.append((health, reason))

    def channel(self, follower: Follower | None = None) -> Channel:
        """The chat with a follower."""
        openid = (follower or self.alice).openid
        return Channel(platform="wechat", account="work", kind=ChannelKind.PRIVATE, id=openid)

    def target(self, **facts: Any) -> Target:
        """The chat with Alice."""
        return Target(self.channel(), **facts)

    async def intake_has(self, number: int) -> None:
        """Wait for so many deliveries."""
        await until(lambda: len(self.intake.offered) >= number, f"{number} deliveries")

    def calls(self, part: str) -> list[dict[str, Any]]:
        """The API calls whose path has this in it."""
        return [call for call in self.requests if part in call["path"]]


def text(*elements: Element | str) -> Part:
    """A text part."""
    return Part(PartKind.TEXT, tuple(Text(e) if isinstance(e, str) else e for e in elements))


@asynccontextmanager
async def running(rig: Rig, bridge: Bridge) -> AsyncIterator[WeChatAdapter]:
    """The bridge, started, behind a web server that the platform knows; gives its one adapter."""
    async with bridge:
        adapter = bridge._accounts["wechat:work"]
        assert isinstance(adapter, WeChatAdapter)
        rig.quicken(adapter)
        async with served(bridge.asgi()) as url:
            await rig.wechat.set_callback(rig.account, f"{url}/wechat/work")
            yield adapter
