"""Playing the demo on a platform, or chatting in it from the terminal."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib import import_module
from typing import Any, TextIO

import click

from imbridge import Bridge
from imbridge.cli.demo.scene import BOT, Scene, demo_skills
from imbridge.cli.demo.screen import Screen
from imbridge.storage import MemoryStorage

PLATFORMS = ("feishu", "wecom", "dingtalk", "qq")


def module_of(platform: str) -> Any:
    """The platform's demo; only this one's packages need be installed.

    Raises:
        ModuleNotFoundError: They are not.
    """
    return import_module(f"imbridge.cli.demo.{platform}")


async def play(platform: str, screen: Screen, *, wire: bool = False) -> int:
    """Play the conversation; 0 when everybody got the answers they should."""
    screen.title(f"imbridge demo: {module_of(platform).TITLE}")
    screen.note("No account is used and nothing leaves this machine.")
    async with _scenes([platform], screen, wire=wire) as (scene,):
        with _going_as_it_should():
            await scene.play()
        _sum_up(screen, [scene])
        chosen = "" if platform == "feishu" else f" --platform {platform}"
        screen.plain("\nNext:")
        screen.plain(f"  imbridge demo{chosen} --interactive     chat with these skills yourself")
        screen.plain(f"  imbridge demo{chosen} --wire            see every frame and HTTP call")
        for line in scene.next_steps:
            screen.plain(line)
    return 0


async def play_all(screen: Screen, *, wire: bool = False) -> int:
    """Play a few lines on every platform, with one bridge and one set of skills for all of them."""
    screen.title("imbridge demo: four emulated platforms on this machine, one bridge, the same skills on each")
    screen.note("No account is used and nothing leaves this machine.")
    async with _scenes(PLATFORMS, screen, wire=wire) as scenes:
        for platform, scene in zip(PLATFORMS, scenes, strict=True):
            screen.title(f"On {module_of(platform).NAME}")
            with _going_as_it_should():
                await scene.play_what_all_can()
        _sum_up(screen, scenes)
        screen.plain("\nNext:")
        screen.plain(
            "  imbridge demo --platform wecom      more of one platform (feishu, wecom, dingtalk, qq), and things that"
        )
        screen.plain("                                      go wrong there; --wire shows every frame, -i lets you chat")
        screen.plain("  imbridge run my_skill.py            your own skill on the real platforms (README.md says how)")
    return 0


@asynccontextmanager
async def _scenes(platforms: Sequence[str], screen: Screen, *, wire: bool) -> AsyncIterator[list[Scene]]:
    """The platforms, emulated, and one bridge that is connected to all of them."""
    async with AsyncExitStack() as stack:
        stages = [await stack.enter_async_context(module_of(name).stage(screen, wire=wire)) for name in platforms]
        bridge = Bridge([stage.config for stage in stages], skills=demo_skills(), storage=MemoryStorage())
        await stack.enter_async_context(bridge)
        yield [stage.scene(bridge) for stage in stages]


@contextmanager
def _going_as_it_should() -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        raise click.ClickException(f"the conversation did not go as it should: {error}") from error


def _sum_up(screen: Screen, scenes: Sequence[Scene]) -> None:
    counts = scenes[0].bridge.counters()
    own, connects = counts["bridge"], sum(counts[scene.account]["connects"] for scene in scenes)
    broken = [breach for scene in scenes for breach in scene.violations()]
    emulators = "the emulator" if len(scenes) == 1 else "the emulators"
    screen.done(
        f"{own['accepted'] - own.get('own', 0)} messages taken in, {own.get('duplicate', 0)} repetitions recognised, "
        f"{own.get('delivery_sent', 0)} answers sent, {connects} connections; "
        f"{emulators} saw {len(broken)} breaches of the platform's rules."
    )
    if broken:
        raise click.ClickException(f"the platform's rules were broken: {broken[0]}")


async def interact(platform: str, screen: Screen, source: TextIO, *, wire: bool = False) -> int:
    """Chat from the terminal, until the end of input."""
    async with _scenes([platform], screen, wire=wire) as (scene,):
        screen.title("You are in a private chat with the bot. Try: hi, /help, /weather, /story. Ctrl-D ends it.")
        listening = asyncio.create_task(_listen(screen, scene))
        lines = _lines(source)
        try:
            while line := await lines.get():
                if text := line.strip():
                    await scene.say(text)
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


async def _listen(screen: Screen, scene: Scene) -> None:
    while True:
        screen.said(BOT, "private", await scene.heard(timeout=86_400), bot=True)
