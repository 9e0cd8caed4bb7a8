"""The demo on Feishu: a long connection with protobuf frames."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from pydantic import SecretStr

from imbridge import Bridge, FeishuConfig
from imbridge.cli.demo.scene import BOT, PIXEL, Scene, Stage
from imbridge.cli.demo.screen import Screen
from imbridge.emulators.feishu import EmulatorSettings, FeishuEmulator

_APP_ID, _APP_SECRET = "cli_demo", "demo-secret"
NAME = "Feishu"
TITLE = "an emulated Feishu on this machine, the real adapter, real frames"


@asynccontextmanager
async def stage(screen: Screen, *, wire: bool) -> AsyncIterator[Stage]:
    """An emulated Feishu, and the bot's app on it."""
    settings = EmulatorSettings(reconnect_nonce=0, redelivery=(1.0, 5.0))
    async with FeishuEmulator(settings=settings) as feishu:
        app = feishu.add_app(app_id=_APP_ID, app_secret=_APP_SECRET, name=BOT)
        if wire:
            feishu.wire.watch(screen.wire)
        config = FeishuConfig(name="demo", app_id=_APP_ID, app_secret=SecretStr(_APP_SECRET), base_url=feishu.base_url)
        yield Stage(config, lambda bridge: FeishuScene(screen, feishu, app, bridge))


class FeishuScene(Scene):
    """Feishu, an app, two people and a group."""

    account = "feishu:demo"
    story = "  (one card, which showed {} states while the text was streamed into it)"
    next_steps = (
        "  imbridge run my_skill.py        your own skill on the real Feishu, with FEISHU_APP_ID and",
        "                                  FEISHU_APP_SECRET set (docs/feishu.md says where to find them)",
    )

    def __init__(self, screen: Screen, feishu: FeishuEmulator, app: Any, bridge: Bridge) -> None:
        self.screen = screen
        self.feishu = feishu
        self.app = app
        self.bridge = bridge
        self.alice, self.bob = feishu.add_user("Alice"), feishu.add_user("Bob")
        self.private = feishu.private_chat(self.alice, app)
        self.group = feishu.add_group("team", members=[self.alice, self.bob], apps=[app])

    async def say(self, text: str) -> None:  # noqa: D102 - inherited
        await self.alice.says(text, chat=self.private)

    async def heard(self, expected: Any = None, *, timeout: float = 15.0) -> str:  # noqa: D102 - inherited
        return (await self.alice.receives(expected, chat=self.private, timeout=timeout)).text

    async def heard_growing(self) -> tuple[str, int]:  # noqa: D102 - inherited
        story = await self.alice.receives(chat=self.private)
        await self.until(lambda: story.text.rstrip().endswith("at once."), "the end of the story")
        return story.text, len(story.history)

    async def silence(self) -> None:  # noqa: D102 - inherited
        await self.alice.receives_nothing(chat=self.private, within=0.3)

    async def say_in_group(self, text: str) -> None:  # noqa: D102 - inherited
        await self.bob.says(f"@bot {text}", chat=self.group, mentions=[self.app])

    async def heard_in_group(self, expected: Any = None) -> str:  # noqa: D102 - inherited
        return (await self.bob.receives(expected, chat=self.group)).text

    async def send_picture(self) -> None:  # noqa: D102 - inherited
        await self.alice.sends_image(PIXEL, chat=self.private)

    async def with_a_card(self) -> None:  # noqa: D102 - inherited
        await self.say("/deploy")
        self.screen.said("Alice", "private", "/deploy")
        card = await self.alice.receives(chat=self.private)
        self.show_card(card.text)
        answer = await self.feishu.clicks(self.alice, card, button="Yes")
        self.screen.said("Alice", "private", "[clicks Yes]")
        self.screen.said(BOT, "private", f"[toast] {answer['toast']['content']}", bot=True)
        self.show_card(card.text, "the same card")

    def repeating(self) -> AbstractContextManager[Any]:  # noqa: D102 - inherited
        return self.feishu.faults.duplicate_events(2, times=1)

    async def more_trouble(self) -> None:
        """The access token dies."""
        self.screen.note("  The access token dies before its time; the answer comes all the same.")
        self.feishu.faults.expire_tokens()
        await self.exchange("still there?", "echo: still there?")

    async def cut(self) -> None:
        """Feishu delivers again what it could not deliver."""
        self.feishu.faults.drop_connections()

    def violations(self) -> Sequence[Any]:  # noqa: D102 - inherited
        return self.feishu.violations
