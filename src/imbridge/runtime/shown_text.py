"""What people see of an answer that grows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from imbridge.adapters.base import Adapter
from imbridge.adapters.broken_off import marked
from imbridge.adapters.growing import GrowingFullError
from imbridge.config.options import ThinkingMode
from imbridge.protocol import (
    Button,
    Channel,
    Degradation,
    DeliveryError,
    DeliveryState,
    ImbridgeError,
    Loss,
    Markdown,
    RateLimitedError,
    Receipt,
    Reply,
    Text,
)
from imbridge.rendering import Part, repair, rest_after
from imbridge.runtime.healing import first_part, healed, text_of
from imbridge.runtime.stream_receipt import said_at_the_end, sum_up
from imbridge.runtime.surfaces import GrownMessage, Surface, is_as_meant, new_surface
from imbridge.runtime.thinking import Thoughts

log = logging.getLogger(__name__)

_MOST_FULL_AT_ONCE = 2

Post = Callable[[Reply], Awaitable[Receipt]]


class ShownText:
    """Brings a growing text to the platform: to a message that grows by itself, to one that is edited, or at the end.

    Where the better way fails, the next one goes on from what is shown already, and the receipt says so. A text that
    outgrows one message goes on in the next. What was written is shown once, or the receipt says that nobody knows: a
    change whose answer got lost is made again, in the same message, and never repeated in another.

    Attributes:
        changed: Set when there is something new to be shown.
    """

    def __init__(
        self,
        adapter: Adapter,
        channel: Channel,
        post: Post,
        begin: Post,
        *,
        markdown: bool,
        answers: str,
        thinking: ThinkingMode,
        stop: Button | None,
        whole: bool,
        grows: bool,
    ) -> None:
        """Nothing is shown yet; the arguments are those of `AnswerStream`."""
        self.changed = asyncio.Event()
        self._adapter = adapter
        self._channel = channel
        self._post, self._post_now = post, begin
        self._markdown = markdown
        self._answers = answers
        self._stop = stop
        self._thoughts = Thoughts(thinking)
        self._may_grow = True
        self._whole, self._grows = whole, grows
        self._surface = self._new_surface()
        self._text = ""
        """What belongs to the current message, and what comes after it."""
        self._shown = ""
        """What the current message shows of it."""
        self._doubt: DeliveryError | None = None
        """The current message may show more than that: the answer to its last change got lost."""
        self._full_at_once = 0
        """Growing messages in a row that took nothing but their first text."""
        self._receipts: list[Receipt] = []
        self._degradations: list[Degradation] = []
        self._why_late = ""

    # -- what is to be shown -------------------------------------------------------------------------------------------

    def write(self, text: str) -> bool:
        """Append text; whether there is anything new to be shown."""
        return self.add(self._thoughts.between() + text if text else text)

    def think(self, text: str) -> bool:
        """Append to what is thought; the same."""
        room = self._surface.thinking_bytes if self._surface is not None else 0
        said = self._thoughts.add(repair(text), self._text, room=room)
        return self.add(said) or bool(room and self._thoughts.text.strip())

    def add(self, text: str) -> bool:
        """Append text as it is; the same."""
        whole = repair(text)
        self._text += whole
        if whole.count("\ufffd") > text.count("\ufffd"):
            how, why = "U+FFFD in place of lone surrogates", "half a pair is not a character"
            self._degradations.append(Degradation(loss=Loss.REPLACED, what="text", how=how, why=why))
        return bool(whole)

    def mark(self, mark: str) -> None:
        """Put a word below what is there: it ends before its end."""
        if self._receipts or self._text.strip():
            self._text = marked(self._text, mark, markdown=self._markdown)

    # -- what is shown -------------------------------------------------------------------------------------------------

    @property
    def is_seen(self) -> bool:
        """Whether people see anything of it."""
        return any(self._receipts)

    def is_in(self, message_id: str) -> bool:
        """Whether it is shown in this message of the platform."""
        return any(message_id in receipt.message_ids for receipt in self._receipts)

    @property
    def grows(self) -> bool:
        """Whether something more can be shown before the end."""
        return self._surface is not None

    def pause(self) -> float | None:
        """Seconds to leave before the next state; None: for ever."""
        return None if self._surface is None else self._surface.pause()

    async def show(self, *, last: bool = False) -> bool:
        """Bring the newest state to the platform; False when nothing more can be shown before the end."""
        while (surface := self._surface) is not None:
            text, thought = self._text, self._thoughts.text  # more may be written while we wait for the platform
            blank = surface.message_id is None and text.isspace()
            if not thought.strip() and (not text or (blank and (self._receipts or not last))):
                return True  # white space is no message: it waits for what follows it
            surface.think(thought)
            part, rest = first_part(text, self._adapter.capabilities, surface, markdown=self._markdown)
            try:
                if rest:  # the message is full: close it, go on in a new one
                    if await self._put(surface, part, text_of(part), thought, last=True):
                        self._go_on(rest + self._text[len(text) :])
                    continue
                known, seen = text, text
                if not last and self._markdown and text:
                    known, seen, part = healed(text, part, self._adapter.capabilities, surface)
                    if not known.strip() and not thought.strip():
                        return True  # so far nobody can tell how it is to be read
                if not last and surface.message_id is None and not surface.can_begin(seen):
                    return True
                if not last and self._is_shown(known, thought):
                    return True
                if not last and surface.message_id is not None and surface.updates_left <= 1:
                    return False
                if await self._put(surface, part, seen, thought, last=last, known=known):
                    return True
            except DeliveryError as error:
                log.warning("%s: a state of a stream may have arrived, or not: %s", self._channel.address, error)
                self._doubt = error
                return not last
        return False

    def _is_shown(self, text: str, thought: str) -> bool:
        return self._doubt is None and text == self._shown and thought == self._thoughts.shown

    async def _put(
        self, surface: Surface, part: Part, text: str, thought: str, *, last: bool, known: str | None = None
    ) -> bool:
        """Show a state on a surface; False when another one has to take over, which is chosen then.

        `known` is what of the whole text a state shows; all that it says when left out.

        Raises:
            DeliveryError: nobody knows whether it is shown; making it once more does no harm.
        """
        try:
            if surface.message_id is None:
                if not await self._begin(surface, part, text, thought, text if known is None else known):
                    return False
                if not last or self._surface is not surface:
                    return True
            if last:
                await surface.end(part, text, shown=self._is_shown(text, thought))
            else:
                await surface.update(part, text)
        except ImbridgeError as error:
            held = isinstance(error, RateLimitedError) and not error.ambiguous  # as opposed to: perhaps there
            if not last and surface.message_id is not None and held:
                log.info("%s: a state of a stream is left out: %s", self._channel.address, error)
                self.changed.set()  # it is shown with the next one
                return True
            if self._is_shown(text, thought):
                log.warning("%s: a stream could not be closed: %s", self._channel.address, error)
                self._degradations += surface.lost(text)
                return True  # all of it is there
            if surface.message_id is not None and isinstance(error, DeliveryError) and error.ambiguous:
                raise
            self._leave(surface, error)
            return False
        self._shown = (text if known is None else known).removesuffix(surface.held)
        self._thoughts.shown = thought
        self._degradations += surface.lost(text) if last else ()
        self._doubt = None
        self._full_at_once = 0
        return True

    async def _begin(self, surface: Surface, part: Part, text: str, thought: str, known: str) -> bool:
        """Send the message that shows the first text."""
        receipt = await self._post_now(await surface.begin(part, text))
        if receipt.state is DeliveryState.PENDING:
            self._surface, self._why_late = None, receipt.error
            return False
        self._receipts.append(receipt)
        if not receipt:
            self._surface = None
            return False
        self._shown = known.removesuffix(surface.held)
        if receipt.message_id is None:
            self._surface = None  # it is there, and cannot be changed
            self._text = self._thoughts.homeless(self._text) if not self._shown else self._text
            return True
        surface.message_id = receipt.message_id
        if isinstance(surface, GrownMessage) and not is_as_meant(receipt):
            self._may_grow = False  # the card came out as text: that can be edited
            self._surface = self._new_surface()
            self._text = self._thoughts.homeless(self._text)
            if self._surface is not None:
                self._surface.message_id = receipt.message_id
        else:
            self._thoughts.shown = thought
        return True

    def _leave(self, surface: Surface, error: ImbridgeError) -> None:
        """What a surface shows stays where it is; the rest goes on in a new message of its kind, or otherwise."""
        surface.leave()
        self._degradations += surface.lost(self._shown)
        if self._doubt is not None:
            self._surface = None  # nobody knows what is left to be shown
            return
        if isinstance(error, GrowingFullError) and surface.message_id is not None:
            self._full_at_once += 1
            if self._full_at_once < _MOST_FULL_AT_ONCE:
                log.info("%s: a stream goes on in a new message: %s", self._channel.address, error)
                self._go_on(self._rest())
                return
        self._fall_back(surface, error)

    def _rest(self) -> str:
        """What of the current text its message does not show."""
        adapter = self._adapter
        return rest_after(self._text, self._shown, adapter.capabilities, adapter.measure, markdown=self._markdown)

    def _go_on(self, rest: str) -> None:
        """In a new message."""
        if self._shown or self._thoughts.shown:
            self._thoughts.go_on()
        self._text = rest
        self._shown = ""
        self._surface = self._new_surface()
        if self._surface is None or not self._surface.thinking_bytes:
            self._text = self._thoughts.homeless(self._text)

    def _fall_back(self, surface: Surface, error: ImbridgeError) -> None:
        """To the next way of showing; what is shown already stays where it is."""
        log.warning("%s: a stream goes on otherwise: %s: %s", self._channel.address, surface.name, error)
        if isinstance(surface, GrownMessage):
            self._may_grow = False
            self._go_on(self._rest())
        else:
            self._surface = None
        how = "the rest is a message of its own" if self._surface is None else "edits of a message"
        self._degradations.append(Degradation(loss=Loss.SPLIT, what="stream", how=how, why=str(error)))

    def _new_surface(self) -> Surface | None:
        if self._whole or not self._grows:
            return None
        grows = self._may_grow and self._adapter.can_grow(self._answers)
        return new_surface(self._adapter, self._channel, grows=grows, markdown=self._markdown, stop=self._stop)

    async def close(self) -> Receipt:
        """Show the last state, and say what became of all of it."""
        if self._surface is not None:
            await self.show(last=True)
        elif not self._receipts and self._text and self._grows:
            self._degradations.append(said_at_the_end(strict=self._whole, why=self._why_late))
        if self._doubt is None and (not self._receipts or self._receipts[-1]):
            rest = self._rest()
            if rest and not (rest.isspace() and self._receipts):
                element = Markdown(rest) if self._markdown else Text(rest)
                self._receipts.append(await self._post(Reply(elements=(element,))))
        lost = [*self._degradations, *self._thoughts.lost]
        for one in lost:  # the receipt of what a skill returns is nobody's
            log.info("%s: %s was sent as %s: %s", self._channel.address, one.what, one.how, one.why)
        return sum_up(self._receipts, self._channel, lost, self._doubt)
