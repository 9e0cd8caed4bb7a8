"""DingTalk keeps the contract of answers that grow: in AI cards; with `stream_by: message` they come whole."""

from typing import Any

import pytest
from dingtalk_cards import STREAM, texts
from dingtalk_rig import Rig
from streaming_contract import StreamingContract, StreamStage, WholeContract

from imbridge import Bridge
from imbridge.adapters.dingtalk import DingTalkConfig
from imbridge.transport import Backoff


class DingTalkStage(StreamStage):
    recovers = True

    def __init__(self, rig: Rig, **settings: Any) -> None:
        self.rig = rig
        self._settings = settings

    def config(self) -> DingTalkConfig:
        return self.rig.config(monthly_calls=0, **self._settings)

    def quicken(self, bridge: Bridge) -> None:
        bridge.adapter("dingtalk:work").api.caller.backoff = Backoff(0.02, 0.1)  # type: ignore[attr-defined]

    async def says(self, text: str) -> None:
        await self.rig.alice.says(text, app=self.rig.app)

    def shown(self) -> list[str]:
        return texts(self.rig)

    def finished(self) -> bool:
        return all(message.card is None or message.card.finished for message in self.rig.sent())

    def violations(self) -> list[Any]:
        return list(self.rig.ding.violations)

    def connected(self) -> bool:
        return self.rig.ding.connections(self.rig.app) == 1

    def lose_update(self) -> None:
        self.rig.ding.faults.cut_after_accept(STREAM)

    def cut_update(self) -> None:
        self.rig.ding.faults.cut_before(STREAM, times=2)

    def too_fast(self) -> None:
        self.rig.ding.faults.over_qps(STREAM, times=2)

    def close_stream(self) -> None:
        self.rig.ding.faults.refuse(STREAM, "param.stream.content")

    def half_open(self) -> None:
        self.rig.ding.faults.half_open(self.rig.app)

    def slow(self, seconds: float) -> None:
        self.rig.ding.faults.http_delay(STREAM, seconds, times=3)


class WholeStage(DingTalkStage):
    grows = False


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imbridge.adapters.dingtalk.sent.ai_card.FASTEST", 0.02)


class TestCard(StreamingContract):
    @pytest.fixture
    def stage(self, rig: Rig) -> DingTalkStage:
        return DingTalkStage(rig)


class TestWhole(WholeContract):
    @pytest.fixture
    def stage(self, rig: Rig) -> DingTalkStage:
        return WholeStage(rig, stream_by="message")
