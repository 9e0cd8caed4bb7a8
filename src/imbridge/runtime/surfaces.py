"""What an answer grows on: a message that is edited, or one that the platform itself shows growing."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

from imbridge.adapters.base import Adapter
from imbridge.adapters.growing import Growing, Healing
from imbridge.protocol import Button, Channel, Degradation, Receipt, Reply
from imbridge.rendering import Part

_FIRST_INTERVAL = 0.6
_GROWTH = 1.25
_LONGEST_INTERVAL = 10.0
_UNLIMITED = 10_000


class Surface(ABC):
    """One message that shows a growing text.

    Attributes:
        name: The word for it in a degradation.
        message_id: The platform's id, once it was sent.
        updates_left: How often it can still be changed.
    """

    name: str
    message_id: str | None = None
    updates_left: int = _UNLIMITED

    @property
    def held(self) -> str:
        """The end of the text that it does not show yet, although it was told to."""
        return ""

    @property
    def healing(self) -> Healing:
        """What it is given of Markdown that is still being written."""
        return Healing.CLOSED

    @property
    def thinking_bytes(self) -> int:
        """How much of what is thought it shows in a place apart; 0: none."""
        return 0

    def think(self, text: str) -> None:
        """The next state shows this in that place: all that is thought so far."""
        return

    def leave(self) -> None:
        """The text goes on elsewhere."""
        return

    def can_begin(self, text: str) -> bool:
        """Whether it can show something of this text, if more follows it."""
        return True

    @abstractmethod
    def lost(self, text: str) -> Iterable[Degradation]:
        """What of this text, which is the last that it shows, is otherwise than meant."""

    @abstractmethod
    def measure(self, part: Part) -> int:
        """Bytes of a part in this form."""

    @abstractmethod
    def pause(self) -> float:
        """Seconds to leave before the next state; grows where changes are few."""

    @abstractmethod
    async def begin(self, part: Part, text: str) -> Reply:
        """What has to be sent so that the first text is seen.

        Raises:
            ImbridgeError: this form cannot be had.
        """

    @abstractmethod
    async def update(self, part: Part, text: str) -> None:
        """Show a later state.

        Raises:
            GrowingFullError: it takes no more; what it shows stays.
            ImbridgeError: it cannot be changed any more.
        """

    async def end(self, part: Part, text: str, *, shown: bool) -> None:
        """Show the last state, if it is not `shown` already, and that it is the last."""
        if not shown:
            await self.update(part, text)


class EditedMessage(Surface):
    """A message that is edited after growing pauses, so that a platform's limit on edits lasts as long as possible."""

    name = "edited message"

    def __init__(self, adapter: Adapter, channel: Channel) -> None:
        """In a conversation; nothing is sent yet."""
        self._adapter = adapter
        self._channel = channel
        self._interval = _FIRST_INTERVAL / _GROWTH
        self.updates_left = adapter.capabilities.max_edits or _UNLIMITED
        self._lost: tuple[Degradation, ...] = ()

    def measure(self, part: Part) -> int:  # noqa: D102 - inherited
        return self._adapter.measure(part)

    def pause(self) -> float:  # noqa: D102 - inherited
        self._interval = min(self._interval * _GROWTH, _LONGEST_INTERVAL)
        return self._interval

    async def begin(self, part: Part, text: str) -> Reply:  # noqa: D102 - inherited
        return Reply(elements=part.elements)

    async def update(self, part: Part, text: str) -> None:  # noqa: D102 - inherited
        self.updates_left -= 1  # counted also when its answer gets lost
        self._lost = (await self._adapter.edit(self._channel, self.message_id or "", part)).degradations

    def lost(self, text: str) -> Iterable[Degradation]:  # noqa: D102 - inherited
        return self._lost


class GrownMessage(Surface):
    """A message that the platform shows growing."""

    name = "streamed card"

    def __init__(self, growing: Growing) -> None:
        """Nothing is made yet."""
        self._growing = growing

    @property
    def held(self) -> str:  # noqa: D102 - inherited
        return self._growing.held

    @property
    def healing(self) -> Healing:  # noqa: D102 - inherited
        return self._growing.healing

    @property
    def thinking_bytes(self) -> int:  # noqa: D102 - inherited
        return self._growing.thinking_bytes

    def think(self, text: str) -> None:  # noqa: D102 - inherited
        self._growing.thinking = text

    def leave(self) -> None:  # noqa: D102 - inherited
        self._growing.leave()

    def can_begin(self, text: str) -> bool:  # noqa: D102 - inherited
        return self._growing.can_begin(text)

    def lost(self, text: str) -> Iterable[Degradation]:  # noqa: D102 - inherited
        return self._growing.lost(text)

    def measure(self, part: Part) -> int:  # noqa: D102 - inherited
        return self._growing.measure(part)

    def pause(self) -> float:  # noqa: D102 - inherited
        return self._growing.interval

    async def begin(self, part: Part, text: str) -> Reply:  # noqa: D102 - inherited
        return Reply(elements=(await self._growing.open(text),))

    async def update(self, part: Part, text: str) -> None:  # noqa: D102 - inherited
        await self._growing.show(text)

    async def end(self, part: Part, text: str, *, shown: bool) -> None:  # noqa: D102 - inherited
        await self._growing.close(text)


def is_as_meant(receipt: Receipt) -> bool:
    """False when what was sent had to be given another form, which does not grow by itself."""
    return not any(degradation.how.partition(":")[0] == "text" for degradation in receipt.degradations)


def new_surface(
    adapter: Adapter, channel: Channel, *, grows: bool, markdown: bool, stop: Button | None
) -> Surface | None:
    """The best that an account has for an answer; None where nothing can be changed once it is said.

    Args:
        adapter: Of the account.
        channel: Where it is said.
        grows: Whether a message that the platform shows growing is wanted.
        markdown: The text is Markdown.
        stop: The button that stops it.
    """
    growing = adapter.grow(markdown=markdown, channel=channel) if grows else None
    if growing is not None:
        growing.stop = stop
        return GrownMessage(growing)
    return EditedMessage(adapter, channel) if adapter.capabilities.edit else None
