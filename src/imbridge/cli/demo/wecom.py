"""The demo on WeCom: a smart bot over its long connection."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from pydantic import SecretStr

from imbridge import Bridge
from imbridge.adapters.wecom import WeComConfig
from imbridge.cli.demo.scene import BOT, PIXEL, Scene, Stage
from imbridge.cli.demo.screen import Screen
from imbridge.emulators.wecom.bot import Bot, BotEmulatorSettings, BotMessage, WeComBotEmulator

_BOT_ID, _BOT_SECRET = "aib_demo", "demo-secret"
_WELCOME = "Hello! Say /help to see what I can do."
NAME = "WeCom"
TITLE = "an emulated WeCom on this machine, the real adapter of a smart bot, real frames"


@asynccontextmanager
async def stage(screen: Screen, *, wire: bool) -> AsyncIterator[Stage]:
    """An emulated WeCom, and a smart bot on it."""
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
        yield Stage(config, lambda bridge: WeComScene(screen, platform, bot, bridge))


class WeComScene(Scene):
    """WeCom, a smart bot, two people and a group."""

    account = "wecom:demo"
    picture = "[a picture, which WeCom hands over encrypted]"
    story = "  (one streamed message, which showed {} states)"
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

    async def heard_growing(self) -> tuple[str, int]:  # noqa: D102 - inherited
        story = await self._finished(await self.alice.receives(bot=self.bot))
        return story.text, len(story.states)

    async def silence(self) -> None:  # noqa: D102 - inherited
        await self.alice.receives_nothing(bot=self.bot, within=0.3)

    async def say_in_group(self, text: str) -> None:  # noqa: D102 - inherited
        await self.bob.says(text, chat=self.group, mentions=[self.bot])

    async def heard_in_group(self, expected: Any = None) -> str:  # noqa: D102 - inherited
        return (await self._finished(await self.bob.receives(expected, chat=self.group))).text

    async def opening(self) -> None:
        """Alice opens the chat."""
        await self.alice.opens(self.bot)
        self.screen.said("Alice", "private", "[opens the chat]")
        await self.hear(_WELCOME)

    async def send_picture(self) -> None:  # noqa: D102 - inherited
        await self.alice.sends_image(PIXEL, bot=self.bot)

    async def with_a_card(self) -> None:  # noqa: D102 - inherited
        await self.say("/deploy")
        self.screen.said("Alice", "private", "/deploy")
        card = await self.alice.receives(bot=self.bot)
        self.show_card(card.text)
        before = card.text
        await self.alice.clicks(card, _key_of(card, "Yes"))
        self.screen.said("Alice", "private", "[clicks Yes]")
        await self.until(lambda: card.text != before, "the change of the card")
        self.show_card(card.text, "the same card")

    def repeating(self) -> AbstractContextManager[Any]:  # noqa: D102 - inherited
        return self.platform.faults.duplicate_callbacks(2, times=1)

    async def cut(self) -> None:
        """WeCom delivers nothing again that it could not deliver, so Alice waits until the bot is back."""
        await self.until_back(lambda: self.platform.faults.drop_connections(self.bot))

    def violations(self) -> Sequence[Any]:  # noqa: D102 - inherited
        return self.platform.violations

    async def _finished(self, message: BotMessage) -> BotMessage:
        """The message, as soon as it grows no more."""
        await self.until(lambda: message.finished, "the end of a message")
        return message


def _key_of(card: BotMessage, text: str) -> str:
    """The key of the button with this text."""
    keys = [button["key"] for button in card.card.get("button_list", []) if button.get("text") == text]
    if not keys:
        raise AssertionError(f"the card has no button {text!r}")
    return str(keys[0])
