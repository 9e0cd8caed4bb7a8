"""The smart bot's adapter keeps the contract of all adapters, over its long connection."""

import asyncio
from typing import Any

import pytest
from contract import AdapterContract, Stage, until
from wecom_bot_rig import SECRET, BotRig, card

from imbridge.adapters.base import Adapter
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.protocol import DeliveryError


class BotStage(Stage):
    """The adapter and the emulator; Alice has spoken to the bot before, or it could not push."""

    def __init__(self, bots: BotRig, adapter: BotAdapter) -> None:
        self.bots = bots
        self.adapter = adapter
        self.intake = bots.intake
        self.target = bots.target()
        self.secrets = (SECRET, "canary")
        bots.chat.open_to.add(bots.bot)

    async def says(self, text: str) -> str:
        return (await self.bots.alice.says(text, bot=self.bots.bot)).msgid

    async def own_message(self, text: str) -> None:
        raise NotImplementedError

    def acknowledged(self) -> int:
        return self.adapter.counters().get("accepted", 0) + self.adapter.counters().get("duplicate", 0)

    def shown(self) -> list[str]:
        return self.bots.shown()

    def reactions(self, message_id: str) -> list[str]:
        raise NotImplementedError

    def expire_token(self) -> None:
        assert self.bots.platform.faults.forget_subscription(self.bots.bot) == 1

    def too_fast(self) -> None:
        self.bots.platform.faults.refuse("aibot_send_msg", 45033)

    def lose_answer(self) -> None:
        self.bots.platform.faults.cut_after_accept()

    def drop_link(self) -> None:
        assert self.bots.platform.faults.drop_connections(self.bots.bot) == 1

    def with_wrong_credentials(self) -> Adapter:
        return self.bots.make(bot_secret="canary-wrong")

    def violations(self) -> list[Any]:
        return self.bots.platform.violations


@pytest.fixture
def stage(bots: BotRig, bot: BotAdapter) -> Stage:
    return BotStage(bots, bot)


class TestWeComBot(AdapterContract):
    """Where a test is another here, the platform is: there are no acknowledgements of what it delivers, and no tokens.

    `acknowledged` counts what the inbox took; `expire_token` lets the platform forget the subscription.
    """

    async def test_own_messages_are_flagged(self, stage: Stage) -> None:
        pytest.skip("the platform does not deliver what bots say")

    async def test_a_lost_connection_comes_back(self, stage: Stage) -> None:
        """What is said while the bot is away is lost, so it has to be back first."""
        assert isinstance(stage, BotStage)
        before = stage.adapter.counters()["connects"]
        stage.drop_link()
        await until(lambda: stage.adapter.counters()["connects"] > before, "a new connection")
        await stage.says("still there?")
        await stage.intake.has("still there?")

    async def test_a_message_that_grows(self, stage: Stage) -> None:
        assert isinstance(stage, BotStage)
        target = await stage.bots.asked("go on")
        growing = stage.adapter.grow(markdown=True)
        assert growing is not None
        element = await growing.open("one")
        sent = await stage.adapter.send(target, card(element.content), "key")
        assert sent.part.message_id
        assert stage.shown() == ["one"]
        await growing.show("one two")
        assert stage.shown() == ["one two"]
        await growing.close("one two three")
        assert stage.shown() == ["one two three"]
        assert stage.bots.platform.messages[0].finished
        assert stage.violations() == []

    async def test_a_lost_answer_is_no_second_message(self, stage: Stage) -> None:
        """A push has no key: what may have arrived is not repeated, and the error says so."""
        stage.lose_answer()
        with pytest.raises(DeliveryError) as caught:
            await asyncio.wait_for(stage.adapter.send(stage.target, card(None), "key"), 8)
        assert caught.value.ambiguous
        assert len(stage.shown()) == 1
