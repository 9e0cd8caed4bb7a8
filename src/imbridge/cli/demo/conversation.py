"""Playing the demo on a platform, or chatting in it from the terminal."""

import asyncio
import threading
from importlib import import_module
from typing import Any, TextIO

import click

from imbridge.cli.demo.scene import BOT, Scene
from imbridge.cli.demo.screen import Screen


def module_of(platform: str) -> Any:
    """The platform's demo; only this one's packages need be installed.

    Raises:
        ModuleNotFoundError: They are not.
    """
    return import_module(f"imbridge.cli.demo.{platform}")


async def play(platform: str, screen: Screen, *, wire: bool = False) -> int:
    """Play the conversation; 0 when everybody got the answers they should."""
    module = module_of(platform)
    screen.title(f"imbridge demo: {module.TITLE}")
    screen.note("No account is used and nothing leaves this machine.")
    async with module.stage(screen, wire=wire) as scene:
        try:
            await scene.play()
        except AssertionError as error:
            raise click.ClickException(f"the conversation did not go as it should: {error}") from error
        _sum_up(screen, scene, platform)
    return 0


def _sum_up(screen: Screen, scene: Scene, platform: str) -> None:
    counts = scene.bridge.counters()
    own, account = counts["bridge"], counts[scene.account]
    broken = scene.violations()
    screen.done(
        f"{own['accepted'] - own.get('own', 0)} messages taken in, {own.get('duplicate', 0)} repetitions recognised, "
        f"{own.get('delivery_sent', 0)} answers sent, {account['connects']} connections; "
        f"the emulator saw {len(broken)} breaches of the platform's rules."
    )
    if broken:
        raise click.ClickException(f"the platform's rules were broken: {broken[0]}")
    chosen = "" if platform == "feishu" else f" --platform {platform}"
    screen.plain("\nNext:")
    screen.plain(f"  imbridge demo{chosen} --interactive     chat with these skills yourself")
    screen.plain(f"  imbridge demo{chosen} --wire            see every frame and HTTP call")
    for line in scene.next_steps:
        screen.plain(line)


async def interact(platform: str, screen: Screen, source: TextIO, *, wire: bool = False) -> int:
    """Chat from the terminal, until the end of input."""
    async with module_of(platform).stage(screen, wire=wire) as scene:
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
