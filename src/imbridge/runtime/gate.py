"""What goes no further than the inbox: our own messages, and ones that are too old to be answered."""

import time
from collections.abc import Callable
from enum import StrEnum

from imbridge.protocol import ButtonClicked, ChatOpened, Event, LinkPreviewRequested, MenuClicked, Message

_WANTS_AN_ANSWER = (Message, ButtonClicked, MenuClicked, LinkPreviewRequested, ChatOpened)
"""What has its time. Anything else tells of a change (of a group, an approval, the address book), which holds however
late we hear of it."""


class Pass(StrEnum):
    """The gate's decision."""

    GO = "go"
    OWN = "own"
    STALE = "stale"
    DENIED = "denied"


class Gate:
    """Decides before a lane is taken.

    A platform redelivers for hours: a stale question wants no answer any more. What tells of a change is never late.
    """

    def __init__(
        self,
        *,
        stale_after: float,
        may_write: Callable[[Message | Event], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`may_write` is the account's policy for private chats; `stale_after` in seconds, by the platform's clock."""
        self._stale_after = stale_after
        self._may_write = may_write
        self._clock = clock

    def check(self, item: Message | Event) -> Pass:
        """Decide about one delivery."""
        if isinstance(item, Message):
            if item.sender.is_self:
                return Pass.OWN
        elif item.actor is not None and item.actor.is_self:
            return Pass.OWN
        if not self._may_write(item):
            return Pass.DENIED
        is_late = self._clock() - item.timestamp.timestamp() > self._stale_after
        if is_late and isinstance(item, _WANTS_AN_ANSWER):
            return Pass.STALE
        return Pass.GO
