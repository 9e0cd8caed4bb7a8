"""What the child's bot does: it repeats what it is told, and takes its time."""

import asyncio
import random

from imbridge import BaseSkill, Message

PREFIX = "re "
"""Before what is repeated."""
SLOWNESS = 1.0
"""Seconds that person 0 waits for `Uneven`."""


class Echo(BaseSkill):
    """Repeats what is said, after up to 20 ms: when a kill comes, several messages are at work."""

    name = "echo"

    async def handle_message(self, msg: Message) -> str:
        await asyncio.sleep(random.uniform(0.0, 0.02))  # noqa: S311 - no secret
        return PREFIX + msg.text


class Lingering(BaseSkill):
    """Repeats what is said after up to 0.3 s: when a kill comes, nearly always something is at work. For controls."""

    name = "lingering"

    async def handle_message(self, msg: Message) -> str:
        await asyncio.sleep(random.uniform(0.1, 0.3))  # noqa: S311 - no secret
        return PREFIX + msg.text


class Prompt(BaseSkill):
    """Repeats what is said, at once."""

    name = "prompt"

    async def handle_message(self, msg: Message) -> str:
        return PREFIX + msg.text


class Uneven(BaseSkill):
    """Repeats what is said: to person 0 after a second, to all others at once."""

    name = "uneven"

    async def handle_message(self, msg: Message) -> str:
        if msg.text.startswith("0-"):
            await asyncio.sleep(SLOWNESS)
        return PREFIX + msg.text


SKILLS: dict[str, type[BaseSkill]] = {skill.name: skill for skill in (Echo, Lingering, Prompt, Uneven)}
