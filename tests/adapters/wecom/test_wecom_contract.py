"""The contract that every adapter passes, for a self-built app of WeCom over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from contract import AdapterContract, Stage, until
from served import Flaky, served
from wecom_rig import AES_KEY, SECRET, TOKEN, Rig, to

from imbridge.adapters.base import Adapter
from imbridge.adapters.wecom import WeComAdapter
from imbridge.emulators.wecom import EmulatorSettings
from imbridge.transport import WebhookApp


class WeComStage(Stage):
    secrets = (SECRET, TOKEN, AES_KEY)

    def __init__(self, rig: Rig, adapter: WeComAdapter, server: Flaky) -> None:
        self.rig = rig
        self.adapter = adapter
        self.server = server
        self.intake = rig.intake
        self.target = to()

    async def says(self, text: str) -> str:
        """One after another: the platform does not promise the order of what is said in one moment."""
        before = len(self.intake.offered)
        sent = await self.rig.alice.says(text)
        await until(lambda: len(self.intake.offered) > before, f"{text!r} taken in")
        return sent.msg_id

    async def own_message(self, text: str) -> None:
        pytest.skip("WeCom does not deliver to an app what the app itself has said")

    def acknowledged(self) -> int:
        return self.rig.wecom.stats.callbacks_taken

    def shown(self) -> list[str]:
        return [message.text for message in self.rig.shown]

    def reactions(self, message_id: str) -> list[str]:
        raise AssertionError("WeCom knows no reactions")

    def expire_token(self) -> None:
        self.rig.wecom.faults.expire_tokens()

    def too_fast(self) -> None:
        self.rig.wecom.faults.refuse_send(45033)  # 45009 is waited for a minute

    def lose_answer(self) -> None:
        self.rig.wecom.faults.cut_after_accept()

    def drop_link(self) -> None:
        self.server.away = 1

    def with_wrong_credentials(self) -> Adapter:
        return self.rig.make(secret="not-the-secret")

    def violations(self) -> list[Any]:
        return self.rig.wecom.violations


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(redelivery=(0.05, 0.1, 0.2), verify_timeout=30.0)


@pytest.fixture(params=[0.0, 0.2], ids=["sends", "passive"])
async def stage(rig: Rig, request: pytest.FixtureRequest) -> AsyncIterator[WeComStage]:
    adapter = rig.make(passive_reply=request.param)
    await adapter.start()
    server = Flaky(WebhookApp(adapter.routes()))
    async with served(server) as url:
        await rig.wecom.set_callback(rig.app, f"{url}/wecom/work")
        yield WeComStage(rig, adapter, server)
        await asyncio.sleep(0)


class TestContract(AdapterContract):
    """A self-built app."""
