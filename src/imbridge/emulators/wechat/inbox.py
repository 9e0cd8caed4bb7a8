"""What a person sees of an account, and waiting for it."""

import asyncio
import re
from collections import deque
from collections.abc import Callable

from imbridge.emulators.wechat.message import BotMessage

Expected = str | re.Pattern[str] | Callable[[BotMessage], bool] | None
SHOWN = 20


class Inbox:
    """Messages that one person has and did not consume yet; beyond `limit` the oldest are forgotten."""

    def __init__(self, owner: str, limit: int) -> None:
        self._owner = owner
        self._unseen: deque[BotMessage] = deque(maxlen=limit)
        self._changed = asyncio.Event()

    def add(self, message: BotMessage) -> None:
        """A message arrived."""
        self._unseen.append(message)
        self._changed.set()

    async def receive(self, expected: Expected, timeout: float) -> BotMessage:
        """The oldest message that fits; it is consumed.

        Raises:
            AssertionError: None came in `timeout` seconds; says what came instead.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    self._changed.clear()
                    for message in self._unseen:
                        if _fits(message, expected):
                            self._unseen.remove(message)
                            return message
                    await self._changed.wait()
        except TimeoutError:
            what = "any message" if expected is None else f"a message like {expected!r}"
            listed = "".join(f"\n  - {message!r}" for message in list(self._unseen)[-SHOWN:]) or " nothing"
            raise AssertionError(f"{self._owner} expected {what} within {timeout} s, received:{listed}") from None

    async def receive_nothing(self, within: float) -> None:
        """Waits and sees that no message comes (or is there already).

        Raises:
            AssertionError: One is there; it is not consumed.
        """
        await asyncio.sleep(within)
        if self._unseen:
            listed = "".join(f"\n  - {message!r}" for message in list(self._unseen)[-SHOWN:])
            raise AssertionError(f"{self._owner} should have received nothing, but received:{listed}")


def _fits(message: BotMessage, expected: Expected) -> bool:
    if expected is None:
        return True
    if isinstance(expected, str):
        return message.text == expected
    if isinstance(expected, re.Pattern):
        return expected.search(message.text) is not None
    return expected(message)
