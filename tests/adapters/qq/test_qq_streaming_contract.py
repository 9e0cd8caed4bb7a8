"""QQ keeps the contract of answers that grow: in single chats; in groups they come whole at their end."""

from typing import Any

import pytest
from qq_rig import Rig
from qq_streams import STREAM, texts
from streaming_contract import StreamingContract, StreamStage, WholeContract

from imbridge import Bridge
from imbridge.adapters.qq import QQConfig
from imbridge.adapters.qq.sent import streaming
from imbridge.emulators.qq import Group
from imbridge.transport import Backoff


class QQStage(StreamStage):
    recovers = True
    loses_first = True

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    def config(self) -> QQConfig:
        return self.rig.config()

    def quicken(self, bridge: Bridge) -> None:
        bridge.adapter("qq:work").api.caller.backoff = Backoff(0.02, 0.1)  # type: ignore[attr-defined]

    async def says(self, text: str) -> None:
        await self.rig.alice.says(text, bot=self.rig.bot)

    def shown(self) -> list[str]:
        return texts(self.rig)

    def finished(self) -> bool:
        return all(message.finished for message in self.rig.sent())

    def violations(self) -> list[Any]:
        return list(self.rig.qq.violations)

    def connected(self) -> bool:
        return bool(self.rig.qq.connections(self.rig.bot))

    def lose_update(self) -> None:
        self.rig.qq.faults.cut_after_accept(STREAM)

    def cut_update(self) -> None:
        self.rig.qq.faults.cut_before(STREAM, times=2)

    def too_fast(self) -> None:
        self.rig.qq.faults.rate_limit(STREAM, times=2)

    def close_stream(self) -> None:
        self.rig.qq.faults.refuse(STREAM, 11253, 403, times=1)

    def half_open(self) -> None:
        self.rig.qq.faults.half_open(self.rig.bot)

    def slow(self, seconds: float) -> None:
        self.rig.qq.faults.http_delay(STREAM, seconds, times=3)


class GroupStage(QQStage):
    grows = False

    def __init__(self, rig: Rig, team: Group) -> None:
        super().__init__(rig)
        self.team = team

    async def says(self, text: str) -> None:
        await self.rig.alice.says(text, chat=self.team, mentions=[self.rig.bot])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "INTERVAL", 0.02)


class TestSingleChat(StreamingContract):
    @pytest.fixture
    def stage(self, rig: Rig) -> QQStage:
        return QQStage(rig)


class TestGroup(WholeContract):
    @pytest.fixture
    def stage(self, rig: Rig, team: Group) -> QQStage:
        return GroupStage(rig, team)
