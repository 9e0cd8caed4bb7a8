"""WeCom's official SDK for smart bots talks to the emulator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from official_client import OfficialClient, running

from imbridge.emulators.wecom.bot import Bot, BotUser, WeComBotEmulator


@asynccontextmanager
async def official_client(
    platform: WeComBotEmulator, bot: Bot, secret: str = "", reconnects: int = 0
) -> AsyncIterator[OfficialClient]:
    own = (platform.ws_url, bot.bot_id, secret or bot.secret, str(reconnects))
    async with running("aibot_bot.py", *own) as process:
        yield OfficialClient(process)


@pytest.fixture
def bot(platform: WeComBotEmulator) -> Bot:
    return platform.add_bot("Bot")


async def test_the_official_client_talks(platform: WeComBotEmulator, bot: Bot, alice: BotUser) -> None:
    team = platform.add_group("Team", members=[alice], bots=[bot])
    async with official_client(platform, bot) as client:
        await client.notes("authenticated")

        await alice.says("hi", bot=bot)
        stream = await alice.receives(bot=bot)
        await stream.finishes()
        assert (stream.kind, stream.how, stream.states) == ("stream", "respond", ["echo:", "echo: hi"])

        await alice.says("hi", chat=team, mentions=[bot])
        await (await alice.receives(chat=team)).becomes(lambda message: message.text == "echo: @Bot hi")

        await alice.rates(stream, good=False, text="more", reasons=[2])
        feedback = await client.notes("feedback")
        assert feedback == {
            "what": "feedback",
            "id": "trace_1",
            "type": 2,
            "content": "more",
            "inaccurate_reason_list": [2],
        }

        await alice.opens(bot)
        assert (await alice.receives("welcome", bot=bot)).how == "welcome"

        await alice.says("card", bot=bot)
        card = await alice.receives(lambda message: message.kind == "template_card", bot=bot)
        assert card.text == "Deploy?\n[Yes] [No]"
        await alice.clicks(card, "yes")
        await card.becomes(lambda message: message.text.startswith("You said yes"))

        await alice.says("push", bot=bot)
        assert (await alice.receives("**pushed**", bot=bot)).how == "push"

        await alice.sends_file("通知 1.txt", b"the file's text", bot=bot)
        assert (await alice.receives(bot=bot)).text == "通知 1.txt: the file's text"
        while platform.stats.pings < 2:
            await asyncio.sleep(0.05)
    assert platform.violations == []


async def test_a_wrong_secret_is_refused(platform: WeComBotEmulator, bot: Bot) -> None:
    async with official_client(platform, bot, "wrong") as client:
        error = await client.notes("error")
    assert "invalid bot_id or secret" in error["text"]
    assert "(code: 853000)" in error["text"]


async def test_a_second_client_takes_the_place_of_the_first(
    platform: WeComBotEmulator, bot: Bot, alice: BotUser
) -> None:
    async with official_client(platform, bot) as first:
        await first.notes("authenticated")
        async with official_client(platform, bot) as second:
            await second.notes("authenticated")
            await first.notes("kicked")
            await first.notes("disconnected")
            await alice.says("hi", bot=bot)
            await (await alice.receives(bot=bot)).finishes()
    assert platform.stats.kicks == 1


async def test_the_official_client_comes_back(platform: WeComBotEmulator, bot: Bot, alice: BotUser) -> None:
    async with official_client(platform, bot, reconnects=3) as client:
        await client.notes("authenticated")
        assert platform.faults.drop_connections(bot) == 1
        await client.notes("authenticated")
        await alice.says("hi", bot=bot)
        await (await alice.receives(bot=bot)).finishes()
    assert platform.stats.subscribes == 2
