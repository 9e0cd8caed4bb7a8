"""WeCom keeps the contract of answers that grow: smart bots in streams, over both of their ways; apps answer whole."""

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from served import served
from streaming_contract import StreamingContract, StreamStage, WholeContract
from wecom_bot_rig import BotRig
from wecom_rig import Rig

from imbridge import Bridge
from imbridge.adapters.wecom import WeComConfig
from imbridge.adapters.wecom.bot import adapter, calls, streaming
from imbridge.transport import Backoff, LinkOptions

RESPOND = "aibot_respond_msg"


class BotStage(StreamStage):
    thinks = True
    closed_is_over = True

    def __init__(self, bots: BotRig) -> None:
        self.bots = bots
        self.faults = bots.platform.faults

    def config(self) -> WeComConfig:
        return self.bots.config()

    def quicken(self, bridge: Bridge) -> None:
        bridge.adapter("wecom:bot").caller.backoff = Backoff(0.02, 0.1)  # type: ignore[attr-defined]

    async def says(self, text: str) -> None:
        await self.bots.alice.says(text, bot=self.bots.bot)

    def shown(self) -> list[str]:
        return self.bots.shown()

    def finished(self) -> bool:
        return all(message.finished for message in self.bots.platform.messages)

    def violations(self) -> list[Any]:
        return list(self.bots.platform.violations)

    def connected(self) -> bool:
        return bool(self.bots.platform.subscribed(self.bots.bot))

    def lose_update(self) -> None:
        self.faults.lose_acks(RESPOND)

    def cut_update(self) -> None:
        self.faults.cut_after_accept(RESPOND)

    def too_fast(self) -> None:
        self.faults.refuse(RESPOND, 45009, times=1)

    def close_stream(self) -> None:
        self.faults.refuse(RESPOND, 846608, times=None)

    def half_open(self) -> None:
        self.faults.half_open(self.bots.bot)

    def slow(self, seconds: float) -> None:
        self.faults.delay_acks(seconds, RESPOND, times=3)


class CallbackStage(BotStage):
    def quicken(self, bridge: Bridge) -> None:
        return

    def config(self) -> WeComConfig:
        return self.bots.callback_config()

    def serving(self, bridge: Bridge) -> AbstractAsyncContextManager[Any]:
        @asynccontextmanager
        async def serve() -> Any:
            async with served(bridge.asgi()) as url:
                await self.bots.platform.set_callback(self.bots.bot, f"{url}/wecom/bot")
                yield

        return serve()


class AppStage(StreamStage):
    grows = False

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    def config(self) -> WeComConfig:
        app = self.rig.app
        return WeComConfig(
            name="work", corp_id=app.corp_id, secret=app.secret, agent_id=app.agent_id, token=app.token,
            aes_key=app.aes_key, base_url=self.rig.wecom.base_url,
        )  # fmt: skip

    async def says(self, text: str) -> None:
        await self.rig.alice.says(text, app=self.rig.app)

    def serving(self, bridge: Bridge) -> AbstractAsyncContextManager[Any]:
        @asynccontextmanager
        async def serve() -> Any:
            async with served(bridge.asgi()) as url:
                await self.rig.wecom.set_callback(self.rig.app, f"{url}/wecom/work")
                yield

        return serve()

    def shown(self) -> list[str]:
        return [message.text for message in self.rig.shown]

    def finished(self) -> bool:
        return True

    def violations(self) -> list[Any]:
        return list(self.rig.wecom.violations)

    def connected(self) -> bool:
        return True

    def lose_update(self) -> None: ...
    def cut_update(self) -> None: ...
    def too_fast(self) -> None: ...
    def close_stream(self) -> None: ...
    def half_open(self) -> None: ...
    def slow(self, seconds: float) -> None: ...


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming.BotStream, "interval", 0.02)
    monkeypatch.setattr(calls, "ACK_WITHIN", 0.2)
    monkeypatch.setattr(adapter, "_OPTIONS", LinkOptions(ping_interval=0.2, ping_timeout=0.4))


class TestLongConnection(StreamingContract):
    @pytest.fixture
    def stage(self, bots: BotRig) -> BotStage:
        return BotStage(bots)


class TestCallbacks(WholeContract):
    @pytest.fixture
    def stage(self, bots: BotRig) -> BotStage:
        return CallbackStage(bots)


class TestApp(WholeContract):
    @pytest.fixture
    def stage(self, rig: Rig) -> AppStage:
        return AppStage(rig)
