"""The DingTalk adapter keeps the contract of all adapters, over HTTP callbacks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from contract import AdapterContract, Stage, text_part, until
from dingtalk_callbacks import CallbackRig, callback_settings, called_back
from dingtalk_rig import SECRET, Rig

from imbridge.adapters.base import Adapter, Verdict
from imbridge.protocol import DeliveryError

SEND = "/v1.0/robot/oToMessages/batchSend"


class DingTalkCallbackStage(Stage):
    """The adapter behind a web server, and the emulator that posts to it."""

    def __init__(self, http: CallbackRig) -> None:
        self.rig = http.rig
        self.adapter = http.adapter
        self.intake = http.rig.intake
        self.target = http.rig.target()
        self.secrets = (SECRET, "canary", self.rig.app.token, self.rig.app.aes_key)

    async def says(self, text: str) -> str:
        """Each signature counts once, and it is the millisecond's: no two messages in one."""
        await asyncio.sleep(0.002)
        return (await self.rig.alice.says(text, app=self.rig.app)).msg_id

    async def own_message(self, text: str) -> None:
        raise NotImplementedError

    def acknowledged(self) -> int:
        return self.rig.ding.stats.messages_taken

    def shown(self) -> list[str]:
        return [message.text for message in self.rig.sent()]

    def reactions(self, message_id: str) -> list[str]:
        sent = next(sent for sent in self.rig.ding.world.sent if sent.msg_id == message_id)
        return list(self.rig.alice.reactions_on(sent))

    def expire_token(self) -> None:
        self.rig.ding.faults.expire_tokens()

    def too_fast(self) -> None:
        self.rig.ding.faults.over_qps(SEND)

    def lose_answer(self) -> None:
        self.rig.ding.faults.cut_after_accept(SEND)

    def drop_link(self) -> None:
        raise NotImplementedError

    def with_wrong_credentials(self) -> Adapter:
        return self.rig.make(**callback_settings(self.rig, client_secret="canary-wrong"))

    def violations(self) -> list[Any]:
        return self.rig.ding.violations


@pytest.fixture
async def stage(rig: Rig) -> AsyncIterator[Stage]:
    async with called_back(rig) as http:
        yield DingTalkCallbackStage(http)


class TestDingTalkByCallback(AdapterContract):
    """Where a test is another here, the platform is: it never delivers a message a second time."""

    async def test_own_messages_are_flagged(self, stage: Stage) -> None:
        pytest.skip("the platform does not deliver what robots say")

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

    async def test_dedup_keys(self, stage: Stage) -> None:
        """A message that the inbox refused is offered again by us, for the platform will not."""
        stage.intake.answers.append(Verdict.OVERLOADED)
        await stage.says("one")
        await until(lambda: stage.intake.texts == ["one", "one"], "a second offer of what was refused")
        await stage.says("two")
        await stage.intake.has("two")
        first, again, other = (inbound.dedup_keys for inbound in stage.intake.offered)
        assert first == again
        assert first
        assert not set(first) & set(other)

    async def test_acknowledged_when_stored_and_not_before(self, stage: Stage) -> None:
        """At once: an acknowledgement that waits gains nothing, since what is not acknowledged does not come again."""
        stage.intake.hold = True
        await stage.says("wait")
        await until(lambda: stage.acknowledged() == 1, "an acknowledgement")
        assert len(stage.intake.pending) == 1
        stage.intake.pending[0].set_result(Verdict.ACCEPTED)
        await until(lambda: stage.adapter.counters().get("accepted") == 1)

    async def test_a_lost_answer_is_no_second_message(self, stage: Stage) -> None:
        """There is no key for a message: what may have arrived is not repeated, and the error says so."""
        stage.lose_answer()
        with pytest.raises(DeliveryError) as caught:
            await asyncio.wait_for(stage.adapter.send(stage.target, text_part("once"), "key"), 8)
        assert caught.value.ambiguous
        assert stage.shown() == ["once"]
