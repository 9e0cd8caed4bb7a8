"""The demo on QQ: an official bot over the gateway."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from pydantic import SecretStr

from imbridge import Bridge
from imbridge.adapters.qq import QQConfig
from imbridge.cli.demo.scene import BOT, PIXEL, Scene, Stage
from imbridge.cli.demo.screen import Screen
from imbridge.emulators.qq import Bot, BotMessage, QQEmulator

_APP_ID, _SECRET = "102000000", "demo-secret"
NAME = "QQ"
TITLE = "an emulated QQ on this machine, the real adapter over the gateway, real frames"


@asynccontextmanager
async def stage(screen: Screen, *, wire: bool) -> AsyncIterator[Stage]:
    """An emulated QQ, and a bot on it."""
    async with QQEmulator() as qq:
        bot = qq.add_bot(BOT, app_id=_APP_ID, secret=_SECRET)
        if wire:
            qq.wire.watch(screen.wire)
        config = QQConfig(
            name="demo",
            app_id=_APP_ID,
            secret=SecretStr(_SECRET),
            api_base_url=qq.base_url,
            token_url=qq.token_url,
        )
        yield Stage(config, lambda bridge: QQScene(screen, qq, bot, bridge))


class QQScene(Scene):
    """QQ, a bot, two people and a group."""

    account = "qq:demo"
    picture = "[a picture]"
    story = "  (one streamed message, which showed {} states)"
    next_steps = (
        "  imbridge run my_skill.py        your own skill on the real QQ, with QQ_APP_ID and QQ_SECRET set",
        "                                  (q.qq.com > the bot > Development shows them)",
    )

    def __init__(self, screen: Screen, qq: QQEmulator, bot: Bot, bridge: Bridge) -> None:
        self.screen = screen
        self.qq = qq
        self.bot = bot
        self.bridge = bridge
        self.alice, self.bob = qq.add_user("Alice"), qq.add_user("Bob")
        self.group = qq.add_group("team", members=[self.bob], bots=[bot])

    async def say(self, text: str) -> None:  # noqa: D102 - inherited
        await self.alice.says(text, bot=self.bot)

    async def heard(self, expected: Any = None, *, timeout: float = 15.0) -> str:  # noqa: D102 - inherited
        return (await self.alice.receives(expected, bot=self.bot, timeout=timeout)).text

    async def heard_growing(self) -> tuple[str, int]:  # noqa: D102 - inherited
        story = await self.alice.receives(bot=self.bot)
        await self.until(lambda: story.finished, "the end of the story")
        return story.text, len(story.states)

    async def silence(self) -> None:  # noqa: D102 - inherited
        await self.alice.receives_nothing(bot=self.bot, within=0.3)

    async def say_in_group(self, text: str) -> None:  # noqa: D102 - inherited
        await self.bob.says(text, chat=self.group, mentions=[self.bot])

    async def heard_in_group(self, expected: Any = None) -> str:  # noqa: D102 - inherited
        return (await self.bob.receives(expected, chat=self.group)).text

    async def send_picture(self) -> None:  # noqa: D102 - inherited
        await self.alice.sends_image(PIXEL, bot=self.bot)

    async def with_a_card(self) -> None:
        """QQ's bots cannot change what they have sent: the answer to a click is a message."""
        await self.say("/deploy")
        self.screen.said("Alice", "private", "/deploy")
        card = await self.alice.receives(bot=self.bot)
        self.show_card(_read(card))
        await self.alice.clicks(card, "Yes")
        self.screen.said("Alice", "private", "[clicks Yes]")
        self.show_card(_read(await self.alice.receives(bot=self.bot)), "a new card")

    def repeating(self) -> AbstractContextManager[Any]:  # noqa: D102 - inherited
        return self.qq.faults.duplicate_events(2, times=1)

    async def more_trouble(self) -> None:
        """QQ asks for a new connection; the bot may send no buttons any more."""
        self.screen.note("  QQ asks for a new connection; what is said meanwhile is delivered to the resumed session.")
        self.qq.reconnect(self.bot)
        await self.exchange("still there?", "echo: still there?")
        self.screen.note("  QQ takes the bot's right to buttons away; the choices become numbered lines.")
        self.bot.keyboard = False
        await self.say("/deploy")
        self.screen.said("Alice", "private", "/deploy")
        self.show_card(_read(await self.alice.receives(bot=self.bot)))

    async def cut(self) -> None:
        """What Alice says before the bot is back is delivered then."""
        self.qq.faults.drop_connections(self.bot)

    def violations(self) -> Sequence[Any]:  # noqa: D102 - inherited
        return self.qq.violations


def _read(message: BotMessage) -> str:
    """What a person reads: headline, text and buttons."""
    lines = [line.removeprefix("## ").removeprefix("> ") for line in message.text.split("\n") if line]
    return "\n".join([*lines, *(button["render_data"]["label"] for button in message.buttons)])
