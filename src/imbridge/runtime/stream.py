"""An answer that grows while it is written."""

import asyncio
import logging
from collections.abc import AsyncIterable, Awaitable, Callable
from types import TracebackType
from typing import Self

from imbridge.adapters.base import Adapter, GrowingFullError
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
from imbridge.runtime.surfaces import EditedMessage, GrownMessage, Surface, is_as_meant

log = logging.getLogger(__name__)


class AnswerStream:
    """Shows growing text as the platform can: in a message that grows by itself, in one that is edited, or at the end.

    The first piece is sent at once; later states after pauses, each of them the newest. Where the better way fails, the
    next one goes on from what is shown already, and the receipt says so. A text that outgrows one message goes on in
    the next. However it ends, what was written is shown once.
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
        self._markdown = markdown
        self._may_grow = True
        self._surface = self._new_surface()
        self._text = ""
        """What belongs to the current message, and what comes after it."""
        self._shown = ""
        """What the current message shows of it."""
        self._receipts: list[Receipt] = []
        self._degradations: list[Degradation] = []
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
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
        if self._surface is not None and self._show_task is None:
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
            if self._stopping.is_set() or not await self._show():
                return
            surface = self._surface
            try:
                async with asyncio.timeout(surface.pause() if surface is not None else None):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def _stop_showing(self) -> None:
        """End the task without interrupting a request: its answer decides what is left to do."""
        self._stopping.set()
        self._changed.set()
        if self._show_task is not None:
            await asyncio.wait((self._show_task,))  # who waits here may be cancelled; the task must not be
            if not self._show_task.cancelled() and (error := self._show_task.exception()) is not None:
                text = "%s: showing a stream failed; its text is sent at the end"
                log.error(text, self._channel.address, exc_info=error)

    async def _show(self, *, last: bool = False) -> bool:
        """Bring the newest state to the platform; False when nothing more can be shown before the end."""
        while (surface := self._surface) is not None:
            text = self._text  # more may be written while we wait for the platform
            reply = Reply(elements=(Markdown(text) if self._markdown else Text(text),))
            parts = render(reply, self._adapter.capabilities, measure=surface.measure).parts
            if not parts:
                return True
            first = parts[0]
            if len(parts) > 1:
                # The message is full: close it, go on in a new one with what rendering put there (a fence reopened).
                if await self._put(surface, first, _text_of(first), last=True):
                    self._go_on("".join(_text_of(part) for part in parts[1:]) + self._text[len(text) :])
            elif not last and (text == self._shown or (surface.message_id is not None and surface.updates_left <= 1)):
                return text == self._shown
            elif await self._put(surface, first, text, last=last):
                return True
        return False

    async def _put(self, surface: Surface, part: Part, text: str, *, last: bool) -> bool:
        """Show a state on a surface; False when another one has to take over, which is chosen then."""
        try:
            if surface.message_id is None:
                if not await self._begin(surface, part, text):
                    return False
                if not last:
                    return True
            if last:
                await surface.end(part, text, shown=text == self._shown)
            else:
                await surface.update(part, text)
        except GrowingFullError as error:
            if not self._shown:  # not even its first text: a new one would not take it either
                self._fall_back(surface, error)
                return False
            log.info("%s: a stream goes on in a new message: %s", self._channel.address, error)
            self._go_on(self._text.removeprefix(self._shown))
            return False
        except ImbridgeError as error:
            self._fall_back(surface, error)
            return False
        self._shown = text
        return True

    async def _begin(self, surface: Surface, part: Part, text: str) -> bool:
        """Send the message that shows the first text."""
        receipt = await self._post(await surface.begin(part, text))
        self._receipts.append(receipt)
        if not receipt or receipt.message_id is None:
            self._surface = None
            return False
        self._shown = text
        surface.message_id = receipt.message_id
        if isinstance(surface, GrownMessage) and not is_as_meant(receipt):
            self._may_grow = False  # the card came out as text: that can be edited
            self._surface = self._new_surface()
            if self._surface is not None:
                self._surface.message_id = receipt.message_id
            return False
        return True

    def _go_on(self, rest: str) -> None:
        """In a new message."""
        self._text = rest
        self._shown = ""
        self._surface = self._new_surface()

    def _fall_back(self, surface: Surface, error: ImbridgeError) -> None:
        """To the next way of showing; what is shown already stays where it is."""
        log.warning("%s: a stream goes on otherwise: %s: %s", self._channel.address, surface.name, error)
        if isinstance(surface, GrownMessage):
            self._may_grow = False
            how = "edits of a message"
        else:
            how = "the rest is a message of its own"
        self._degradations.append(Degradation(what="stream", how=how, why=str(error)))
        rest = self._text.removeprefix(self._shown)
        if isinstance(surface, GrownMessage):
            self._go_on(rest)
        else:
            self._surface = None

    def _new_surface(self) -> Surface | None:
        growing = self._adapter.grow(markdown=self._markdown) if self._may_grow else None
        if growing is not None:
            return GrownMessage(growing)
        return EditedMessage(self._adapter, self._channel) if self._adapter.capabilities.edit else None

    # -- the end -------------------------------------------------------------------------------------------------------

    async def _close(self) -> Receipt:
        if self._surface is not None:
            await self._show(last=True)
        elif not self._receipts and self._text:
            self._degradations.append(
                Degradation(what="stream", how="sent whole at the end", why="this platform cannot edit messages")
            )
        if self._text != self._shown and (not self._receipts or self._receipts[-1]):
            rest = self._text.removeprefix(self._shown)
            element = Markdown(rest) if self._markdown else Text(rest)
            self._receipts.append(await self._post(Reply(elements=(element,))))
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
