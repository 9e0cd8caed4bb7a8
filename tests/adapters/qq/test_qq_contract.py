"""The QQ adapter keeps the contract of all adapters, over the gateway."""

from typing import Any

import pytest
from contract import AdapterContract, Stage, text_part
from qq_rig import SECRET, Rig

from imbridge.adapters.base import Adapter, Target
from imbridge.adapters.qq import QQAdapter
from imbridge.protocol import NotSupportedError


class QQStage(Stage):
    """The adapter and the emulator; Alice has written before, or the bot could not speak."""

    def __init__(self, rig: Rig, adapter: QQAdapter) -> None:
        self.rig = rig
        self.adapter = adapter
        self.intake = rig.intake
        self.target = rig.target()
        self.secrets = (SECRET, "canary")

    async def says(self, text: str) -> str:
        return (await self.rig.alice.says(text, bot=self.rig.bot)).id

    async def own_message(self, text: str) -> None:
        raise NotImplementedError

    def acknowledged(self) -> int:
        counts = self.adapter.counters()
        return counts.get("accepted", 0) + counts.get("duplicate", 0) - 1

    def shown(self) -> list[str]:
        return [message.text for message in self.rig.sent()]

    def reactions(self, message_id: str) -> list[str]:
        raise NotImplementedError("single chats have none: see test_qq_send.py")

    def expire_token(self) -> None:
        self.rig.qq.faults.expire_tokens()

    def too_fast(self) -> None:
        self.rig.qq.faults.refuse("*/messages", 22009)

    def lose_answer(self) -> None:
        self.rig.qq.faults.cut_after_accept("*/messages")

    def drop_link(self) -> None:
        assert self.rig.qq.faults.drop_connections(self.rig.bot) == 1

    def with_wrong_credentials(self) -> Adapter:
        return self.rig.make(secret="canary-wrong")

    def violations(self) -> list[Any]:
        return self.rig.qq.violations


@pytest.fixture
async def stage(rig: Rig, adapter: QQAdapter) -> Stage:
    made = QQStage(rig, adapter)
    await made.says("before")  # a bot may answer, and hardly ever speak first
    await made.intake.has("before")
    made.intake.offered.clear()
    return made


class TestQQ(AdapterContract):
    async def test_own_messages_are_flagged(self, stage: Stage) -> None:
        pytest.skip("the platform does not deliver what bots say")

    async def test_reply(self, stage: Stage) -> None:
        """Quoted by an index that comes with the message."""
        message_id = await stage.says("?")
        await stage.intake.has("?")
        sent = await stage.adapter.send(Target(stage.target.channel, reply_to=message_id), text_part("!"), "key")
        assert stage.shown() == ["!"]
        assert sent.degradations == ()

    async def test_react(self, stage: Stage) -> None:
        """Only in channels: see test_qq_send.py."""
        message_id = await stage.says("?")
        with pytest.raises(NotSupportedError):
            await stage.adapter.react(stage.target.channel, message_id, "👍")
        with pytest.raises(NotSupportedError):
            await stage.adapter.unreact(stage.target.channel, message_id, "👍")

    async def test_typing(self, stage: Stage) -> None:
        """It cannot be taken away; it ends by itself, and with the next message."""
        assert isinstance(stage, QQStage)
        message_id = await stage.says("?")
        await stage.intake.has("?")
        for on in (True, False):
            await stage.adapter.typing(stage.target.channel, message_id, on)
        assert stage.rig.alice.typing == [(stage.rig.bot, 60)]
        assert stage.violations() == []
