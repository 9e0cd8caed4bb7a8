"""Questions that skills ask and wait for: the answer goes to the one who asks, past the lane it holds."""

import asyncio
from collections.abc import Callable

from imbridge.protocol import AskTimeoutError, Channel, Message, SkillError

_STOPPING = "the bridge stops; the question cannot be answered any more"


class Questions:
    """Open questions, by conversation and person."""

    def __init__(self) -> None:
        """None is open."""
        self._open: dict[tuple[str, str], asyncio.Future[Message]] = {}
        self._closed = False
        self._leave: Callable[[], None] | None = None

    @property
    def closed(self) -> bool:
        """Nobody can answer any more."""
        return self._closed

    @property
    def any_open(self) -> bool:
        """Whether anybody is asked anything."""
        return bool(self._open)

    def awaits(self, message: Message) -> bool:
        """Whether a message answers an open question."""
        waiting = self._open.get((message.channel.address, message.sender.id)) if self._open else None
        return waiting is not None and not waiting.done()

    def answer(self, message: Message) -> bool:
        """Give a message to the question it answers; False when none is open for it."""
        if not self.awaits(message):
            return False
        self._open[message.channel.address, message.sender.id].set_result(message)
        return True

    def check(self, channel: Channel, sender_id: str) -> None:
        """See that somebody can be asked; to be called before the question is said.

        Raises:
            AskTimeoutError: the bridge stops: no answer can come.
            SkillError: a question to them is open already.
        """
        if self._closed:
            raise AskTimeoutError(_STOPPING)
        if (channel.address, sender_id) in self._open:
            raise SkillError("a question to this person is open in this conversation already; await one at a time")

    async def wait(self, channel: Channel, sender_id: str, timeout: float) -> Message:
        """Wait for a person's next message in a conversation.

        Raises:
            AskTimeoutError: none came in `timeout` seconds, or the bridge stops.
            SkillError: a question to them is open already.
        """
        self.check(channel, sender_id)
        key = (channel.address, sender_id)
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._open[key] = waiting
        if self._leave is not None:
            self._leave()
        try:
            async with asyncio.timeout(timeout) as limit:
                return await waiting
        except TimeoutError:
            if not limit.expired():
                raise  # from `close`
            if waiting.done() and not waiting.cancelled():
                return waiting.result()  # it came in the last moment and was taken in: it must not get lost
            raise AskTimeoutError(f"no answer came within {timeout:g} s") from None
        finally:
            del self._open[key]

    def leave(self, leave: Callable[[], None]) -> None:
        """The next process waits for the answers: `leave` ends those who ask, now and whenever one asks later."""
        self._leave = leave
        leave()

    def close(self) -> None:
        """Fail all open questions and all later ones: nobody can answer any more."""
        self._closed = True
        for waiting in self._open.values():
            if not waiting.done():
                waiting.set_exception(AskTimeoutError(_STOPPING))
