"""Feishu keeps the contract of answers that grow: in a card, and in messages that are edited."""

from typing import Any

import pytest
from feishu_rig import Rig
from streaming_contract import StreamingContract, StreamStage

from imbridge import Bridge
from imbridge.adapters.feishu import FeishuConfig
from imbridge.adapters.feishu.sent.streaming import StreamingCard
from imbridge.emulators.feishu import EmulatorSettings
from imbridge.runtime import surfaces
from imbridge.transport import Backoff


class FeishuStage(StreamStage):
    recovers = True
    thinks = True
    update = "*/cardkit/v1/cards/*/content"
    method: str | None = None

    def __init__(self, rig: Rig, **settings: Any) -> None:
        self.rig = rig
        self.feishu = rig.feishu
        self._settings = settings

    def config(self) -> FeishuConfig:
        own = {
            "name": "work", "app_id": self.rig.app.app_id, "app_secret": self.rig.app.app_secret,
            "base_url": self.feishu.base_url, "chat_rate": "1000/s",
        }  # fmt: skip
        return FeishuConfig(**own | self._settings)

    def quicken(self, bridge: Bridge) -> None:
        bridge.adapter("feishu:work").caller._backoff = Backoff(0.02, 0.1)  # type: ignore[attr-defined]

    async def says(self, text: str) -> None:
        await self.rig.alice.says(text, chat=self.rig.chat)

    def shown(self) -> list[str]:
        return [message.text for message in self.feishu.messages]

    def finished(self) -> bool:
        return not any(message.entity is not None and message.entity.streaming for message in self.feishu.messages)

    def violations(self) -> list[Any]:
        return list(self.feishu.violations)

    def connected(self) -> bool:
        return bool(self.feishu.connections(self.rig.app))

    def lose_update(self) -> None:
        self.feishu.faults.lose_answer(self.update, method=self.method)

    def cut_update(self) -> None:
        self.feishu.faults.http_fail(self.update, 502, times=2, method=self.method)

    def too_fast(self) -> None:
        self.feishu.faults.refuse(self.update, 99991400, times=2, method=self.method)

    def close_stream(self) -> None:
        for message in self.feishu.messages:
            self.feishu.faults.stop_streaming(message)

    def half_open(self) -> None:
        self.feishu.faults.half_open(self.rig.app)

    def slow(self, seconds: float) -> None:
        self.feishu.faults.http_delay(self.update, seconds, times=3, method=self.method)


class FeishuEditStage(FeishuStage):
    recovers = False
    thinks = False
    is_seen_open = False
    update = "*/im/v1/messages/*"
    method = "PUT"

    def finished(self) -> bool:
        return True

    def close_stream(self) -> None:
        self.feishu.faults.refuse(self.update, 230072, times=None, method="PUT")


@pytest.fixture
def settings() -> EmulatorSettings:
    """Without rates: states follow one another faster than is allowed, so that the tests are short."""
    return EmulatorSettings(redelivery=(0.05, 0.1), reconnect_nonce=0, reconnect_interval=0, rate_limits=False)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StreamingCard, "interval", 0.02)
    monkeypatch.setattr(surfaces, "_FIRST_INTERVAL", 0.02)
    monkeypatch.setattr(surfaces, "_LONGEST_INTERVAL", 0.05)


class TestCard(StreamingContract):
    @pytest.fixture
    def stage(self, rig: Rig) -> FeishuStage:
        return FeishuStage(rig)


class TestEdits(StreamingContract):
    @pytest.fixture
    def stage(self, rig: Rig) -> FeishuStage:
        return FeishuEditStage(rig, stream="edit")
