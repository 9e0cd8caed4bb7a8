"""What a smart bot has to know again after a restart: how messages can be answered, and where their media are."""

from typing import Any

import pytest
from contract import until
from served import served
from wecom_bot_rig import PNG, BotRig, text

from imbridge.adapters.base import Target
from imbridge.adapters.notes import MemoryNotes
from imbridge.adapters.wecom.bot.callback_adapter import BotCallbackAdapter
from imbridge.adapters.wecom.bot.downloads import BotDownloads
from imbridge.adapters.wecom.bot.frames import RESPOND, SEND
from imbridge.adapters.wecom.bot.response_urls import ResponseUrls
from imbridge.adapters.wecom.bot.ways import Ways
from imbridge.protocol import DeliveryError, File, Message, TargetGoneError
from imbridge.transport import WebhookApp


@pytest.fixture
def notes(bots: BotRig) -> MemoryNotes:
    bots.kept = {"notes": MemoryNotes()}
    notes: MemoryNotes = bots.kept["notes"]
    return notes


class TestOverTheLongConnection:
    @pytest.mark.parametrize("before", [True, False])
    async def test_a_message_of_before_is_answered_as_one_and_once(
        self, bots: BotRig, notes: MemoryNotes, before: bool
    ) -> None:
        """Whichever process gives the answer: what is said after it is a message of its own."""
        first = await bots.start()
        asked = await bots.asked("go")
        if before:
            await first.send(asked, text("done"), "key")
        await first.close()
        second = await bots.start()
        if not before:
            await second.send(asked, text("done"), "key")
        await second.send(asked, text("and more"), "other key")
        assert [len(bots.bodies(cmd)) for cmd in (RESPOND, SEND)] == [1, 1]
        assert bots.shown() == ["done", "and more"]

    async def test_what_ended_before_it_was_noted_as_said_is_shown_once(self, bots: BotRig, notes: MemoryNotes) -> None:
        first = await bots.start()
        asked = await bots.asked("go")
        await first.send(asked, text("done"), "key")
        await first.close()
        second = await bots.start()
        await second.send(asked, text("done"), "key")  # its outbox says that it was under way
        assert bots.shown() == ["done"]

    async def test_how_it_is_answered_is_known_before_there_is_a_connection(
        self, bots: BotRig, notes: MemoryNotes
    ) -> None:
        """What an earlier process left unsaid is sent then."""
        first = await bots.start()
        asked = await bots.asked("go")
        await first.close()
        second = bots.make()
        await second.remember()
        assert second.speaker.ways.find(asked.answers) is not None

    async def test_media_that_came_before_can_be_read(self, bots: BotRig, notes: MemoryNotes) -> None:
        first = await bots.start()
        await bots.alice.sends_image(PNG, bot=bots.bot)
        message = await heard(bots)
        await first.close()
        second = await bots.start()
        assert await second.read(message.id, message.media[0]) == PNG
        bots.kept = {}
        with pytest.raises(TargetGoneError):
            await (await bots.start()).read(message.id, message.media[0])


class TestOverCallbacks:
    async def test_a_message_of_before_can_still_be_answered_once(self, bots: BotRig, notes: MemoryNotes) -> None:
        asked: Target | None = None
        for say in (False, True):
            adapter = bots.make_callback()
            assert isinstance(adapter, BotCallbackAdapter)
            await adapter.start()
            async with served(WebhookApp(adapter.routes())) as url:
                await bots.platform.set_callback(bots.bot, f"{url}/wecom/bot")
                if asked is None:
                    asked = await bots.asked("go")
                elif say:
                    await adapter.send(asked, text("after the restart"), "key")
                    with pytest.raises(TargetGoneError, match="use mode bot"):
                        await adapter.send(asked, text("twice"), "other key")
            await adapter.close()
        assert [said for said in bots.shown() if said] == ["after the restart"]
        last = bots.make_callback()
        await last.remember()
        assert asked is not None
        with pytest.raises(DeliveryError, match="use mode bot"):
            await last.send(asked, text("used up before"), "key")


class TestTimes:
    """An hour, a day, five minutes: over a restart too."""

    async def test_what_is_over_is_forgotten(self, bots: BotRig, notes: MemoryNotes) -> None:
        clock = 1_000_000.0

        def made() -> tuple[ResponseUrls, Ways, BotDownloads]:
            options: dict[str, Any] = {"now": lambda: clock}
            config = bots.callback_config()
            return (
                ResponseUrls(config, bots.pool, notes, **options),
                Ways(notes, **options),
                BotDownloads(config, bots.pool, notes, **options),
            )

        async def known() -> list[bool]:
            urls, ways, downloads = made()
            for one in (urls, ways, downloads):
                await one.restore()  # type: ignore[attr-defined]
            medium = "file#0" in downloads._places
            return [urls.has("m", "chat"), urls.has(None, "chat"), ways.find("m") is not None, medium]

        urls, ways, downloads = made()
        urls.remember("m", "chat", f"{bots.platform.base_url}/x")
        ways.remember("m", "r", "chat")
        downloads.remember({"file#0": ("https://media.example/1", "k")})
        assert await known() == [True, True, True, True]
        with pytest.raises(TargetGoneError):
            await downloads.found(File(key="file#1"))
        clock += 300
        assert await known() == [True, True, True, False]
        clock += 3300
        assert await known() == [False, False, True, False]
        clock += 23 * 3600
        assert await known() == [False, False, False, False]
        assert not [kind for kind, values in notes._notes.items() if values]  # nothing is left behind


async def heard(bots: BotRig) -> Message:
    await until(lambda: bots.intake.offered, "a message")
    (message,) = [item for item in bots.intake.items if isinstance(item, Message)]
    return message
