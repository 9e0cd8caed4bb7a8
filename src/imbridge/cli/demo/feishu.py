"""The demo on Feishu: a long connection with protobuf frames."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from imbridge import Bridge, FeishuConfig
from imbridge.cli.demo.scene import BOT, FAILURE_ID, PIXEL, Scene, demo_skills
from imbridge.cli.demo.screen import Screen
from imbridge.emulators.feishu import EmulatorSettings, FeishuEmulator

_APP_ID, _APP_SECRET = "cli_demo", "demo-secret"
TITLE = "an emulated Feishu on this machine, the real adapter, real frames"


@asynccontextmanager
async def stage(screen: Screen, *, wire: bool) -> AsyncIterator[Scene]:
    """An emulated Feishu, the bot's app on it, and a running bridge."""
    settings = EmulatorSettings(reconnect_nonce=0, redelivery=(1.0, 5.0))
    async with FeishuEmulator(settings=settings) as feishu:
        app = feishu.add_app(app_id=_APP_ID, app_secret=_APP_SECRET, name=BOT)
        if wire:
            feishu.wire.watch(screen.wire)
        config = FeishuConfig(name="demo", app_id=_APP_ID, app_secret=SecretStr(_APP_SECRET), base_url=feishu.base_url)
        async with Bridge([config], skills=demo_skills()) as bridge:
            yield FeishuScene(screen, feishu, app, bridge)


class FeishuScene(Scene):
    """Feishu, an app, two people and a group."""

    account = "feishu:demo"
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

    def violations(self) -> Sequence[Any]:  # noqa: D102 - inherited
        return self.feishu.violations

    async def play(self) -> None:  # noqa: D102 - inherited
        await self._in_private()
        await self._in_a_group()
        await self._with_trouble()

    async def _in_private(self) -> None:
        self.screen.title("In a private chat")
        await self.exchange("hi", "echo: hi")
        await self.exchange("/weather beijing", "**beijing**: sunny, 3 °C")
        await self.exchange("/weather", "Which city?")
        await self.exchange("shenzhen", "**shenzhen**: clear, 22 °C")
        await self.exchange("/count", "You asked 1 time(s).")
        await self.exchange("/count", "You asked 2 time(s).")
        await self.alice.sends_image(PIXEL, chat=self.private)
        self.screen.said("Alice", "private", "[a picture]")
        await self.hear(f"A picture of {len(PIXEL)} bytes.")
        await self.alice.says("/story", chat=self.private)
        self.screen.said("Alice", "private", "/story")
        story = await self.alice.receives(chat=self.private)
        for _ in range(300):
            if story.text.rstrip().endswith("at once."):
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError(f"the story did not end: {story.text!r}")
        self.screen.said(BOT, "private", story.text.rstrip(), bot=True)
        self.screen.note(f"  (one card, which showed {len(story.history)} states while the text was streamed into it)")
        await self._with_a_card()

    async def _with_a_card(self) -> None:
        await self.alice.says("/deploy", chat=self.private)
        self.screen.said("Alice", "private", "/deploy")
        card = await self.alice.receives(chat=self.private)
        self.screen.said(BOT, "private", "[card] " + " | ".join(card.text.split("\n")), bot=True)
        answer = await self.feishu.clicks(self.alice, card, button="Yes")
        self.screen.said("Alice", "private", "[clicks Yes]")
        self.screen.said(BOT, "private", f"[toast] {answer['toast']['content']}", bot=True)
        self.screen.said(BOT, "private", f"[the same card] {card.text}", bot=True)

    async def _in_a_group(self) -> None:
        self.screen.title("In a group")
        await self.bob.says("@bot /weather shanghai", chat=self.group, mentions=[self.app])
        self.screen.said("Bob", "team", "@Bot /weather shanghai")
        answer = await self.bob.receives("**shanghai**: cloudy, 12 °C", chat=self.group)
        self.screen.said(BOT, "team", answer.text, bot=True)
        await self.bob.says("@bot /help", chat=self.group, mentions=[self.app])
        self.screen.said("Bob", "team", "@Bot /help")
        answer = await self.bob.receives(chat=self.group)
        self.screen.said(BOT, "team", answer.text, bot=True)

    async def _with_trouble(self) -> None:
        self.screen.title("When things go wrong")
        self.screen.note(
            "  A skill fails: the user gets a polite sentence with an id, the log a traceback with that id."
        )
        await self.exchange("/divide", lambda message: FAILURE_ID.search(message.text) is not None)
        self.screen.note("  The platform delivers the next message three times; it is answered once.")
        with self.feishu.faults.duplicate_events(2, times=1):
            await self.exchange("only once, please", "echo: only once, please")
        await self.alice.receives_nothing(chat=self.private, within=0.3)
        self.screen.note("  The access token dies before its time; the answer comes all the same.")
        self.feishu.faults.expire_tokens()
        await self.exchange("still there?", "echo: still there?")
        self.screen.note("  The connection is cut; the bridge connects again by itself.")
        self.feishu.faults.drop_connections()
        await self.exchange("and now?", "echo: and now?")
