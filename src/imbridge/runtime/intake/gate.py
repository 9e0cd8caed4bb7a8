"""What goes no further than the inbox: our own messages, and ones that are too old to be answered."""

import logging
import time
from collections.abc import Callable
from enum import StrEnum

from imbridge.protocol import ButtonClicked, ChatOpened, Event, LinkPreviewRequested, MenuClicked, Message

log = logging.getLogger(__name__)

_WANTS_AN_ANSWER = (Message, ButtonClicked, MenuClicked, LinkPreviewRequested, ChatOpened)
"""What has its time. Anything else tells of a change (of a group, an approval, the address book), which holds however
late we hear of it."""


class Pass(StrEnum):
    """The gate's decision."""

    GO = "go"
    OWN = "own"
    STALE = "stale"
    DENIED = "denied"
    BOT_LOOP = "bot_loop"
    """A bot calls, and bots have talked to each other long enough. Decided beside this class, which counts nothing."""


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


def log_turned_away(lane: str, item: Message | Event, decision: Pass, count: int) -> None:
    """Tell the log of one that goes no further; `count`: how many of its kind there were, with it."""
    log.debug("%s: not handled (%s): %s", lane, decision.value, item.id)
    if decision is Pass.STALE and str(count).strip("0") == "1":  # the 1st, 10th, 100th ...
        log.warning(
            "%s: a message of %s is too old to be answered (%d so far); is this machine's clock right?",
            lane,
            item.timestamp.isoformat(timespec="seconds"),
            count,
        )
