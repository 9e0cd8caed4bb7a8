"""The demo on WeCom: a smart bot over its long connection."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from imbridge import Bridge
from imbridge.adapters.wecom import WeComConfig
from imbridge.cli.demo.scene import BOT, FAILURE_ID, PIXEL, Scene, demo_skills
from imbridge.cli.demo.screen import Screen
from imbridge.emulators.wecom.bot import Bot, BotEmulatorSettings, BotMessage, WeComBotEmulator

_BOT_ID, _BOT_SECRET = "aib_demo", "demo-secret"
_WELCOME = "Hello! Say /help to see what I can do."
TITLE = "an emulated WeCom on this machine, the real adapter of a smart bot, real frames"


@asynccontextmanager
async def stage(screen: Screen, *, wire: bool) -> AsyncIterator[Scene]:
    """An emulated WeCom, a smart bot on it, and a running bridge."""
    async with WeComBotEmulator(settings=BotEmulatorSettings(rate_limits=False)) as platform:
        bot = platform.add_bot(BOT, _BOT_ID, _BOT_SECRET)
        if wire:
            platform.wire.watch(screen.wire)
        config = WeComConfig(
            name="demo",
            bot_id=_BOT_ID,
            bot_secret=SecretStr(_BOT_SECRET),
            bot_url=platform.ws_url,
            base_url=platform.base_url,
            welcome=_WELCOME,
        )
        async with Bridge([config], skills=demo_skills()) as bridge:
            yield WeComScene(screen, platform, bot, bridge)


class WeComScene(Scene):
    """WeCom, a smart bot, two people and a group."""

    account = "wecom:demo"
    next_steps = (
        "  imbridge run my_skill.py        your own skill on the real WeCom, with WECOM_BOT_ID and",
        "                                  WECOM_BOT_SECRET set (docs/wecom.md says where to find them)",
    )

    def __init__(self, screen: Screen, platform: WeComBotEmulator, bot: Bot, bridge: Bridge) -> None:
        self.screen = screen
        self.platform = platform
        self.bot = bot
        self.bridge = bridge
        self.alice, self.bob = platform.add_user("Alice"), platform.add_user("Bob")
        self.group = platform.add_group("team", members=[self.alice, self.bob], bots=[bot])

    async def say(self, text: str) -> None:  # noqa: D102 - inherited
        await self.alice.says(text, bot=self.bot)

    async def heard(self, expected: Any = None, *, timeout: float = 15.0) -> str:  # noqa: D102 - inherited
        return (await self._finished(await self.alice.receives(expected, bot=self.bot, timeout=timeout))).text

    def violations(self) -> Sequence[Any]:  # noqa: D102 - inherited
        return self.platform.violations

    async def play(self) -> None:  # noqa: D102 - inherited
        await self._in_private()
        await self._in_a_group()
        await self._with_trouble()

    async def _in_private(self) -> None:
        self.screen.title("In a private chat")
        await self.alice.opens(self.bot)
        self.screen.said("Alice", "private", "[opens the chat]")
        await self.hear(_WELCOME)
        await self.exchange("hi", "echo: hi")
        await self.exchange("/weather beijing", "**beijing**: sunny, 3 °C")
        await self.exchange("/weather", "Which city?")
        await self.exchange("shenzhen", "**shenzhen**: clear, 22 °C")
        await self.exchange("/count", "You asked 1 time(s).")
        await self.exchange("/count", "You asked 2 time(s).")
        await self.alice.sends_image(PIXEL, bot=self.bot)
        self.screen.said("Alice", "private", "[a picture, which WeCom hands over encrypted]")
        await self.hear(f"A picture of {len(PIXEL)} bytes.")
        await self.say("/story")
        self.screen.said("Alice", "private", "/story")
        story = await self._finished(await self.alice.receives(bot=self.bot))
        if not story.text.endswith("at once."):
            raise AssertionError(f"the story did not end: {story.text!r}")
        self.screen.said(BOT, "private", story.text, bot=True)
        self.screen.note(f"  (one streamed message, which showed {len(story.states)} states)")
        await self._with_a_card()

    async def _with_a_card(self) -> None:
        await self.say("/deploy")
        self.screen.said("Alice", "private", "/deploy")
        card = await self.alice.receives(bot=self.bot)
        self.screen.said(BOT, "private", "[card] " + " | ".join(card.text.split("\n")), bot=True)
        before = card.text
        await self.alice.clicks(card, _key_of(card, "Yes"))
        self.screen.said("Alice", "private", "[clicks Yes]")
        for _ in range(100):
            if card.text != before:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("the card did not change")
        self.screen.said(BOT, "private", "[the same card] " + " | ".join(card.text.split("\n")), bot=True)

    async def _in_a_group(self) -> None:
        self.screen.title("In a group")
        await self.bob.says("/weather shanghai", chat=self.group, mentions=[self.bot])
        self.screen.said("Bob", "team", f"@{BOT} /weather shanghai")
        answer = await self._finished(await self.bob.receives("**shanghai**: cloudy, 12 °C", chat=self.group))
        self.screen.said(BOT, "team", answer.text, bot=True)

    async def _with_trouble(self) -> None:
        self.screen.title("When things go wrong")
        self.screen.note(
            "  A skill fails: the user gets a polite sentence with an id, the log a traceback with that id."
        )
        await self.exchange("/divide", lambda message: FAILURE_ID.search(message.text) is not None)
        self.screen.note("  The platform delivers the next message three times; it is answered once.")
        with self.platform.faults.duplicate_callbacks(2, times=1):
            await self.exchange("only once, please", "echo: only once, please")
        await self.alice.receives_nothing(bot=self.bot, within=0.3)
        self.screen.note("  The connection is cut; the bridge connects again by itself.")
        before = self.bridge.counters()[self.account]["connects"]
        self.platform.faults.drop_connections(self.bot)
        # WeCom delivers nothing again that it could not deliver, so Alice waits until the bot is back.
        for _ in range(200):
            if self.bridge.counters()[self.account]["connects"] > before:
                break
            await asyncio.sleep(0.05)
        await self.exchange("and now?", "echo: and now?")

    async def _finished(self, message: BotMessage) -> BotMessage:
        """The message, as soon as it grows no more."""
        for _ in range(300):
            if message.finished:
                return message
            await asyncio.sleep(0.05)
        raise AssertionError(f"a message did not end: {message.text!r}")


def _key_of(card: BotMessage, text: str) -> str:
    """The key of the button with this text."""
    keys = [button["key"] for button in card.card.get("button_list", []) if button.get("text") == text]
    if not keys:
        raise AssertionError(f"the card has no button {text!r}")
    return str(keys[0])
