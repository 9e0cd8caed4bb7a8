"""That work has begun, and that what was to begin at once has to wait."""

import asyncio

from imbridge.storage.base import InboxEntry, OutboxEntry
from imbridge.storage.core.shares import Shares
from imbridge.storage.core.work import StartInbound, StartOutbound, Unit
from imbridge.storage.core.writer import Writer
from imbridge.storage.durable import DurableStorage


class Beginning(DurableStorage):
    """The part of a storage that counts how often something was begun."""

    _writer: Writer
    _shares: Shares | None

    def start_inbound(self, entry: InboxEntry) -> "asyncio.Future[None] | None":  # noqa: D102 - inherited
        return self._begin(entry, StartInbound, "a delivery")

    def delay_inbound(self, entry: InboxEntry) -> None:  # noqa: D102 - inherited
        self._delay(entry, StartInbound)

    def start_outbound(self, entry: OutboxEntry) -> "asyncio.Future[None] | None":  # noqa: D102 - inherited
        return self._begin(entry, StartOutbound, "an answer")

    def delay_outbound(self, entry: OutboxEntry) -> None:  # noqa: D102 - inherited
        self._delay(entry, StartOutbound)

    def _begin(
        self, entry: InboxEntry | OutboxEntry, piece: type[StartInbound | StartOutbound], what: str
    ) -> "asyncio.Future[None] | None":
        """Where others may have it by now, nothing is begun before it is known that it is ours still."""
        entry.attempts += 1
        if entry.at_once:  # its row says so
            entry.at_once = False
            return None
        unit = Unit((piece(entry.uid, entry.attempts),), node=entry.fence, what=f"the beginning of {what}")
        return self._writer.ask(unit, insist=self._shares is not None)

    def _delay(self, entry: InboxEntry | OutboxEntry, piece: type[StartInbound | StartOutbound]) -> None:
        if entry.at_once:
            entry.at_once = False
            if isinstance(entry, InboxEntry):
                entry.session = None  # what is before it may change that
            self._writer.tell(Unit((piece(entry.uid, 0),), node=entry.fence, what="that something waits"))
