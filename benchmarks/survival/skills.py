"""What the child's bot does: it repeats what it is told, and takes its time."""

import asyncio
import random

from imbridge import BaseSkill, Message

PREFIX = "re "
"""Before what is repeated."""


class Echo(BaseSkill):
    """Repeats what is said, after up to 20 ms: when a kill comes, several messages are at work."""

    name = "echo"

    async def handle_message(self, msg: Message) -> str:
        await asyncio.sleep(random.uniform(0.0, 0.02))  # noqa: S311 - no secret
        return PREFIX + msg.text


SKILLS: dict[str, type[BaseSkill]] = {"echo": Echo}
