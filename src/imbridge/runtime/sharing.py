"""Work that is shared with other processes on the same storage: what they hand over, and what is theirs by now."""

import logging
from collections import Counter
from collections.abc import Sequence

from imbridge.runtime.delivery import Delivery
from imbridge.runtime.intake.inbox import Inbox
from imbridge.storage import InboxEntry, OutboxEntry

log = logging.getLogger(__name__)


class SharedWork:
    """A bridge as its storage sees it; see `imbridge.storage.sharing.Partner`."""

    def __init__(self, inbox: Inbox, delivery: Delivery, counts: Counter[str]) -> None:
        """`counts` is where what happens is counted."""
        self._inbox = inbox
        self._delivery = delivery
        self._counts = counts
        self._ended = False

    def end(self) -> None:
        """Take nothing more from others: the bridge stops. What they hand over is left for those who stay."""
        self._ended = True

    @property
    def has_room(self) -> bool:
        """Whether more can be taken."""
        return not self._ended and self._inbox.has_room

    def take(self, entries: Sequence[InboxEntry]) -> None:
        """Deliveries that other processes took in for conversations of this one."""
        self._counts["taken_from_others"] += len(entries)
        for entry in entries:
            self._inbox.take_in(entry)

    def restore(self, inbound: Sequence[InboxEntry], outbound: Sequence[OutboxEntry]) -> None:
        """What processes that are gone left. What was answered is said before what is answered now."""
        self._delivery.restore(outbound)
        self._inbox.restore(inbound)

    def drop(self, fence: int) -> None:
        """Others go on with what was this process's under this number."""
        handled, said = self._inbox.drop(fence), self._delivery.drop(fence)
        self._counts["lost_to_others"] += handled
        log.warning(
            "%d messages that were being handled and %d answers that were not said are left to other processes",
            handled,
            said,
        )
