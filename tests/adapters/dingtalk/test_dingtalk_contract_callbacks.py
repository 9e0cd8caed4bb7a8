"""The DingTalk adapter keeps the contract of all adapters, over HTTP callbacks."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from contract import Stage
from dingtalk_callbacks import CallbackRig, callback_settings, called_back
from dingtalk_rig import Rig
from dingtalk_stage import DingTalkContract, DingTalkStage

from imbridge.adapters.base import Adapter


class DingTalkCallbackStage(DingTalkStage):
    """The adapter behind a web server, and the emulator that posts to it."""

    def __init__(self, http: CallbackRig) -> None:
        super().__init__(http.rig, http.adapter)
        self.secrets = (*self.secrets, self.rig.app.token, self.rig.app.aes_key)

    async def says(self, text: str) -> str:
        """Each signature counts once, and it is the millisecond's: no two messages in one."""
        await asyncio.sleep(0.002)
        return await super().says(text)

    def with_wrong_credentials(self) -> Adapter:
        return self.rig.make(**callback_settings(self.rig, client_secret="canary-wrong"))


@pytest.fixture
async def stage(rig: Rig) -> AsyncIterator[Stage]:
    async with called_back(rig) as http:
        yield DingTalkCallbackStage(http)


class TestDingTalkByCallback(DingTalkContract):
    """Over HTTP callbacks."""

    async def test_a_lost_connection_comes_back(self, stage: Stage) -> None:
        pytest.skip("there is no connection")

    async def test_messages_keep_their_order(self, stage: Stage) -> None:
        """Requests run side by side and may overtake one another on the way: all of them come, each once."""
        said = [f"m{number}" for number in range(30)]
        for text in said:
            await stage.says(text)
        for text in said:
            await stage.intake.has(text)
        assert sorted(stage.intake.texts) == sorted(said)
