"""What the tests of the WeCom adapter share: a platform with one corp, adapters made on demand, a web server each."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from contract import RecordingIntake, until
from served import served

from imbridge.adapters.base import AdapterContext, Health, Target
from imbridge.adapters.wecom import WeComAdapter, WeComConfig
from imbridge.emulators.wecom import App, WeComEmulator
from imbridge.protocol import Channel, ChannelKind, Element
from imbridge.rendering import Part, PartKind
from imbridge.transport import Backoff, HttpPool, WebhookApp

SECRET, TOKEN = "canary-corp-secret", "canary-token"
AES_KEY = "canaryAesKey1234567890abcdefghijklmnopqrstu"


class Rig:
    """An emulated WeCom with one app, one member, and adapters made on demand."""

    def __init__(self, wecom: WeComEmulator, pool: HttpPool) -> None:
        self.wecom = wecom
        self.pool = pool
        self.app: App = wecom.add_app("Demo Bot", secret=SECRET, token=TOKEN, aes_key=AES_KEY)
        self.alice = wecom.add_user("Alice")
        self.intake = RecordingIntake()
        self.health: list[tuple[Health, str]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.kept: dict[str, Any] = {}
        """What outlives an adapter: `notes`."""
        self._open = AsyncExitStack()
        wecom.wire.watch(self._watch)

    def _watch(self, direction: str, kind: str, facts: dict[str, Any]) -> None:
        self.calls.append((kind, facts))

    def make(self, *, intake: Any = None, **config: Any) -> WeComAdapter:
        """An adapter that is not started."""
        settings = {
            "name": "work", "corp_id": self.app.corp_id, "secret": self.app.secret, "agent_id": self.app.agent_id,
            "token": self.app.token, "aes_key": self.app.aes_key, "base_url": self.wecom.base_url,
        } | config  # fmt: skip
        context = AdapterContext(intake or self.intake, self.pool, self._on_health, **self.kept)
        adapter = WeComAdapter(WeComConfig(**settings), context)
        adapter.api.caller.backoff = Backoff(0.02, 0.1)
        self._open.push_async_callback(adapter.close)
        return adapter

    async def start(self, **config: Any) -> WeComAdapter:
        """An adapter that is started, and behind a web server that the platform knows."""
        adapter = self.make(**config)
        await adapter.start()
        await self.serve(adapter)
        return adapter

    async def serve(self, adapter: WeComAdapter) -> WebhookApp:
        """A web server for its callbacks."""
        app = WebhookApp(adapter.routes())
        url = await self._open.enter_async_context(served(app))
        await self.wecom.set_callback(self.app, f"{url}/wecom/work")
        return app

    def _on_health(self, adapter: Any, health: Health, reason: str) -> None:
        self.health.append((health, reason))

    async def close(self) -> None:
        for inbound in self.intake.offered:  # the runtime would have let them go
            if inbound.answer is not None:
                inbound.answer.release()
        await self._open.aclose()

    async def takes_in(self, number: int = 1) -> list[Any]:
        """What was taken in, once it is so much."""
        await until(lambda: len(self.intake.offered) >= number, f"{number} deliveries")
        return self.intake.items

    @property
    def shown(self) -> list[Any]:
        """The app's messages that are still there."""
        return [message for message in self.wecom.messages if not message.recalled]


def channel(userid: str = "alice", kind: ChannelKind = ChannelKind.PRIVATE) -> Channel:
    return Channel(platform="wecom", account="work", kind=kind, id=userid)


def to(userid: str = "alice", kind: ChannelKind = ChannelKind.PRIVATE, **facts: Any) -> Target:
    return Target(channel(userid, kind), **facts)


def part(kind: PartKind, *elements: Element) -> Part:
    return Part(kind, elements)


@asynccontextmanager
async def rigged(settings: Any) -> AsyncIterator[Rig]:
    async with WeComEmulator(settings=settings) as wecom, HttpPool(trust_env=False) as pool:
        made = Rig(wecom, pool)
        try:
            yield made
        finally:
            await made.close()
