"""What a demo needs of a platform: a stage, people on it, and a conversation that goes as it should."""

import asyncio
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from imbridge import BaseSkill, Bridge
from imbridge.cli.demo.screen import Screen
from imbridge.cli.demo.skills import Broken, Counter, Deploy, Echo, Pictures, Report, Story, Weather
from imbridge.config import AccountConfig
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
        picture: How a picture that Alice sends is shown.
        story: What is told of a streamed answer; `{}` stands for how many states it showed.
        next_steps: What to try after it, as lines.
    """

    screen: Screen
    bridge: Bridge
    account: str
    picture: str = "[a picture]"
    story: str = "  (one message, which showed {} states)"
    next_steps: Sequence[str]

    # -- what a platform does its own way ------------------------------------------------------------------------------

    @abstractmethod
    async def say(self, text: str) -> None:
        """Alice says this in private."""

    @abstractmethod
    async def heard(self, expected: Any = None, *, timeout: float = 15.0) -> str:
        """What the bot says next in private: what is expected, if anything is."""

    @abstractmethod
    async def heard_growing(self) -> tuple[str, int]:
        """An answer that grows, when it has grown to its end, and how many states it showed."""

    @abstractmethod
    async def silence(self) -> None:
        """The bot says nothing in private for a moment.

        Raises:
            AssertionError: It does.
        """

    @abstractmethod
    async def say_in_group(self, text: str) -> None:
        """Bob says this to the bot in the group."""

    @abstractmethod
    async def heard_in_group(self, expected: Any = None) -> str:
        """What the bot says next in the group."""

    @abstractmethod
    async def send_picture(self) -> None:
        """Alice sends `PIXEL` in private."""

    @abstractmethod
    async def with_a_card(self) -> None:
        """Alice asks to deploy, and clicks."""

    @abstractmethod
    def repeating(self) -> AbstractContextManager[Any]:
        """The platform delivers the next message three times."""

    @abstractmethod
    async def cut(self) -> None:
        """The connection breaks; back when a message would not be lost."""

    @abstractmethod
    def violations(self) -> Sequence[Any]:
        """The platform's rules that were broken."""

    async def opening(self) -> None:  # noqa: B027 - most platforms have nothing here
        """What happens before anybody says something."""

    async def more_trouble(self) -> None:  # noqa: B027 - as above
        """What else can go wrong on this platform."""

    # -- the conversation ----------------------------------------------------------------------------------------------

    async def play(self) -> None:
        """The whole conversation.

        Raises:
            AssertionError: Somebody did not get the answer they should.
        """
        await self._in_private()
        await self._in_a_group()
        await self._with_trouble()

    async def play_what_all_can(self) -> None:
        """The same few lines on every platform: a question, Markdown, an answer that grows, a card.

        Raises:
            AssertionError: Somebody did not get the answer they should.
        """
        await self.opening()
        await self.exchange("/weather", "Which city?")
        await self.exchange("shenzhen", "**shenzhen**: clear, 22 °C")
        await self.exchange("/report", lambda message: "Shenzhen" in message.text)
        await self._with_a_story()
        await self.with_a_card()

    async def exchange(self, text: str, expected: Any) -> None:
        """Alice says something in private and gets the expected answer."""
        await self.say(text)
        self.screen.said("Alice", "private", text)
        await self.hear(expected)

    async def hear(self, expected: Any) -> None:
        """Alice gets the expected answer."""
        self.screen.said(BOT, "private", await self.heard(expected), bot=True)

    async def _in_private(self) -> None:
        self.screen.title("In a private chat")
        await self.opening()
        await self.exchange("hi", "echo: hi")
        await self.exchange("/weather beijing", "**beijing**: sunny, 3 °C")
        await self.exchange("/weather", "Which city?")
        await self.exchange("shenzhen", "**shenzhen**: clear, 22 °C")
        await self.exchange("/count", "You asked 1 time(s).")
        await self.exchange("/count", "You asked 2 time(s).")
        await self.send_picture()
        self.screen.said("Alice", "private", self.picture)
        await self.hear(f"A picture of {len(PIXEL)} bytes.")
        await self._with_a_story()
        await self.with_a_card()

    async def _with_a_story(self) -> None:
        await self.say("/story")
        self.screen.said("Alice", "private", "/story")
        told, states = await self.heard_growing()
        if not told.rstrip().endswith("at once."):
            raise AssertionError(f"the story did not end: {told!r}")
        self.screen.said(BOT, "private", told.rstrip(), bot=True)
        self.screen.note(self.story.format(states))

    async def _in_a_group(self) -> None:
        self.screen.title("In a group")
        for text, expected in (("/weather shanghai", "**shanghai**: cloudy, 12 °C"), ("/help", None)):
            await self.say_in_group(text)
            self.screen.said("Bob", "team", f"@{BOT} {text}")
            self.screen.said(BOT, "team", await self.heard_in_group(expected), bot=True)

    async def _with_trouble(self) -> None:
        self.screen.title("When things go wrong")
        self.screen.note(
            "  A skill fails: the user gets a polite sentence with an id, the log a traceback with that id."
        )
        await self.exchange("/divide", lambda message: FAILURE_ID.search(message.text) is not None)
        self.screen.note("  The platform delivers the next message three times; it is answered once.")
        with self.repeating():
            await self.exchange("only once, please", "echo: only once, please")
        await self.silence()
        await self.more_trouble()
        self.screen.note("  The connection is cut; the bridge connects again by itself.")
        await self.cut()
        await self.exchange("and now?", "echo: and now?")

    # -- for the platforms ---------------------------------------------------------------------------------------------

    def show_card(self, text: str, note: str = "card") -> None:
        """What a card says."""
        self.screen.said(BOT, "private", f"[{note}] " + " | ".join(text.split("\n")), bot=True)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until it is true.

        Raises:
            AssertionError: It does not come true.
        """
        for _ in range(300):
            if condition():
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{what} did not come")

    async def until_back(self, cut: Callable[[], Any]) -> None:
        """Cut the connection, and wait for the next one: for platforms that deliver nothing again."""
        before = self.bridge.counters()[self.account]["connects"]
        cut()
        await self.until(lambda: self.bridge.counters()[self.account]["connects"] > before, "a new connection")


@dataclass(frozen=True)
class Stage:
    """An emulated platform that waits for a bridge.

    Attributes:
        config: The account to connect with.
        scene: The people on it, once a bridge runs.
    """

    config: AccountConfig
    scene: Callable[[Bridge], Scene]


def demo_skills() -> list[BaseSkill]:
    """The skills that every demo runs."""
    # The traceback of the skill that fails on purpose belongs into a log, and the demo has none.
    logging.getLogger("imbridge").addHandler(logging.NullHandler())
    return [HelpSkill(), Weather(), Deploy(), Counter(), Report(), Story(), Pictures(), Broken(), Echo()]
