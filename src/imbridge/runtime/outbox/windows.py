"""Conversations in which something waits for somebody to write."""

from collections import OrderedDict

from imbridge.protocol import Channel, Degradation, DeliveryError, Loss, Message
from imbridge.runtime.outbox.dead_targets import chat_of

_LATE = Degradation(
    loss=Loss.DELAYED,
    what="time",
    how="kept until somebody wrote there again",
    why="nothing could be answered there any more (on_missed_window)",
)
_MOST = 10_000
"""Chats whose newest message is remembered; those of longest ago are forgotten."""


class Windows:
    """Conversations in which something waits for somebody to write, since nothing can be answered there any more."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: dict[str, set[str]] = {}
        self._newest: OrderedDict[str, str] = OrderedDict()

    def newest(self, channel: Channel) -> str | None:
        """The id of the newest message that came from there."""
        return self._newest.get(chat_of(channel))

    def wait(self, channel: Channel) -> None:
        """Something of this conversation waits."""
        self._waiting.setdefault(chat_of(channel), set()).add(channel.address)

    def heard(self, message: Message) -> set[str]:
        """Somebody wrote; the lanes that have waited for it."""
        chat = chat_of(message.channel)
        self._newest[chat] = message.id
        self._newest.move_to_end(chat)
        if len(self._newest) > _MOST:
            self._newest.popitem(last=False)
        return self._waiting.pop(chat, set()) if self._waiting else set()


def late(degradations: tuple[Degradation, ...]) -> tuple[Degradation, ...]:
    """These, and that something has waited for somebody to write."""
    return degradations if _LATE in degradations else (*degradations, _LATE)


def is_closed(error: Exception) -> bool:
    """Whether it can be said as soon as somebody writes."""
    return isinstance(error, DeliveryError) and error.window_closed
