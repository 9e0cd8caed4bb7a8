"""What a person sees of the bots, and waiting for it."""

import asyncio
import re
from collections import deque
from collections.abc import Callable

from imbridge.emulators.wecom.bot.chat import BotChat
from imbridge.emulators.wecom.bot.message import BotMessage

Expected = str | re.Pattern[str] | Callable[[BotMessage], bool] | None
SHOWN = 20


class Inbox:
    """Bot messages that one person can see and has not consumed yet; beyond `limit` the oldest are forgotten."""

    def __init__(self, owner: str, limit: int) -> None:
        self._owner = owner
        self._unseen: deque[BotMessage] = deque(maxlen=limit)
        self._changed = asyncio.Event()

    def add(self, message: BotMessage) -> None:
        """A new message has become visible."""
        self._unseen.append(message)
        self._changed.set()

    def touch(self) -> None:
        """A message changed: waiters look again."""
        self._changed.set()

    async def receive(self, expected: Expected, chat: BotChat | None, timeout: float) -> BotMessage:
        """The oldest unconsumed message that fits; it is consumed.

        Raises:
            AssertionError: None came in `timeout` seconds; says what came instead.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    self._changed.clear()
                    found = self._take(expected, chat)
                    if found is not None:
                        return found
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(self._explanation(expected, chat, timeout)) from None

    async def receive_nothing(self, within: float, chat: BotChat | None) -> None:
        """Waits and sees that no message comes (or is there already).

        Raises:
            AssertionError: One is there; it is not consumed.
        """
        await asyncio.sleep(within)
        seen = [message for message in self._unseen if chat is None or message.chat is chat]
        if seen:
            raise AssertionError(f"{self._owner} should have received nothing, but received:{_listed(seen)}")

    def _take(self, expected: Expected, chat: BotChat | None) -> BotMessage | None:
        for index, message in enumerate(self._unseen):
            if (chat is None or message.chat is chat) and _fits(message, expected):
                del self._unseen[index]
                return message
        return None

    def _explanation(self, expected: Expected, chat: BotChat | None, timeout: float) -> str:
        what = "any message" if expected is None else f"a message like {expected!r}"
        where = "" if chat is None else f" in {chat!r}"
        seen = list(self._unseen)
        instead = f"Received instead:{_listed(seen)}" if seen else "Received nothing."
        return f"{self._owner} expected {what}{where} within {timeout} s. {instead}"


def _fits(message: BotMessage, expected: Expected) -> bool:
    if expected is None:
        return True
    if isinstance(expected, str):
        return message.text == expected
    if isinstance(expected, re.Pattern):
        return expected.search(message.text) is not None
    return expected(message)


def _listed(messages: list[BotMessage]) -> str:
    hidden = len(messages) - SHOWN
    lines = [f"\n  - {m!r}" for m in messages[-SHOWN:]]
    return (f"\n  ({hidden} earlier ones)" if hidden > 0 else "") + "".join(lines)
