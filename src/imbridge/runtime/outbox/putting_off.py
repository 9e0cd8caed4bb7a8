"""What could not be said now: kept until it is tried again, or until somebody writes, and given up in the end."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from imbridge.protocol import AuthError, ImbridgeError
from imbridge.runtime.outbox.judging import NotYetError
from imbridge.runtime.outbox.patience import Patience
from imbridge.runtime.outbox.refused_accounts import RefusedAccounts
from imbridge.runtime.outbox.unsaid import Unsaid
from imbridge.runtime.outbox.windows import Windows, late
from imbridge.storage import BaseStorage, DurableStorage, OutboxEntry

log = logging.getLogger(__name__)


class Outbox(Protocol):
    """Where what is put off stays, in its place."""

    def hold(self, entry: OutboxEntry, seconds: float, why: str) -> None:
        """Keep it, and what follows it, for so long; `why` is for those who wait for its end."""


@dataclass(slots=True)
class PuttingOff:
    """Decides about what failed, and writes it down.

    Attributes:
        outbox: Keeps it.
        unsaid: Where it is known, and counted.
        storage: Knows it after a restart, if it survives.
        patience: When it is tried again.
        refused: The accounts whose credentials are refused.
        windows: Who waits for somebody to write.
        ending: The bridge stops: nothing is put off where nothing survives.
    """

    outbox: Outbox
    unsaid: Unsaid
    storage: BaseStorage
    patience: Patience
    refused: RefusedAccounts
    windows: Windows = field(default_factory=Windows)
    ending: bool = False

    async def put_off(self, entry: OutboxEntry, failure: NotYetError, newest: str | None) -> bool:
        """Keep it for later; False when it is over, and its end is to be told.

        Args:
            entry: What failed now.
            failure: Why.
            newest: The newest message of its conversation when it was tried.
        """
        if self.ending and not self.storage.survives:
            return False
        if failure.needs_message:
            return await self._until_written(entry, failure, newest)
        again = self.patience.next_try(entry.progress, failure)
        if isinstance(failure.error, AuthError) and self.patience.retry_for:
            pause = 0.0 if again is None else (again - datetime.now(UTC)).total_seconds()
            self.refused.hold(entry.channel.account_key, pause, self.patience.retry_for)
        if again is None:
            return await self._give_up(entry, failure)
        before = entry.progress
        since = before.failing_since or datetime.now(UTC)
        entry.progress = before.but(put_off=before.put_off + 1, failing_since=since)
        self.unsaid.counts["put_off"] += 1
        await self._note(entry, again, failure)
        left = max((again - datetime.now(UTC)).total_seconds(), 0.0)
        until = since + timedelta(seconds=self.patience.retry_for)
        why = f"kept, and tried again until {until:%Y-%m-%d %H:%M:%S} UTC: {failure}"
        log.warning("%s: put off for %.1f s: %s", entry.channel.address, left, why)
        self.outbox.hold(entry, left, why)
        return True

    def held(self, entry: OutboxEntry) -> bool:
        """Whether its account's credentials are refused, and it is kept without being tried."""
        if not self.refused or not entry.patient or not (left := self.patience.left(entry.progress)):
            return False
        wait, why = self.refused.wait(entry.channel.account_key, entry.channel.address)
        if not wait:
            return False
        if entry.progress.failing_since is None:
            entry.progress = entry.progress.but(failing_since=datetime.now(UTC))
            self.unsaid.counts["credentials_refused"] += 1
        self.storage.delay_outbound(entry)
        why = f"kept until the platform takes the account's credentials again: {why}"
        self.outbox.hold(entry, min(wait, left), why)
        return True

    async def _until_written(self, entry: OutboxEntry, failure: NotYetError, newest: str | None) -> bool:
        """Say it when somebody writes there again; False when it has waited for long enough."""
        until = self.patience.deadline(entry.progress)
        left = (until - datetime.now(UTC)).total_seconds()
        if left <= 0:
            return await self._give_up(entry, failure)
        if entry.progress.window_missed is None:
            entry.progress = entry.progress.but(window_missed=datetime.now(UTC))
            self.unsaid.counts["window_missed"] += 1
        await self._note(entry, until, failure)
        why = f"kept until somebody writes there, at most until {until:%Y-%m-%d %H:%M:%S} UTC: {failure}"
        log.warning("%s: %s", entry.channel.address, why)
        written = self.windows.newest(entry.channel)
        if written == newest:
            self.windows.wait(entry.channel)
        else:  # while it was tried
            entry.answers, left = written, 0.0
            entry.degradations = late(entry.degradations)
        self.outbox.hold(entry, left, why)
        return True

    async def _note(self, entry: OutboxEntry, until: datetime, failure: NotYetError) -> None:
        if not isinstance(self.storage, DurableStorage):
            return
        try:
            await self.storage.put_off(entry, until.timestamp(), str(failure))
        except ImbridgeError as error:
            log.warning("%s: that it is put off could not be noted (%s)", entry.channel.address, error)

    async def _give_up(self, entry: OutboxEntry, failure: NotYetError) -> bool:
        """It was tried for long enough: a dead letter, where there are any. False: its end is to be told."""
        progress = entry.progress
        log.error("%s: given up after %d tries: %s", entry.channel.address, progress.put_off + 1, failure)
        was_put_off = progress.failing_since is not None or progress.window_missed is not None
        if not isinstance(self.storage, DurableStorage) or not was_put_off:
            return False
        try:
            kept = await self.storage.give_up(entry, f"given up: {failure}")
        except ImbridgeError as error:
            log.warning("%s: no dead letter could be made of it (%s)", entry.channel.address, error)
            return False
        if kept:
            self.unsaid.counts["dead_letters"] += 1
            self.unsaid.end(entry, failure.receipt)
        return kept
