"""The same contract with HTTP callbacks in place of the long connection, signed and encrypted."""

from collections.abc import AsyncIterator

import pytest
from contract import AdapterContract, Stage
from feishu_rig import Rig
from served import Flaky, served
from test_feishu_contract import FeishuStage

from imbridge.adapters.base import Adapter
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.emulators.feishu import EmulatorSettings
from imbridge.transport import WebhookApp

KEYS = {"encrypt_key": "canary-encrypt-key", "verification_token": "canary-verification"}


class CallbackStage(FeishuStage):
    """The adapter behind a web server, and the emulator that calls it back."""

    def __init__(self, rig: Rig, adapter: FeishuAdapter, server: Flaky) -> None:
        super().__init__(rig, adapter)
        self.server = server

    def drop_link(self) -> None:
        self.server.away = 1

    def with_wrong_credentials(self) -> Adapter:
        return self.rig.make(app_secret="canary-wrong", mode="webhook", **KEYS)


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(redelivery=(0.05, 0.1, 0.2), chat_rate=1000)


@pytest.fixture
async def stage(rig: Rig) -> AsyncIterator[Stage]:
    rig.app.encrypt_key, rig.app.verification_token = KEYS.values()
    adapter = await rig.start(mode="webhook", **KEYS)
    server = Flaky(WebhookApp(adapter.routes()))
    async with served(server) as url:
        await rig.feishu.set_callback(rig.app, f"{url}/feishu/work")
        yield CallbackStage(rig, adapter, server)


class TestFeishuByCallback(AdapterContract):
    async def test_messages_keep_their_order(self, stage: Stage) -> None:
        """Requests run side by side and may overtake one another on the way: all of them come, each once."""
        said = [f"m{number}" for number in range(30)]
        for text in said:
            await stage.says(text)
        for text in said:
            await stage.intake.has(text)
        assert sorted(stage.intake.texts) == sorted(said)
