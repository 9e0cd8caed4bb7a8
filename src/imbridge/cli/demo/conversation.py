"""The demo's conversation: an emulated Feishu, a bridge, and people who talk."""

import asyncio
import logging
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TextIO

import click
from pydantic import SecretStr

from imbridge import Bridge, FeishuConfig
from imbridge.cli.demo.screen import Screen
from imbridge.cli.demo.skills import Broken, Counter, Deploy, Echo, Pictures, Story, Weather
from imbridge.emulators.feishu import EmulatorSettings, FeishuEmulator
from imbridge.skills.builtin.help import HelpSkill

_APP_ID, _APP_SECRET = "cli_demo", "demo-secret"
_BOT = "Bot"
_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000003000100"
    "5bb1e4a50000000049454e44ae426082"
)
_FAILURE_ID = re.compile(r"[0-9a-f]{8}")


@asynccontextmanager
async def stage(screen: Screen, *, wire: bool) -> AsyncIterator[tuple[FeishuEmulator, Any, Bridge]]:
    """An emulated Feishu, the bot's app on it, and a running bridge."""
    # The traceback of the skill that fails on purpose belongs into a log, and the demo has none.
    logging.getLogger("imbridge").addHandler(logging.NullHandler())
    settings = EmulatorSettings(reconnect_nonce=0, redelivery=(1.0, 5.0))
    async with FeishuEmulator(settings=settings) as feishu:
        app = feishu.add_app(app_id=_APP_ID, app_secret=_APP_SECRET, name=_BOT)
        if wire:
            feishu.wire.watch(screen.wire)
        config = FeishuConfig(name="demo", app_id=_APP_ID, app_secret=SecretStr(_APP_SECRET), base_url=feishu.base_url)
        skills = [HelpSkill(), Weather(), Deploy(), Counter(), Story(), Pictures(), Broken(), Echo()]
        async with Bridge([config], skills=skills) as bridge:
            yield feishu, app, bridge


async def play(screen: Screen, *, wire: bool = False) -> int:
    """Play the conversation; 0 when everybody got the answers they should."""
    screen.title("imbridge demo: an emulated Feishu on this machine, the real adapter, real frames")
    screen.note("No account is used and nothing leaves this machine.")
    async with stage(screen, wire=wire) as (feishu, app, bridge):
        try:
            await _Play(screen, feishu, app).all()
        except AssertionError as error:
            raise click.ClickException(f"the conversation did not go as it should: {error}") from error
        _sum_up(screen, feishu, bridge)
    return 0


class _Play:
    def __init__(self, screen: Screen, feishu: FeishuEmulator, app: Any) -> None:
        self.screen = screen
        self.feishu = feishu
        self.app = app
        self.alice, self.bob = feishu.add_user("Alice"), feishu.add_user("Bob")
        self.private = feishu.private_chat(self.alice, app)
        self.group = feishu.add_group("team", members=[self.alice, self.bob], apps=[app])

    async def all(self) -> None:
        await self.in_private()
        await self.in_a_group()
        await self.with_trouble()

    async def in_private(self) -> None:
        self.screen.title("In a private chat")
        await self.exchange("hi", "echo: hi")
        await self.exchange("/weather beijing", "**beijing**: sunny, 3 °C")
        await self.exchange("/weather", "Which city?")
        await self.exchange("shenzhen", "**shenzhen**: clear, 22 °C")
        await self.exchange("/count", "You asked 1 time(s).")
        await self.exchange("/count", "You asked 2 time(s).")
        await self.alice.sends_image(_PIXEL, chat=self.private)
        self.screen.said("Alice", "private", "[a picture]")
        await self.hear(f"A picture of {len(_PIXEL)} bytes.")
        await self.alice.says("/story", chat=self.private)
        self.screen.said("Alice", "private", "/story")
        story = await self.alice.receives(chat=self.private)
        for _ in range(300):
            if story.text.rstrip().endswith("at once."):
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError(f"the story did not end: {story.text!r}")
        self.screen.said(_BOT, "private", story.text.rstrip(), bot=True)
        self.screen.note(f"  (one card, which showed {len(story.history)} states while the text was streamed into it)")
        await self.with_a_card()

    async def with_a_card(self) -> None:
        await self.alice.says("/deploy", chat=self.private)
        self.screen.said("Alice", "private", "/deploy")
        card = await self.alice.receives(chat=self.private)
        self.screen.said(_BOT, "private", "[card] " + " | ".join(card.text.split("\n")), bot=True)
        answer = await self.feishu.clicks(self.alice, card, button="Yes")
        self.screen.said("Alice", "private", "[clicks Yes]")
        self.screen.said(_BOT, "private", f"[toast] {answer['toast']['content']}", bot=True)
        self.screen.said(_BOT, "private", f"[the same card] {card.text}", bot=True)

    async def in_a_group(self) -> None:
        self.screen.title("In a group")
        await self.bob.says("@bot /weather shanghai", chat=self.group, mentions=[self.app])
        self.screen.said("Bob", "team", "@Bot /weather shanghai")
        answer = await self.bob.receives("**shanghai**: cloudy, 12 °C", chat=self.group)
        self.screen.said(_BOT, "team", answer.text, bot=True)
        await self.bob.says("@bot /help", chat=self.group, mentions=[self.app])
        self.screen.said("Bob", "team", "@Bot /help")
        answer = await self.bob.receives(chat=self.group)
        self.screen.said(_BOT, "team", answer.text, bot=True)

    async def with_trouble(self) -> None:
        self.screen.title("When things go wrong")
        self.screen.note(
            "  A skill fails: the user gets a polite sentence with an id, the log a traceback with that id."
        )
        await self.exchange("/divide", lambda message: _FAILURE_ID.search(message.text) is not None)
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

    async def exchange(self, text: str, expected: Any) -> None:
        """Alice says something in private and gets the expected answer."""
        await self.alice.says(text, chat=self.private)
        self.screen.said("Alice", "private", text)
        await self.hear(expected)

    async def hear(self, expected: Any) -> None:
        answer = await self.alice.receives(expected, chat=self.private, timeout=15)
        self.screen.said(_BOT, "private", answer.text, bot=True)


def _sum_up(screen: Screen, feishu: FeishuEmulator, bridge: Bridge) -> None:
    counts = bridge.counters()
    own, account = counts["bridge"], counts["feishu:demo"]
    screen.done(
        f"{own['accepted'] - own.get('own', 0)} messages taken in, {own.get('duplicate', 0)} repetitions recognised, "
        f"{own.get('delivery_sent', 0)} answers sent, {account['connects']} connections; "
        f"the emulator saw {len(feishu.violations)} breaches of the platform's rules."
    )
    if feishu.violations:
        raise click.ClickException(f"the platform's rules were broken: {feishu.violations[0]}")
    screen.plain("\nNext:")
    screen.plain("  imbridge demo --interactive     chat with these skills yourself")
    screen.plain("  imbridge demo --wire            see every frame and HTTP call")
    screen.plain("  imbridge run my_skill.py        your own skill on the real Feishu, with FEISHU_APP_ID and")
    screen.plain("                                  FEISHU_APP_SECRET set (docs/feishu.md says where to find them)")


async def interact(screen: Screen, source: TextIO, *, wire: bool = False) -> int:
    """Chat from the terminal, until the end of input."""
    async with stage(screen, wire=wire) as (feishu, app, _bridge):
        you = feishu.add_user("You")
        room = feishu.private_chat(you, app)
        screen.title("You are in a private chat with the bot. Try: hi, /help, /weather, /story. Ctrl-D ends it.")
        listening = asyncio.create_task(_listen(screen, you, room))
        lines = _lines(source)
        try:
            while line := await lines.get():
                if text := line.strip():
                    await you.says(text, chat=room)
            await asyncio.sleep(1.0)  # answers to the last lines of a script
        finally:
            listening.cancel()
            await asyncio.wait((listening,))
    return 0


def _lines(source: TextIO) -> "asyncio.Queue[str]":
    """Lines as they are typed, an empty one at the end; read in a thread that Ctrl-C need not wait for."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        for line in source:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return lines


async def _listen(screen: Screen, you: Any, room: Any) -> None:
    while True:
        answer = await you.receives(chat=room, timeout=86_400)
        screen.said(_BOT, "private", answer.text, bot=True)
