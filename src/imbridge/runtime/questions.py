"""Questions that skills ask and wait for: the answer goes to the one who asks, past the lane it holds."""

import asyncio

from imbridge.protocol import AskTimeoutError, Message, SkillError


class Questions:
    """Open questions, by conversation and person."""

    def __init__(self) -> None:
        """None is open."""
        self._open: dict[tuple[str, str], asyncio.Future[Message]] = {}

    def answer(self, message: Message) -> bool:
        """Give a message to the question it answers; False when none is open for it."""
        if not self._open:
            return False
        waiting = self._open.get((message.channel.address, message.sender.id))
        if waiting is None or waiting.done():
            return False
        waiting.set_result(message)
        return True

    async def wait(self, message: Message, timeout: float) -> Message:
        """Wait for the next message of the same person in the same conversation.

        Raises:
            AskTimeoutError: none came in `timeout` seconds, or the bridge stops.
            SkillError: a question to them is open already.
        """
        key = (message.channel.address, message.sender.id)
        if key in self._open:
            raise SkillError("a question to this person is open in this conversation already; await one at a time")
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._open[key] = waiting
        try:
            async with asyncio.timeout(timeout):
                return await waiting
        except TimeoutError:
            raise AskTimeoutError(f"no answer came within {timeout:g} s") from None
        finally:
            del self._open[key]

    def give_up(self) -> None:
        """Fail all open questions: nobody can answer any more."""
        for waiting in self._open.values():
            if not waiting.done():
                waiting.set_exception(AskTimeoutError("the bridge stops; the question cannot be answered any more"))
