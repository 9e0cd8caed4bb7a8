"""The DingTalk adapter keeps the contract of all adapters, over stream."""

import pytest
from contract import Stage, until
from dingtalk_rig import Rig
from dingtalk_stage import DingTalkContract, DingTalkStage

from imbridge.adapters.dingtalk import DingTalkAdapter


@pytest.fixture
def stage(rig: Rig, adapter: DingTalkAdapter) -> Stage:
    return DingTalkStage(rig, adapter)


class TestDingTalk(DingTalkContract):
    """Over stream."""

    async def test_a_lost_connection_comes_back(self, stage: Stage) -> None:
        """What is said while the robot is away is lost, so it has to be back first."""
        before = stage.adapter.counters()["connects"]
        stage.drop_link()
        await until(lambda: stage.adapter.counters()["connects"] > before, "a new connection")
        await stage.says("still there?")
        await stage.intake.has("still there?")
