"""The Feishu adapter keeps the contract of all adapters."""

from typing import Any

import pytest
from contract import AdapterContract, Stage
from feishu_rig import SECRET, Rig

from imbridge.adapters.base import Adapter
from imbridge.adapters.feishu import FeishuAdapter


class FeishuStage(Stage):
    """The adapter and the emulator."""

    def __init__(self, rig: Rig, adapter: FeishuAdapter) -> None:
        self.rig = rig
        self.adapter = adapter
        self.intake = rig.intake
        self.target = rig.target()
        self.secrets = (SECRET, "canary")

    async def says(self, text: str) -> str:
        return (await self.rig.alice.says(text)).message_id

    async def own_message(self, text: str) -> None:
        event = {
            "sender": {"sender_id": {"open_id": self.rig.app.bot_open_id}, "sender_type": "app"},
            "message": {
                "message_id": "om_own", "chat_id": self.rig.chat.chat_id, "chat_type": "p2p", "message_type": "text",
                "create_time": "1700000000000", "content": f'{{"text": "{text}"}}',
            },
        }  # fmt: skip
        self.rig.feishu.push_event(self.rig.app, "im.message.receive_v1", event)

    def acknowledged(self) -> int:
        return self.rig.feishu.stats.acks_ok

    def shown(self) -> list[str]:
        return [message.text for message in self.rig.feishu.messages if not message.recalled]

    def reactions(self, message_id: str) -> list[str]:
        message = self.rig.feishu.world.store.get(message_id)
        assert message is not None
        return [reaction.emoji_type for reaction in message.reactions if reaction.by is self.rig.app]

    def expire_token(self) -> None:
        self.rig.feishu.faults.expire_tokens()

    def too_fast(self) -> None:
        self.rig.feishu.faults.refuse_send(230020)

    def lose_answer(self) -> None:
        self.rig.feishu.faults.cut_after_accept()

    def drop_link(self) -> None:
        assert self.rig.feishu.faults.drop_connections(self.rig.app) == 1

    def with_wrong_credentials(self) -> Adapter:
        return self.rig.make(app_secret="canary-wrong")

    def violations(self) -> list[Any]:
        return self.rig.feishu.violations


@pytest.fixture
def stage(rig: Rig, adapter: FeishuAdapter) -> Stage:
    return FeishuStage(rig, adapter)


class TestFeishu(AdapterContract):
    pass
