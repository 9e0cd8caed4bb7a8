"""What the contract needs of DingTalk in any mode, and where its tests are others."""

import asyncio
from typing import Any

import pytest
from contract import AdapterContract, Stage, text_part, until
from dingtalk_rig import SECRET, Rig

from imbridge.adapters.base import Adapter, Verdict
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.protocol import DeliveryError

SEND = "/v1.0/robot/oToMessages/batchSend"


class DingTalkStage(Stage):
    """The adapter and the emulator."""

    def __init__(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        self.rig = rig
        self.adapter = adapter
        self.intake = rig.intake
        self.target = rig.target()
        self.secrets = (SECRET, "canary")

    async def says(self, text: str) -> str:
        return (await self.rig.alice.says(text, app=self.rig.app)).msg_id

    async def own_message(self, text: str) -> None:
        raise NotImplementedError

    def acknowledged(self) -> int:
        return self.rig.ding.stats.messages_taken

    def shown(self) -> list[str]:
        return [message.text for message in self.rig.sent()]

    def reactions(self, message_id: str) -> list[str]:
        return list(self.rig.alice.reactions_on(self.rig.ding.world.sent[message_id]))

    def expire_token(self) -> None:
        self.rig.ding.faults.expire_tokens()

    def too_fast(self) -> None:
        self.rig.ding.faults.over_qps(SEND)

    def lose_answer(self) -> None:
        self.rig.ding.faults.cut_after_accept(SEND)

    def drop_link(self) -> None:
        assert self.rig.ding.faults.drop_connections(self.rig.app) == 1

    def with_wrong_credentials(self) -> Adapter:
        return self.rig.make(client_secret="canary-wrong")

    def violations(self) -> list[Any]:
        return self.rig.ding.violations


class DingTalkContract(AdapterContract):
    """Where a test is another here, the platform is: it never delivers a message a second time."""

    async def test_own_messages_are_flagged(self, stage: Stage) -> None:
        pytest.skip("the platform does not deliver what robots say")

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

    async def test_a_lost_answer_is_no_second_message(self, stage: Stage) -> None:
        """There is no key for a message: what may have arrived is not repeated, and the error says so."""
        stage.lose_answer()
        with pytest.raises(DeliveryError) as caught:
            await asyncio.wait_for(stage.adapter.send(stage.target, text_part("once"), "key"), 8)
        assert caught.value.ambiguous
        assert stage.shown() == ["once"]
