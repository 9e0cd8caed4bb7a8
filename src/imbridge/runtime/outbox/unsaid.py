"""What is not said yet, and who waits for its end."""

import logging
from collections import Counter

from imbridge.protocol import DeliveryState, Receipt
from imbridge.runtime.outbox.listeners import Listeners
from imbridge.storage import BaseStorage, OutboxEntry

log = logging.getLogger(__name__)

_LEFT_TO_OTHERS = "this process was silent for too long, and another one says it"


class Unsaid:
    """Knows by account and key what is not said yet, put off or not, and tells how it ended.

    Attributes:
        listeners: Hear the end of what nobody waits for any more.
        counts: How often something ended how.
    """

    def __init__(self, storage: BaseStorage) -> None:
        """Nothing is to be said; `storage` is told what is done with."""
        self.listeners: Listeners[Receipt] = Listeners("receipt listener")
        self.counts: Counter[str] = Counter()
        self._storage = storage
        self._entries: dict[tuple[str, str], OutboxEntry] = {}

    def find(self, account: str, key: str) -> OutboxEntry | None:
        """What the account has still to say under this key."""
        return self._entries.get((account, key))

    def add(self, entry: OutboxEntry) -> OutboxEntry:
        """Note it; what is there already under its key stays, and is given back instead."""
        return self._entries.setdefault((entry.channel.account_key, entry.key), entry)

    def __contains__(self, entry: OutboxEntry) -> bool:
        return self._entries.get((entry.channel.account_key, entry.key)) is entry

    def drop(self, fence: int) -> int:
        """Others say what was to be said under a number that is over; how much that is."""
        dropped = [entry for entry in self._entries.values() if entry.fence == fence]
        for entry in dropped:
            self.leave_to_others(entry)
        return len(dropped)

    def leave_to_others(self, entry: OutboxEntry) -> None:
        """Another process says it: whoever waits for its end waits no more."""
        self.settle(entry, receipt_of(entry, DeliveryState.UNKNOWN, _LEFT_TO_OTHERS))

    def tell_pending(self, entry: OutboxEntry, why: str) -> None:
        """Who waits for its end is told that it takes longer."""
        entry.late = True
        if not entry.receipt.done():
            entry.receipt.set_result(receipt_of(entry, DeliveryState.PENDING, why))

    def let_go(self, entry: OutboxEntry, why: str) -> None:
        """It is not said now, and it was to be said now or not at all."""
        self._storage.finish_outbound(entry, receipt_of(entry, DeliveryState.FAILED, why))
        perhaps = {"perhaps_twice": entry.progress.unclear_since is not None}
        self.settle(entry, receipt_of(entry, DeliveryState.PENDING, why).model_copy(update=perhaps))

    def finish(self, entry: OutboxEntry, receipt: Receipt) -> None:
        """It is done with."""
        self._storage.finish_outbound(entry, receipt)
        self.end(entry, receipt)

    def end(self, entry: OutboxEntry, receipt: Receipt) -> None:
        """Its end is known: it is counted, and told to whoever waits, or listens."""
        self.counts[receipt.state.value] += 1
        if receipt.perhaps_twice:
            self.counts["perhaps_twice"] += 1
        if entry.late:
            log.info("%s: what was put off, or left, ended: %s", entry.channel.address, receipt.state.value)
            self.listeners.tell(entry.channel.address, receipt)
        self.settle(entry, receipt)

    def settle(self, entry: OutboxEntry, receipt: Receipt) -> None:
        """It is not among them any more; whoever waits for its end has this."""
        if entry in self:
            del self._entries[entry.channel.account_key, entry.key]
        if not entry.receipt.done():
            entry.receipt.set_result(receipt)


def receipt_of(entry: OutboxEntry, state: DeliveryState, why: str) -> Receipt:
    """What became of it, with what of it arrived."""
    progress = entry.progress
    return Receipt(
        state=state,
        channel=entry.channel.address,
        key=entry.key,
        parts=progress.sent,
        attempts=progress.attempts,
        perhaps_twice=progress.perhaps_twice,
        error=why,
    )
