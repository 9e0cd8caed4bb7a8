"""An answer that grows while it is written."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from types import TracebackType
from typing import Self

from imbridge.adapters.base import Adapter
from imbridge.adapters.broken_off import INTERRUPTED, STOPPED
from imbridge.config.options import ThinkingMode
from imbridge.protocol import Button, Channel, Receipt, Reply, SkillError, Thinking
from imbridge.rendering import repair
from imbridge.runtime.shown_text import ShownText

log = logging.getLogger(__name__)


class AnswerStream:
    """Shows growing text as the platform can: in a message that grows by itself, in one that is edited, or at the end.

    The first piece is sent at once; later states after pauses, each of them the newest. Where the better way fails, the
    next one goes on from what is shown already, and the receipt says so. A text that outgrows one message goes on in
    the next. However it ends, what was written is shown once, or the receipt says that nobody knows: a change whose
    answer got lost is made again, in the same message, and never repeated in another.
    """

    def __init__(
        self,
        adapter: Adapter,
        channel: Channel,
        post: Callable[[Reply], Awaitable[Receipt]],
        *,
        begin: Callable[[Reply], Awaitable[Receipt]],
        markdown: bool = False,
        answers: str = "",
        thinking: ThinkingMode = ThinkingMode.APART,
        stop: Button | None = None,
        on_finished: Callable[[str, Receipt], Awaitable[None]] | None = None,
        whole: bool = False,
        grows: bool = True,
    ) -> None:
        """Nothing is shown yet.

        Args:
            adapter: Of the account.
            channel: Where it is said.
            post: Sends a reply in its turn and gives back its receipt.
            begin: The same of what will be changed: now, or not at all (its receipt is `pending` then).
            markdown: The text is Markdown.
            answers: The message that is answered.
            thinking: What becomes of what is thought.
            stop: A button that stops it, for platforms that can show one beside it.
            whole: It is said at its end, as one reply: nobody can tell before what of it would be lost.
            grows: False: it is said at its end because whoever writes it wants that.
            on_finished: Gets all that was written, once, with what became of it; not when it is broken off.
        """
        self._on_finished = on_finished
        self._channel = channel
        self._written: list[str] = []
        self._half = ""
        """The first half of a character, whose other half is in the next piece."""
        self._shown = ShownText(
            adapter,
            channel,
            post,
            begin,
            markdown=markdown,
            answers=answers,
            thinking=thinking,
            stop=stop,
            whole=whole,
            grows=grows,
        )
        self._stopping = asyncio.Event()
        self._finishing: asyncio.Task[Receipt] | None = None
        self._stopped = False
        self._mark = ""
        """The word below a text that was broken off."""
        self._show_task: asyncio.Task[None] | None = None

    @property
    def is_growing(self) -> bool:
        """Whether people see a part of it, and more may follow."""
        return self._finishing is None and self._shown.is_seen

    async def write(self, text: str) -> None:
        """Append text."""
        self._check_unfinished()
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        text = text.removesuffix(self._half)
        self._written.append(repair(text))
        if self._shown.write(text):
            self._show_soon()

    async def think(self, text: str) -> None:
        """Append to what is thought; see `StreamWriter`."""
        self._check_unfinished()
        if self._shown.think(text):
            self._show_soon()

    def _check_unfinished(self) -> None:
        if self._finishing is not None:
            raise SkillError("this stream is finished; open a new one with msg.stream()")

    def _show_soon(self) -> None:
        self._shown.changed.set()
        if self._shown.grows and self._show_task is None:
            self._show_task = asyncio.create_task(self._keep_showing(), name="stream")

    async def finish(self) -> Receipt:
        """Show the last state and close.

        It goes on when whoever waits for it is cancelled: begun anew, the same text would be sent a second time.
        """
        if self._finishing is None:
            self._finishing = asyncio.create_task(self._finish(), name="stream finish")
        await asyncio.wait((self._finishing,))
        return self._finishing.result()

    async def break_off(self) -> Receipt:
        """Finish before the end of the text: what is there is shown, with a word that it stopped there."""
        if self._finishing is None:
            self._mark = STOPPED if self._stopped else INTERRUPTED
        return await self.finish()

    def note_stop(self) -> None:
        """The person stops it: it is about to be broken off."""
        self._stopped = True

    def shows(self, message_id: str) -> bool:
        """Whether it grows in this message of the platform."""
        return self._shown.is_in(message_id)

    @property
    def shows_stop(self) -> bool:
        """Whether people see that it was stopped."""
        return self._mark == STOPPED and self._shown.is_seen

    async def _finish(self) -> Receipt:
        await self._stop_showing()
        self._shown.add(self._half)
        if self._mark:
            self._shown.mark(self._mark)
        receipt = await self._shown.close()
        if self._on_finished is not None and not self._mark:
            await self._on_finished("".join(self._written), receipt)
        return receipt

    def abandon(self) -> None:
        """Show nothing more: nobody has time for it."""
        for task in (self._show_task, self._finishing):
            if task is not None:
                task.cancel()

    async def feed(self, pieces: AsyncIterable[str | Thinking]) -> Receipt:
        """Write all pieces, then finish; what was written before a failure is shown all the same."""
        async with self:
            try:
                async for piece in pieces:
                    await (self.think(piece.text) if isinstance(piece, Thinking) else self.write(piece))
            finally:
                if isinstance(pieces, AsyncGenerator):  # its `finally` runs now, not when it is collected
                    await pieces.aclose()
        return await self.finish()

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish, also when the body failed or was cancelled: then with a word that it stopped there."""
        await (self.finish() if kind is None else self.break_off())

    # -- showing -------------------------------------------------------------------------------------------------------

    async def _keep_showing(self) -> None:
        while not self._stopping.is_set():
            await self._shown.changed.wait()
            self._shown.changed.clear()
            if self._stopping.is_set() or not await self._shown.show():
                return
            try:
                async with asyncio.timeout(self._shown.pause()):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def _stop_showing(self) -> None:
        """End the task without interrupting a request: its answer decides what is left to do."""
        self._stopping.set()
        self._shown.changed.set()
        if self._show_task is not None:
            await asyncio.wait((self._show_task,))  # who waits here may be cancelled; the task must not be
            if not self._show_task.cancelled() and (error := self._show_task.exception()) is not None:
                text = "%s: showing a stream failed; its text is sent at the end"
                log.error(text, self._channel.address, exc_info=error)
