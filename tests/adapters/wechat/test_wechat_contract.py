"""The WeChat adapter keeps the contract of all adapters."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from contract import AdapterContract, Stage, text_part
from served import Flaky, served
from wechat_rig import SECRET, TOKEN, Rig

from imbridge.adapters.base import Adapter
from imbridge.adapters.wechat import WeChatAdapter
from imbridge.emulators.wechat import EmulatorSettings
from imbridge.transport import WebhookApp


class WeChatStage(Stage):
    """The adapter behind a web server, and the emulator that calls it back."""

    def __init__(self, rig: Rig, adapter: WeChatAdapter, server: Flaky) -> None:
        self.rig = rig
        self.adapter = adapter
        self.intake = rig.intake
        self.target = rig.target()
        self.server = server
        self.secrets = (SECRET, TOKEN, rig.account.aes_key)
        rig.alice.quota.grant("message", 1000, 3600.0)

    async def says(self, text: str) -> str:
        return str((await self.rig.alice.says(text)).msg_id)

    async def own_message(self, text: str) -> None:
        raise NotImplementedError("the platform delivers nothing that the account itself has said")

    def acknowledged(self) -> int:
        stats = self.rig.wechat.stats
        return stats.callbacks_taken + stats.callbacks_answered

    def shown(self) -> list[str]:
        return [message.text for message in self.rig.wechat.messages]

    def reactions(self, message_id: str) -> list[str]:
        return ["typing"] if self.rig.alice.sees_typing else []

    def expire_token(self) -> None:
        self.rig.wechat.faults.expire_tokens()

    def too_fast(self) -> None:
        self.rig.wechat.faults.refuse("/cgi-bin/message/custom/send", -1)

    def lose_answer(self) -> None:
        self.rig.wechat.faults.lose_answer("/cgi-bin/message/custom/send")

    def drop_link(self) -> None:
        self.server.away = 1

    def with_wrong_credentials(self) -> Adapter:
        return self.rig.make(app_secret="canary-wrong-secret")

    def violations(self) -> list[Any]:
        return self.rig.wechat.violations


@pytest.fixture
async def stage(rig: Rig, how: dict[str, Any]) -> AsyncIterator[Stage]:
    adapter = await rig.start(**how)
    server = Flaky(WebhookApp(adapter.routes()))
    async with served(server) as url:
        await rig.wechat.set_callback(rig.account, f"{url}/wechat/work")
        yield WeChatStage(rig, adapter, server)


class OfWeChat(AdapterContract):
    async def test_own_messages_are_flagged(self, stage: Stage) -> None:
        """There are none: the platform delivers what followers say, and nothing else."""
        await stage.adapter.send(stage.target, text_part("from me"), "key")
        assert stage.shown() == ["from me"]
        assert stage.intake.items == []

    async def test_messages_keep_their_order(self, stage: Stage) -> None:
        """Requests run side by side and may overtake one another on the way: all of them come, each once."""
        said = [f"m{number}" for number in range(30)]
        for text in said:
            await stage.says(text)
        for text in said:
            await stage.intake.has(text)
        assert sorted(stage.intake.texts) == sorted(said)


class TestAnsweringAtOnce(OfWeChat):
    """What is said goes as customer-service messages alone."""

    @pytest.fixture
    def how(self) -> dict[str, Any]:
        return {"passive_reply": 0, "customer_service": True}


class TestWaitingForTheAnswer(OfWeChat):
    """A callback waits for a moment, but nothing answers it here: it is acknowledged empty."""

    @pytest.fixture
    def how(self) -> dict[str, Any]:
        return {"passive_reply": 0.1, "customer_service": True}


class TestInPlainMode(OfWeChat):
    @pytest.fixture
    def mode(self) -> str:
        return "plain"

    @pytest.fixture
    def how(self) -> dict[str, Any]:
        return {"passive_reply": 0, "customer_service": True}


class TestInCompatibleMode(OfWeChat):
    @pytest.fixture
    def mode(self) -> str:
        return "compatible"

    @pytest.fixture
    def how(self) -> dict[str, Any]:
        return {"passive_reply": 0, "stable_token": False}


def test_the_settings_are_the_platforms(settings: EmulatorSettings) -> None:
    assert settings.callback_attempts == 3
    assert settings.callback_timeout == 5.0
