"""The QQ adapter keeps the contract of all adapters, over webhooks."""

from collections.abc import AsyncIterator

import pytest
from contract import Stage
from qq_rig import Rig
from qq_webhook import WebhookRig, hooked
from test_qq_contract import QQStage
from test_qq_contract import TestQQ as Contract

from imbridge.adapters.base import Adapter


class QQWebhookStage(QQStage):
    """The adapter behind a web server, and the emulator that posts to it."""

    def __init__(self, http: WebhookRig) -> None:
        super().__init__(http.rig, http.adapter)

    def with_wrong_credentials(self) -> Adapter:
        return self.rig.make(mode="webhook", secret="canary-wrong")


@pytest.fixture
async def stage(rig: Rig) -> AsyncIterator[Stage]:
    async with hooked(rig) as http:
        made = QQWebhookStage(http)
        await made.says("before")  # a bot may answer, and hardly ever speak first
        await made.intake.has("before")
        made.intake.offered.clear()
        yield made


class TestQQByWebhook(Contract):
    """Over webhooks."""

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


del Contract
