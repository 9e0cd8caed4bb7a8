"""What a demo needs of a platform: a stage, people on it, and a conversation that goes as it should."""

import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from imbridge import BaseSkill, Bridge
from imbridge.cli.demo.screen import Screen
from imbridge.cli.demo.skills import Broken, Counter, Deploy, Echo, Pictures, Story, Weather
from imbridge.skills.builtin.help import HelpSkill

BOT = "Bot"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000003000100"
    "5bb1e4a50000000049454e44ae426082"
)
FAILURE_ID = re.compile(r"[0-9a-f]{8}")


class Scene(ABC):
    """An emulated platform, a bridge that is connected to it, and people who talk.

    Attributes:
        screen: Where it is shown.
        bridge: The bridge.
        account: The key of its one account.
        next_steps: What to try after it, as lines.
    """

    screen: Screen
    bridge: Bridge
    account: str
    next_steps: Sequence[str]

    @abstractmethod
    async def play(self) -> None:
        """The whole conversation.

        Raises:
            AssertionError: Somebody did not get the answer they should.
        """

    @abstractmethod
    async def say(self, text: str) -> None:
        """Somebody says this in private."""

    @abstractmethod
    async def heard(self, expected: Any = None, *, timeout: float = 15.0) -> str:
        """What the bot says next in private: what is expected, if anything is."""

    @abstractmethod
    def violations(self) -> Sequence[Any]:
        """The platform's rules that were broken."""

    async def exchange(self, text: str, expected: Any) -> None:
        """Alice says something in private and gets the expected answer."""
        await self.say(text)
        self.screen.said("Alice", "private", text)
        await self.hear(expected)

    async def hear(self, expected: Any) -> None:
        """Alice gets the expected answer."""
        self.screen.said(BOT, "private", await self.heard(expected), bot=True)


def demo_skills() -> list[BaseSkill]:
    """The skills that every demo runs."""
    # The traceback of the skill that fails on purpose belongs into a log, and the demo has none.
    logging.getLogger("imbridge").addHandler(logging.NullHandler())
    return [HelpSkill(), Weather(), Deploy(), Counter(), Story(), Pictures(), Broken(), Echo()]
