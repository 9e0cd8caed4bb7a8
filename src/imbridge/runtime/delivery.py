"""The outbox: what is to be said waits here for its turn, and is tried until its end is known."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from imbridge.adapters.base import Adapter
from imbridge.config.options import BridgeOptions
from imbridge.media.sources import spooled
from imbridge.media.spool import remove
from imbridge.protocol import Channel, Degradation, DeliveryState, Event, ImbridgeError, Message, Receipt, Reply
from imbridge.runtime.account_lanes import AccountLanes
from imbridge.runtime.away import bounded, when_back
from imbridge.runtime.bots import Bots
from imbridge.runtime.choices import Choices, NotesOf
from imbridge.runtime.hops import hops_here
from imbridge.runtime.outbox.dead_targets import DeadTargets, is_sign_of_life
from imbridge.runtime.outbox.judging import NotYetError
from imbridge.runtime.outbox.patience import Patience
from imbridge.runtime.outbox.putting_off import PuttingOff
from imbridge.runtime.outbox.refused_accounts import RefusedAccounts
from imbridge.runtime.outbox.sending import Sending
from imbridge.runtime.outbox.unsaid import Unsaid, receipt_of
from imbridge.runtime.outbox.windows import late
from imbridge.storage import BaseStorage, OutboxEntry, StaleLeaseError, StorageError
from imbridge.storage.base import begun
from imbridge.storage.progress import interrupted

log = logging.getLogger(__name__)

_LANE_LENGTH = 100
_FOR_THE_NEXT = "the bridge stopped; it is kept, and said by the next process"
_PUT_OFF_BEFORE = "kept: it was put off before, and is tried again when its time comes"
_BEHIND = "kept: what was said before it in this conversation could not be sent yet, and is tried again"


class Delivery:
    """Says what skills want said: in order within a conversation, conversations side by side."""

    def __init__(
        self,
        storage: BaseStorage,
        adapter_of: Callable[[str], Adapter],
        bots: Bots,
        notes_of: NotesOf,
        options: BridgeOptions,
    ) -> None:
        """`adapter_of` finds the adapter of an account key; `bots` are told what is said.

        `notes_of` finds the notes of an account key, where it stands what can be chosen by a number, and who is gone.
        """
        self.choices = Choices(notes_of, options.choices_last)
        self.unsaid = Unsaid(storage)
        self.refused = RefusedAccounts(lambda account, lane: self._lanes.of(account).release(lane))
        self._sending = Sending(storage, adapter_of, bots, self.choices, notes_of, self.refused, options)
        self._storage = storage
        self._adapter_of = adapter_of
        self._lanes: AccountLanes[OutboxEntry] = AccountLanes(
            self._deliver,
            name="outbox",
            max_running=options.max_lanes,
            max_length=_LANE_LENGTH,
            max_waiting=options.max_waiting,
        )
        self._beginning: set[str] = set()
        """Conversations in which something is being kept that is to be sent at once."""
        self.counts = self.unsaid.counts
        patience = Patience(options.retry_for, missed_window_for=options.missed_window_for)
        self._putting_off = PuttingOff(self, self.unsaid, storage, patience, self.refused)

    def is_strict(self, said: bool | None) -> bool:
        """Whether something is sent as it is meant or not at all; `said` is what its reply says."""
        return self._sending.is_strict(said)

    async def post(
        self,
        channel: Channel,
        reply: Reply,
        *,
        key: str,
        reply_to: str | None = None,
        answers: str | None = None,
        hops: int | None = None,
        calls: bool = True,
        patient: bool = True,
        degradations: tuple[Degradation, ...] = (),
        within: float | None = None,
    ) -> OutboxEntry:
        """Put something into the outbox; its receipt comes later. Waits while the outbox is full or the storage away.

        What is waiting to be said under the same key, by the same account, is joined. What was said is not said again.

        Media that come as streams are read here, for they cannot be kept; what they raise is raised.

        Args:
            channel: Where.
            reply: What.
            key: Idempotency key, unless the reply has one.
            reply_to: The message that is answered.
            answers: The newest message that it answers.
            hops: Calls from bot to bot that led to it; None: those that led to the message that is handled here.
            calls: Whether the bots that are mentioned in it hear it.
            patient: It may be said later than now. Otherwise what cannot be said now is not kept; its receipt is
                `pending` all the same, for whoever posts it has to say it later.
            degradations: What of it is otherwise than meant already.
            within: Seconds to wait for a storage that is away; None: however long it takes. What answers a message that
                was taken in waits, for nobody would say it again.

        Raises:
            OverloadedError: the bridge is stopped.
            StorageError: the storage cannot keep it; it is not said then.
        """
        key = reply.key or key
        if (waiting := self.unsaid.find(channel.account_key, key)) is not None:
            self.counts["joined"] += 1
            return waiting
        self._lanes.of(channel.account_key).check_open()
        whole = await spooled(reply, self._adapter_of(channel.account_key).capabilities)
        entry = OutboxEntry(
            key=key,
            channel=channel,
            reply=whole.reply,
            reply_to=reply_to,
            answers=answers,
            degradations=(*degradations, *whole.degradations),
            hops=hops_here() if hops is None else hops,
            calls=calls,
            patient=patient,
            spool="" if whole.folder is None else str(whole.folder),
        )
        if (waiting := self.unsaid.add(entry)) is not entry:  # since its media were read
            await _clear(entry)
            self.counts["joined"] += 1
            return waiting
        try:
            keeping = self._keep(entry)
            said = await (keeping if within is None else bounded(keeping, within))
            if said is None:
                lanes = self._lanes.of(channel.account_key)
                await lanes.put(channel.address, entry)
                if lanes.held_back(channel.address):
                    self._tell_behind(entry)
        except BaseException as error:
            await _clear(entry)
            why = str(error) if isinstance(error, ImbridgeError) else f"{type(error).__name__} before it could be sent"
            receipt = receipt_of(entry, DeliveryState.FAILED, why)
            # It was given up: by now, or when the storage is back, it may be kept all the same.
            if isinstance(error, asyncio.CancelledError) or (isinstance(error, StorageError) and error.passing):
                self._storage.finish_outbound(entry, receipt)
            self.unsaid.settle(entry, receipt)  # whoever has joined it waits for this
            raise
        if said is not None:
            await _clear(entry)
            self.unsaid.settle(entry, said.model_copy(update={"key": entry.key, "repeated": True}))
            self.counts["repeated"] += 1
        return entry

    async def _keep(self, entry: OutboxEntry) -> Receipt | None:
        """Have the storage keep it, as begun where nothing is before it: that spares a transaction of its own."""
        lane, lanes = entry.channel.address, self._lanes.of(entry.channel.account_key)
        beside = self._beginning
        if not self._storage.survives or lane in beside or not lanes.begins_at_once(lane, beside=len(beside)):
            return await when_back(lambda: self._storage.add_outbound(entry), lane)
        beside.add(lane)
        entry.at_once = True
        try:
            said = await when_back(lambda: self._storage.add_outbound(entry), lane)
        finally:
            beside.discard(lane)
        if said is None and not lanes.begins_at_once(lane):
            self._storage.delay_outbound(entry)  # something else has taken the place
        return said

    def restore(self, entries: Iterable[OutboxEntry]) -> None:
        """Say what another process left unsaid."""
        for entry in entries:
            entry.late = True
            self.unsaid.add(entry)
            self._lanes.of(entry.channel.account_key).restore(entry.channel.address, entry)

    def drop(self, fence: int) -> int:
        """Others say what was to be said under a number that is over: whoever waits for its end waits no more."""
        dropped = self.unsaid.drop(fence)
        self._lanes.break_off(lambda entry: entry.fence == fence)
        return dropped

    def heard(self, item: Message | Event) -> None:
        """Something came: a chat that seemed gone is there, and what waited for somebody to write can be said."""
        channel = item.channel
        if channel is None or not is_sign_of_life(item):
            return
        self.targets.heard(channel)
        if not isinstance(item, Message):
            return
        lanes = self._lanes.of(channel.account_key)
        for lane in self._putting_off.windows.heard(item):
            for entry in lanes.held_back(lane)[:1]:
                entry.answers = item.id
                entry.degradations = late(entry.degradations)
                entry.progress = entry.progress.but(window_missed=None)
                lanes.release(lane)

    @property
    def targets(self) -> DeadTargets:
        """The chats that are gone."""
        return self._sending.targets

    async def drain(self) -> None:
        """Wait until everything is said that can be said now. What was put off is kept, or else has a last try."""
        self._putting_off.ending = True
        if not self._storage.survives:
            self._lanes.release_all()
        await self._lanes.drain()

    @property
    def idle(self) -> bool:
        """Nothing is being said, and nothing waits but what was put off."""
        return self._lanes.idle

    async def cancel(self) -> int:
        """Stop at once; how many were not said. Where the storage survives they are kept for the next process."""
        left = await self._lanes.cancel()
        for entry in left:
            await self._leave(entry)
        await self.unsaid.listeners.close()
        await self.refused.listeners.close()
        return len(left) + self._lanes.interrupted

    async def _deliver(self, entry: OutboxEntry) -> None:
        wait = self._putting_off.patience.seconds_until(entry.not_before)
        entry.not_before = None  # from here on the lane knows
        if wait and (self._storage.survives or not self._putting_off.ending):
            if entry.progress.window_missed is not None:
                self._putting_off.windows.wait(entry.channel)
            self.hold(entry, wait, _PUT_OFF_BEFORE)
            return
        if self._putting_off.held(entry):
            return
        newest = self._putting_off.windows.newest(entry.channel)
        try:
            await begun(self._storage.start_outbound(entry), entry.channel.address)
            receipt = await self._sending.send(entry)
        except StaleLeaseError as error:
            log.info("%s: %s", entry.channel.address, error)
            self.unsaid.leave_to_others(entry)
            return
        except asyncio.CancelledError:
            await self._interrupted(entry)
            raise
        except NotYetError as failure:
            try:
                if await self._is_kept(entry, failure, newest):
                    return
            except asyncio.CancelledError:
                await self._leave(entry)
                raise
            receipt = failure.receipt
        except Exception as error:
            log.exception("%s: sending failed for a reason that is no answer of the platform", entry.channel.address)
            receipt = receipt_of(entry, DeliveryState.FAILED, f"{type(error).__name__} while sending")
        try:
            await _clear(entry)
        finally:
            self.unsaid.finish(entry, receipt)

    async def _is_kept(self, entry: OutboxEntry, failure: NotYetError, newest: str | None) -> bool:
        """Whether something that cannot be said now has its place; False when its end is to be told."""
        if entry.patient:
            return await self._putting_off.put_off(entry, failure, newest)
        if not self._sending.may_be_said_anew(entry):
            return False
        await _clear(entry)
        self.unsaid.let_go(entry, str(failure))
        return True

    async def _leave(self, entry: OutboxEntry) -> None:
        """It was not said when the bridge stopped, and nothing of it is under way."""
        if self._storage.survives:
            self.unsaid.tell_pending(entry, _FOR_THE_NEXT)
            return
        await _clear(entry)
        self.unsaid.finish(entry, receipt_of(entry, DeliveryState.FAILED, "the bridge stopped"))

    async def _interrupted(self, entry: OutboxEntry) -> None:
        """It was cut off in the middle: it may have arrived."""
        if self._storage.survives:
            entry.progress = interrupted(entry.progress, datetime.now(UTC))
            if (noted := self._storage.note_progress(entry)) is not None:
                noted.add_done_callback(lambda done: _log_unnoted(entry, done))
            self.unsaid.tell_pending(entry, _FOR_THE_NEXT)
            return
        await _clear(entry)
        self.unsaid.finish(entry, receipt_of(entry, DeliveryState.UNKNOWN, "the bridge stopped while sending"))

    # -- what the outbox does for what is put off ----------------------------------------------------------------------

    def hold(self, entry: OutboxEntry, seconds: float, why: str) -> None:
        """Keep it at the head of its conversation for so long; who waits for its end is told why."""
        self.unsaid.tell_pending(entry, why)
        lanes, lane = self._lanes.of(entry.channel.account_key), entry.channel.address
        lanes.hold(lane, entry, seconds)
        for other in lanes.held_back(lane):
            self._tell_behind(other)

    def _tell_behind(self, entry: OutboxEntry) -> None:
        """It stands behind something that was put off."""
        if entry.patient:
            self.unsaid.tell_pending(entry, _BEHIND)
            return
        lanes = self._lanes.of(entry.channel.account_key)
        lanes.take(entry.channel.address, lambda one: one is entry)
        self.unsaid.let_go(entry, _BEHIND)


def _log_unnoted(entry: OutboxEntry, noted: "asyncio.Future[None]") -> None:
    if not noted.cancelled() and (error := noted.exception()) is not None:
        log.warning("%s: that it was cut off could not be noted (%s)", entry.channel.address, error)


async def _clear(entry: OutboxEntry) -> None:
    """Remove the files that were made for it."""
    if entry.spool:
        await remove(Path(entry.spool))


def answer_key(account: str, message_id: str, number: int) -> str:
    """The idempotency key of a message's answer number N: the same if the message is handled again after a crash."""
    digest = hashlib.blake2b(f"{account} {message_id}".encode(), digest_size=12).hexdigest()
    return f"{digest}-{number}"


def push_key() -> str:
    """The idempotency key of something said unasked."""
    return uuid4().hex
