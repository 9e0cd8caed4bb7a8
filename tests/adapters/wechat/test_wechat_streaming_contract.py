"""WeChat keeps the contract of answers that grow: they come whole, at their end."""

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from served import served
from streaming_contract import StreamStage, WholeContract
from wechat_rig import Rig

from imbridge import Bridge
from imbridge.adapters.wechat import WeChatConfig


class WeChatStage(StreamStage):
    grows = False

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    def config(self) -> WeChatConfig:
        return self.rig.config()

    async def says(self, text: str) -> None:
        await self.rig.alice.says(text)

    def serving(self, bridge: Bridge) -> AbstractAsyncContextManager[Any]:
        @asynccontextmanager
        async def serve() -> Any:
            async with served(bridge.asgi()) as url:
                await self.rig.wechat.set_callback(self.rig.account, f"{url}/wechat/work")
                yield

        return serve()

    def shown(self) -> list[str]:
        return [message.text for message in self.rig.wechat.messages]

    def finished(self) -> bool:
        return True

    def violations(self) -> list[Any]:
        return list(self.rig.wechat.violations)

    def connected(self) -> bool:
        return True

    def lose_update(self) -> None: ...
    def cut_update(self) -> None: ...
    def too_fast(self) -> None: ...
    def close_stream(self) -> None: ...
    def half_open(self) -> None: ...
    def slow(self, seconds: float) -> None: ...


class TestWeChat(WholeContract):
    @pytest.fixture
    def stage(self, rig: Rig) -> WeChatStage:
        return WeChatStage(rig)
