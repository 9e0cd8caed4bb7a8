"""The sign that an answer is on its way."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

from imbridge.adapters.base import Adapter
from imbridge.protocol import Channel, ImbridgeError

log = logging.getLogger(__name__)


class TypingSign:
    """Shows the sign while at least one holder wants it. What goes wrong costs the sign, never the answer."""

    __slots__ = ("_adapter", "_channel", "_holders", "_message_id", "_pauses", "_task", "_wanted")

    def __init__(self, adapter: Adapter, channel: Channel, message_id: str) -> None:
        """For one message; nothing is shown yet."""
        self._adapter = adapter
        self._channel = channel
        self._message_id = message_id
        self._holders = 0
        self._pauses = 0
        self._wanted = False
        self._task: asyncio.Task[None] | None = None

    def show(self) -> None:
        """One more holder."""
        self._holders += 1
        self._update()

    def hide(self) -> None:
        """One holder less."""
        self._holders -= 1
        self._update()

    def pause(self) -> None:
        """Not shown until `resume`, whoever holds it."""
        self._pauses += 1
        self._update()

    def resume(self) -> None:
        """One pause less."""
        self._pauses -= 1
        self._update()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Shown while the body runs."""
        self.show()
        try:
            yield
        finally:
            self.hide()

    async def end(self) -> None:
        """Take it away, whoever still holds it, and wait until it is gone; when cancelled meanwhile, it is given up."""
        self._holders = 0
        self._update()
        if self._task is not None:
            try:
                await asyncio.wait((self._task,))
            except asyncio.CancelledError:
                self._task.cancel()
                raise

    def _update(self) -> None:
        wanted = self._holders > 0 and not self._pauses
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow(not wanted), name="typing sign")

    async def _follow(self, shown: bool) -> None:
        """Bring the platform to what is wanted, also when that changes meanwhile."""
        while shown != self._wanted:
            shown = self._wanted
            try:
                await self._adapter.typing(self._channel, self._message_id, shown)
            except ImbridgeError as error:
                log.info("%s: the typing sign could not be changed: %s", self._channel.address, error)
            except Exception:
                log.exception("%s: the typing sign could not be changed", self._channel.address)


@contextmanager
def paused(signs: Iterable[TypingSign]) -> Iterator[None]:
    """Nothing is on its way while the body runs."""
    signs = list(signs)
    for sign in signs:
        sign.pause()
    try:
        yield
    finally:
        for sign in signs:
            sign.resume()
