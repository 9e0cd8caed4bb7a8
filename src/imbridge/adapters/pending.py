"""Somebody on a platform waits for what is said to the very thing that was delivered: how it gets there in time."""

import asyncio

from imbridge.protocol import Element

Answer = tuple[Element, ...]
"""What a skill says to somebody who clicked: a `Toast`, a `Card` in place of the old one, a `Link` to be shown."""


class PendingAnswer:
    """Somebody on the platform waits for what a skill says to this very delivery.

    The runtime says it with `show`; the adapter takes it with `wait`, sends it, and tells with `shown` what arrived.

    Attributes:
        takes_messages: See below.
        abandoned: It was not handled to its end, and nothing was said to it: a platform that delivers again what it is
            told to may be told so.
    """

    __slots__ = ("_said", "_shown", "abandoned", "takes_messages")

    def __init__(self, *, takes_messages: bool = False) -> None:
        """Nothing is said yet; needs a running loop.

        Args:
            takes_messages: Of an event: a message that is sent in answer to it goes this way, too, so it is released
                only once that is sent.
        """
        self.takes_messages = takes_messages
        self.abandoned = False
        loop = asyncio.get_running_loop()
        self._said: asyncio.Future[Answer] = loop.create_future()
        self._shown: asyncio.Future[Answer] = loop.create_future()

    async def wait(self, within: float) -> Answer:
        """What is said within so many seconds; nothing, when it takes longer."""
        said = self._said
        if not said.done() and within > 0:
            # What `asyncio.wait` does, without its set-up: a click or a message costs no more than it has to.
            loop = asyncio.get_running_loop()
            over: asyncio.Future[None] = loop.create_future()

            def end(_: object = None) -> None:
                if not over.done():
                    over.set_result(None)

            said.add_done_callback(end)
            timer = loop.call_later(within, end)
            try:
                await over
            finally:
                timer.cancel()
                said.remove_done_callback(end)
        return self.said

    @property
    def over(self) -> bool:
        """Whether it is said, or nothing will be."""
        return self._said.done()

    @property
    def said(self) -> Answer:
        """What is said; nothing as long as it is not."""
        return self._said.result() if self._said.done() else ()

    def shown(self, answer: Answer) -> None:
        """This was shown, and nobody waits any more. The adapter has to say so in any case; the first time counts."""
        if not self._shown.done():
            self._shown.set_result(answer)

    async def show(self, answer: Answer) -> Answer:
        """Say it, and wait for what becomes of it; what of it was not shown. Only the first that is said is heard."""
        if self._said.done() or self._shown.done():
            return answer
        self._said.set_result(answer)
        shown = await self._shown
        return tuple(element for element in answer if not any(element is each for each in shown))

    def say(self, answer: Answer) -> None:
        """Say it without a care for what becomes of it. Only the first that is said is heard."""
        if not self._said.done() and not self._shown.done():
            self._said.set_result(answer)

    def release(self) -> None:
        """Nothing will be said: nobody need wait."""
        if not self._said.done():
            self._said.set_result(())

    def abandon(self) -> None:
        """The bridge stops before it is handled: nothing will be said, by this process."""
        if not self._said.done():
            self.abandoned = True
            self.release()
