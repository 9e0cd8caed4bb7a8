"""The same contract for smart bots over HTTP callbacks, as far as it can be kept without speaking unasked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import previewing
import pytest
from contract import AdapterContract, RecordingIntake, Stage, text_part, until
from served import Flaky, served
from wecom_bot_rig import SECRET, BotRig, card

from imbridge.adapters.base import Adapter, Health, Inbound, Target, Verdict
from imbridge.adapters.wecom.bot.callback_adapter import BotCallbackAdapter
from imbridge.protocol import Image
from imbridge.transport import WebhookApp


class SilentIntake(RecordingIntake):
    """Takes everything in, and lets the platform know at once that nothing will be said, unless `talks`."""

    talks = False

    def offer(self, inbound: Inbound) -> asyncio.Future[Verdict]:
        if inbound.answer is not None and not self.talks:
            inbound.answer.release()
        return super().offer(inbound)


class CallbackStage(Stage):
    """The adapter behind a web server, and the emulator that calls it back; Alice has spoken to the bot just now."""

    def __init__(self, bots: BotRig, adapter: BotCallbackAdapter, server: Flaky) -> None:
        self.bots = bots
        self.adapter = adapter
        self.intake = bots.intake
        self.target = bots.target()
        self.secrets = (SECRET, bots.bot.aes_key, bots.bot.token)
        self.server = server
        self.taken = 0

    async def says(self, text: str) -> str:
        return (await self.bots.alice.says(text, bot=self.bots.bot)).msgid

    async def own_message(self, text: str) -> None:
        raise NotImplementedError

    def acknowledged(self) -> int:
        return self.bots.platform.stats.callbacks_taken - self.taken

    def shown(self) -> list[str]:
        return self.bots.shown()

    def reactions(self, message_id: str) -> list[str]:
        raise NotImplementedError

    def expire_token(self) -> None:
        raise NotImplementedError

    def too_fast(self) -> None:
        self.bots.platform.faults.refuse_response_url(-1)

    def lose_answer(self) -> None:
        raise NotImplementedError

    def drop_link(self) -> None:
        self.server.away = 1

    def with_wrong_credentials(self) -> Adapter:
        raise NotImplementedError

    def violations(self) -> list[Any]:
        return self.bots.platform.violations


@pytest.fixture
async def stage(bots: BotRig) -> AsyncIterator[Stage]:
    bots.intake = SilentIntake()
    adapter = bots.make_callback()
    await adapter.start()
    server = Flaky(WebhookApp(adapter.routes()))
    async with served(server) as url:
        await bots.platform.set_callback(bots.bot, f"{url}/wecom/bot")
        stage = CallbackStage(bots, adapter, server)
        await stage.says("before")
        await until(lambda: stage.acknowledged() == 1)
        stage.taken = 1
        bots.intake.offered.clear()
        yield stage
        await adapter.webhook.close()


class TestWeComBotByCallback(AdapterContract):
    """Where a test is another here, the platform is: there are no tokens and no credentials of ours that it checks."""

    async def test_own_messages_are_flagged(self, stage: Stage) -> None:
        pytest.skip("the platform does not deliver what bots say")

    async def test_a_dead_token_is_replaced(self, stage: Stage) -> None:
        pytest.skip("there are no tokens")

    async def test_wrong_credentials_fail_loudly(self, stage: Stage) -> None:
        """Token and key are wrong where callbacks are refused: the console's verification says so at once."""
        assert isinstance(stage, CallbackStage)
        other = stage.bots.make_callback(token="another token")
        await other.start()
        async with served(WebhookApp(other.routes())) as url:
            with pytest.raises(AssertionError, match="403"):
                await stage.bots.platform.set_callback(stage.bots.bot, f"{url}/wecom/bot")

    async def test_messages_keep_their_order(self, stage: Stage) -> None:
        """Requests run side by side and may overtake one another on the way: all of them come, each once."""
        said = [f"m{number}" for number in range(30)]
        for text in said:
            await stage.says(text)
        for text in said:
            await stage.intake.has(text)
        assert sorted(stage.intake.texts) == sorted(said)

    async def test_reply(self, stage: Stage) -> None:
        message_id = await stage.says("?")
        await until(lambda: stage.acknowledged() == 1)
        target = Target(stage.target.channel, reply_to=message_id, answers=message_id)
        sent = await stage.adapter.send(target, text_part("!"), "key")
        assert stage.shown() == ["!"]
        assert sent.degradations

    async def test_what_is_previewed_while_the_platform_asks(self, stage: Stage) -> None:
        """A picture can end the answer to a callback, and is a text where it goes otherwise."""
        assert isinstance(stage.intake, SilentIntake)
        stage.intake.talks = True
        message_id = await stage.says("show me")
        await stage.intake.has("show me")
        target = Target(stage.target.channel, answers=message_id)
        (part,) = previewing.parts_of(stage.adapter, Image(data=previewing.PNG))
        assert await previewing.compare(stage.adapter, target, part) == previewing.Outcome("image", ())

    async def test_a_message_that_grows(self, stage: Stage) -> None:
        assert isinstance(stage, CallbackStage)
        assert isinstance(stage.intake, SilentIntake)
        stage.intake.talks = True
        message_id = await stage.says("go on")
        await stage.intake.has("go on")
        assert stage.adapter.can_grow(message_id)
        growing = stage.adapter.grow(markdown=True)
        assert growing is not None
        element = await growing.open("one")
        target = Target(stage.target.channel, answers=message_id)
        sent = await stage.adapter.send(target, card(element.content), "key")
        assert sent.part.message_id
        await until(lambda: stage.shown() == ["one"])
        await growing.show("one two")
        await until(lambda: stage.shown() == ["one two"])
        await growing.close("one two three")
        answer = stage.intake.offered[0].answer
        assert answer is not None
        answer.release()
        await stage.bots.platform.messages[0].finishes()
        assert stage.shown() == ["one two three"]
        assert stage.violations() == []

    async def test_no_rule_of_the_platform_was_broken(self, stage: Stage) -> None:
        message_id = await stage.says("?")
        await stage.intake.has("?")
        await until(lambda: stage.acknowledged() == 1)
        await stage.adapter.send(Target(stage.target.channel, answers=message_id), text_part("!"), "k1")
        assert stage.violations() == []

    async def test_nothing_is_taken_in_while_it_stops(self, stage: Stage) -> None:
        await stage.adapter.stop_reading()
        await stage.says("too late")
        await asyncio.sleep(0.1)
        assert stage.acknowledged() == 0
        assert stage.intake.texts == []
        assert stage.adapter.health is Health.UP
