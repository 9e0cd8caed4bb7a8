"""What a person sees of the apps, and waiting for it."""

import asyncio
import re
from collections import deque
from collections.abc import Callable

from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.message import AppMessage

Expected = str | re.Pattern[str] | Callable[[AppMessage], bool] | None
SHOWN = 20


class Inbox:
    """Messages that one person can see and has not consumed yet; beyond `limit` the oldest are forgotten."""

    def __init__(self, owner: str, limit: int) -> None:
        self._owner = owner
        self._unseen: deque[AppMessage] = deque(maxlen=limit)
        self._changed = asyncio.Event()

    def add(self, message: AppMessage) -> None:
        """A new message has become visible."""
        self._unseen.append(message)
        self._changed.set()

    def touch(self) -> None:
        """A message changed: waiters look again."""
        self._changed.set()

    async def receive(self, expected: Expected, app: App | None, timeout: float) -> AppMessage:
        """The oldest unconsumed message that fits; it is consumed.

        Raises:
            AssertionError: None came in `timeout` seconds; says what came instead.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    self._changed.clear()
                    found = self._take(expected, app)
                    if found is not None:
                        return found
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(self._explanation(expected, app, timeout)) from None

    async def receive_nothing(self, within: float, app: App | None) -> None:
        """Waits and sees that no message comes (or is there already).

        Raises:
            AssertionError: One is there; it is not consumed.
        """
        await asyncio.sleep(within)
        seen = [message for message in self._unseen if app is None or message.app is app]
        if seen:
            raise AssertionError(f"{self._owner} should have received nothing, but received:{_listed(seen)}")

    def _take(self, expected: Expected, app: App | None) -> AppMessage | None:
        for index, message in enumerate(self._unseen):
            if (app is None or message.app is app) and _fits(message, expected):
                del self._unseen[index]
                return message
        return None

    def _explanation(self, expected: Expected, app: App | None, timeout: float) -> str:
        what = "any message" if expected is None else f"a message like {expected!r}"
        where = "" if app is None else f" of {app.name}"
        seen = list(self._unseen)
        instead = f"Received instead:{_listed(seen)}" if seen else "Received nothing."
        return f"{self._owner} expected {what}{where} within {timeout} s. {instead}"


def _fits(message: AppMessage, expected: Expected) -> bool:
    if expected is None:
        return True
    if isinstance(expected, str):
        return message.text == expected
    if isinstance(expected, re.Pattern):
        return expected.search(message.text) is not None
    return expected(message)


def _listed(messages: list[AppMessage]) -> str:
    hidden = len(messages) - SHOWN
    lines = [f"\n  - {m.kind}{' (passive)' if m.passive else ''}: {m.text!r}" for m in messages[-SHOWN:]]
    return (f"\n  ({hidden} earlier ones)" if hidden > 0 else "") + "".join(lines)
