"""An answer that grows: one message, edited as often as the platform allows."""

import asyncio
import logging
from collections.abc import AsyncIterable, Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from imbridge.adapters.base import Adapter
from imbridge.protocol import (
    Channel,
    Degradation,
    DeliveryState,
    ImbridgeError,
    Markdown,
    Receipt,
    Reply,
    SkillError,
    Text,
)
from imbridge.rendering import Part, render

log = logging.getLogger(__name__)

_FIRST_INTERVAL = 0.6
_GROWTH = 1.25
_LONGEST_INTERVAL = 10.0
_UNLIMITED = 10_000


class EditedStream:
    """Shows growing text by sending a message and editing it.

    The first piece is sent at once; later states are shown after growing pauses, so that a platform's limit on edits
    lasts as long as possible, and one edit is always kept for the last state. Where nothing can be edited the whole
    text is sent at the end. A text that outgrows one message goes on in the next.
    """

    def __init__(
        self,
        adapter: Adapter,
        channel: Channel,
        post: Callable[[Reply], Awaitable[Receipt]],
        *,
        markdown: bool = False,
    ) -> None:
        """`post` sends a reply in its turn and gives back its receipt."""
        self._adapter = adapter
        self._channel = channel
        self._post = post
        self._element: type[Text | Markdown] = Markdown if markdown else Text
        capabilities = adapter.capabilities
        self._can_edit = capabilities.edit
        self._max_edits = capabilities.max_edits or _UNLIMITED
        self._text = ""
        self._shown = ""
        self._edits_left = self._max_edits
        self._receipts: list[Receipt] = []
        self._degradations: list[Degradation] = []
        self._interval = _FIRST_INTERVAL
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._message_id: str | None = None
        self._finishing: asyncio.Task[Receipt] | None = None
        self._show_task: asyncio.Task[None] | None = None

    async def write(self, text: str) -> None:
        """Append text."""
        if self._finishing is not None:
            raise SkillError("this stream is finished; open a new one with msg.stream()")
        if not text:
            return
        self._text += text
        self._changed.set()
        if self._can_edit and self._show_task is None:
            self._show_task = asyncio.create_task(self._keep_showing(), name="stream")

    async def finish(self) -> Receipt:
        """Show the last state and close.

        It goes on when whoever waits for it is cancelled: begun anew, the same text would be sent a second time.
        """
        if self._finishing is None:
            self._finishing = asyncio.create_task(self._finish(), name="stream finish")
        await asyncio.wait((self._finishing,))
        return self._finishing.result()

    async def _finish(self) -> Receipt:
        await self._stop_showing()
        return await self._close()

    def abandon(self) -> None:
        """Show nothing more: nobody has time for it."""
        for task in (self._show_task, self._finishing):
            if task is not None:
                task.cancel()

    async def feed(self, pieces: AsyncIterable[str]) -> Receipt:
        """Write all pieces, then finish; what was written before a failure is shown all the same."""
        async with self:
            async for piece in pieces:
                await self.write(piece)
        return await self.finish()

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish, also when the body failed."""
        await self.finish()

    # -- showing -------------------------------------------------------------------------------------------------------

    async def _keep_showing(self) -> None:
        while not self._stopping.is_set():
            await self._changed.wait()
            self._changed.clear()
            if self._stopping.is_set() or not await self._show(last=False):
                return
            try:
                async with asyncio.timeout(self._interval):
                    await self._stopping.wait()
            except TimeoutError:
                self._interval = min(self._interval * _GROWTH, _LONGEST_INTERVAL)

    async def _stop_showing(self) -> None:
        """End the task without interrupting a request: its answer decides what is left to do."""
        self._stopping.set()
        self._changed.set()
        if self._show_task is not None:
            await asyncio.wait((self._show_task,))  # who waits here may be cancelled; the task must not be
            if not self._show_task.cancelled() and (error := self._show_task.exception()) is not None:
                text = "%s: showing a stream failed; its text is sent at the end"
                log.error(text, self._channel.address, exc_info=error)

    async def _show(self, *, last: bool) -> bool:
        """Bring the newest state to the platform; False when nothing more can be shown before the last state."""
        text = self._text  # more may be written while we wait for the platform
        reply = self._reply(text)
        parts = render(reply, self._adapter.capabilities, measure=self._adapter.measure).parts
        while len(parts) > 1:
            # The message is full: close it and go on in a new one, with what rendering put there (a fence reopened).
            if not await self._put(parts[0], _text_of(parts[0])):
                return False
            parts = parts[1:]
            written_meanwhile = self._text[len(text) :]
            text = "".join(_text_of(part) for part in parts)
            self._text = text + written_meanwhile
            self._shown = ""
            self._message_id = None
            self._edits_left = self._max_edits
        if not parts or text == self._shown:
            return True
        if not last and self._message_id is not None and self._edits_left <= 1:
            return False
        return await self._put(parts[0], text)

    def _reply(self, text: str) -> Reply:
        return Reply(elements=(self._element(text),))

    async def _put(self, part: Part, text: str) -> bool:
        """Send the message, or edit it; False when that failed for good."""
        if self._message_id is None:
            elements: tuple[Any, ...] = part.elements
            receipt = await self._post(Reply(elements=elements))
            self._receipts.append(receipt)
            self._message_id = receipt.message_id
            if receipt:
                self._shown = text
            if not receipt or self._message_id is None:
                self._can_edit = False
                return False
            return True
        try:
            await self._adapter.edit(self._channel, self._message_id, part)
        except ImbridgeError as error:
            log.warning("%s: a stream could not be edited any more: %s", self._channel.address, error)
            self._degradations.append(
                Degradation(what="stream", how="the rest is a message of its own", why=str(error))
            )
            self._can_edit = False
            return False
        self._edits_left -= 1
        self._shown = text
        return True

    async def _close(self) -> Receipt:
        if self._can_edit:
            await self._show(last=True)
        elif not self._receipts and self._text:
            self._degradations.append(
                Degradation(what="stream", how="sent whole at the end", why="this platform cannot edit messages")
            )
        if self._text != self._shown and (not self._receipts or self._receipts[-1]):
            rest = self._text.removeprefix(self._shown)
            self._receipts.append(await self._post(self._reply(rest)))
        return self._sum_up()

    def _sum_up(self) -> Receipt:
        if not self._receipts:
            return Receipt(state=DeliveryState.SKIPPED, channel=self._channel.address)
        failed = next((receipt for receipt in self._receipts if not receipt), None)
        parts = tuple(part for receipt in self._receipts for part in receipt.parts)
        state = DeliveryState.SENT if failed is None else DeliveryState.PARTIAL if parts else failed.state
        degradations = [degradation for receipt in self._receipts for degradation in receipt.degradations]
        return (failed or self._receipts[-1]).model_copy(
            update={
                "state": state,
                "parts": parts,
                "attempts": sum(receipt.attempts for receipt in self._receipts),
                "degradations": (*self._degradations, *degradations),
            }
        )


def _text_of(part: Part) -> str:
    return "".join(element.as_text() for element in part.elements)
