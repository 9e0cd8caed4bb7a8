"""The outbox's way to the platform: render, send part by part, write the receipt."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from imbridge.adapters.base import Adapter, Target
from imbridge.adapters.pieces import PartlySentError
from imbridge.config.options import BridgeOptions
from imbridge.media.sources import spooled
from imbridge.media.spool import remove
from imbridge.protocol import (
    AuthError,
    Channel,
    ChannelKind,
    Degradation,
    DegradedError,
    DeliveryError,
    DeliveryState,
    ImbridgeError,
    Receipt,
    Reply,
    SentPart,
)
from imbridge.rendering import Part, Rendered
from imbridge.runtime.account_lanes import AccountLanes
from imbridge.runtime.bots import Bots, Saying
from imbridge.runtime.choices import Choices, NotesOf, offering
from imbridge.runtime.hops import hops_here
from imbridge.runtime.rendered import rendered
from imbridge.runtime.strictness import forbid, forbid_losses
from imbridge.storage import BaseStorage, OutboxEntry, StaleLeaseError
from imbridge.storage.base import begun

log = logging.getLogger(__name__)

_LANE_LENGTH = 100


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

        `notes_of` finds the notes of an account key, where it stands what can be chosen by a number.
        """
        self._bots = bots
        self.choices = Choices(notes_of, options.choices_last)
        self._storage = storage
        self._adapter_of = adapter_of
        self._lanes: AccountLanes[OutboxEntry] = AccountLanes(
            self._deliver,
            name="outbox",
            max_running=options.max_lanes,
            max_length=_LANE_LENGTH,
            max_waiting=options.max_waiting,
        )
        self._unsaid: dict[tuple[str, str], OutboxEntry] = {}
        """What is not said yet, by account and key."""
        self.counts: Counter[str] = Counter()
        self._strict = options.strict

    def is_strict(self, said: bool | None) -> bool:
        """Whether something is sent as it is meant or not at all; `said` is what its reply says."""
        return self._strict if said is None else said

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
        degradations: tuple[Degradation, ...] = (),
    ) -> OutboxEntry:
        """Put something into the outbox; its receipt comes later. Waits while the outbox is full.

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
            degradations: What of it is otherwise than meant already.

        Raises:
            OverloadedError: the bridge is stopped.
        """
        once = channel.account_key, reply.key or key
        if (waiting := self._unsaid.get(once)) is not None:
            self.counts["joined"] += 1
            return waiting
        whole = await spooled(reply, self._adapter_of(channel.account_key).capabilities)
        entry = OutboxEntry(
            key=once[1],
            channel=channel,
            reply=whole.reply,
            reply_to=reply_to,
            answers=answers,
            degradations=(*degradations, *whole.degradations),
            hops=hops_here() if hops is None else hops,
            calls=calls,
            spool="" if whole.folder is None else str(whole.folder),
        )
        if (waiting := self._unsaid.setdefault(once, entry)) is not entry:  # since its media were read
            await _clear(entry)
            self.counts["joined"] += 1
            return waiting
        try:
            stored = self._storage.add_outbound(entry)
            said = stored.result() if stored.done() else await stored
            if said is None:
                await self._lanes.of(channel.account_key).put(channel.address, entry)
        except BaseException as error:
            await _clear(entry)
            receipt = _not_kept(entry, error)
            if isinstance(error, asyncio.CancelledError):  # by now it may be kept all the same
                self._storage.finish_outbound(entry, receipt)
            self._end(entry, receipt)  # whoever has joined it waits for this
            raise
        if said is not None:
            await _clear(entry)
            self._end(entry, said.model_copy(update={"key": entry.key, "repeated": True}))
            self.counts["repeated"] += 1
        return entry

    def restore(self, entries: Iterable[OutboxEntry]) -> None:
        """Say what another process left unsaid."""
        for entry in entries:
            self._unsaid.setdefault((entry.channel.account_key, entry.key), entry)
            self._lanes.of(entry.channel.account_key).restore(entry.channel.address, entry)

    def drop(self, fence: int) -> int:
        """Others say what was to be said under a number that is over: whoever waits for its end waits no more."""
        dropped = [entry for entry in self._unsaid.values() if entry.fence == fence]
        for entry in dropped:
            self._end(entry, _left_to_others(entry))
        self._lanes.break_off(lambda entry: entry.fence == fence)
        return len(dropped)

    async def drain(self) -> None:
        """Wait until everything is said."""
        await self._lanes.drain()

    @property
    def idle(self) -> bool:
        """Nothing waits to be said, and nothing is being said."""
        return self._lanes.idle

    async def cancel(self) -> int:
        """Stop at once; how many were not said."""
        left = await self._lanes.cancel()
        for entry in left:
            await _clear(entry)
            self._finish(
                entry, Receipt(state=DeliveryState.FAILED, channel=entry.channel.address, error="the bridge stopped")
            )
        return len(left) + self._lanes.interrupted

    async def _deliver(self, entry: OutboxEntry) -> None:
        try:
            await begun(self._storage.start_outbound(entry), entry.channel.address)
            receipt = await self._send(entry)
        except StaleLeaseError as error:
            log.info("%s: %s", entry.channel.address, error)
            self._end(entry, _left_to_others(entry))
            return
        except asyncio.CancelledError:
            self._finish(
                entry,
                Receipt(
                    state=DeliveryState.UNKNOWN, channel=entry.channel.address, error="the bridge stopped while sending"
                ),
            )
            raise
        except Exception as error:
            log.exception("%s: sending failed for a reason that is no answer of the platform", entry.channel.address)
            receipt = Receipt(
                state=DeliveryState.FAILED, channel=entry.channel.address, error=f"{type(error).__name__} while sending"
            )
        finally:
            await _clear(entry)
        self._finish(entry, receipt)

    def _finish(self, entry: OutboxEntry, receipt: Receipt) -> None:
        receipt = receipt.model_copy(update={"key": entry.key})
        self.counts[receipt.state.value] += 1
        self._storage.finish_outbound(entry, receipt)
        self._end(entry, receipt)

    def _end(self, entry: OutboxEntry, receipt: Receipt) -> None:
        once = entry.channel.account_key, entry.key
        if self._unsaid.get(once) is entry:
            del self._unsaid[once]
        if not entry.receipt.done():
            entry.receipt.set_result(receipt)

    async def _send(self, entry: OutboxEntry) -> Receipt:
        saying = await self._bots.saying(entry.channel, entry.reply.elements, hops=entry.hops, calls=entry.calls)
        arrived: list[tuple[Part, str]] = []
        state = DeliveryState.UNKNOWN
        try:
            receipt = await self._send_rendered(entry, saying, arrived)
            state = receipt.state
        finally:
            # Before the outbox lets go of it: should the process end in between, it is said again, and heard once.
            self._bots.said(saying, state, arrived, entry.key)
        return receipt

    async def _send_rendered(self, entry: OutboxEntry, saying: Saying, arrived: list[tuple[Part, str]]) -> Receipt:
        adapter = self._adapter_of(entry.channel.account_key)
        said = entry.reply
        if saying.elements is not said.elements:
            said = said.model_copy(update={"elements": saying.elements})
        async with adapter.gathered(said) as (reply, lost):
            made = await rendered(adapter, reply)
            degradations = (*entry.degradations, *saying.degradations, *lost, *made.degradations)
            return await self._send_placed(adapter, entry, Rendered(made.parts, degradations), arrived)

    async def _send_placed(
        self, adapter: Adapter, entry: OutboxEntry, rendered: Rendered, arrived: list[tuple[Part, str]]
    ) -> Receipt:
        channel = entry.channel
        in_thread = channel.thread is not None if entry.reply.in_thread is None else entry.reply.in_thread
        usual = channel.kind is ChannelKind.GROUP and adapter.capabilities.quote
        quote = usual if entry.reply.quote is None else entry.reply.quote
        strict = self.is_strict(entry.reply.strict)
        return await _send_parts(
            adapter, entry, rendered, arrived, self.choices, in_thread=in_thread, quote=quote, strict=strict
        )


async def _send_parts(
    adapter: Adapter,
    entry: OutboxEntry,
    rendered: Rendered,
    arrived: list[tuple[Part, str]],
    choices: Choices,
    *,
    in_thread: bool,
    quote: bool,
    strict: bool,
) -> Receipt:
    """Send the parts one after another; a failed part ends it, for what follows would stand without it.

    `arrived` gets the parts that the platform took, with the ids of their messages.
    """

    def target_of(number: int) -> Target:
        attach = in_thread or (quote and number == 0)
        reply_to = entry.reply_to if attach else None
        answers = entry.answers or entry.reply_to
        return Target(entry.channel, reply_to, in_thread and entry.reply_to is not None, answers, strict)

    sent: list[SentPart] = []
    planned = adapter.plan(target_of(0), rendered.parts, entry.key) if rendered.parts else rendered
    degradations = [*rendered.degradations, *(planned.degradations if planned is not rendered else ())]
    attempts = 0
    if strict:
        try:
            forbid(degradations)
            await forbid_losses(adapter, target_of, planned.parts)
        except ImbridgeError as error:
            return _failed(entry, error, sent, degradations, attempts)
    for number, part in enumerate(planned.parts):
        target = target_of(number)
        try:
            result = await adapter.send(target, part, f"{entry.key}-{number}" if number else entry.key)
            where = entry.channel if in_thread else entry.channel.model_copy(update={"thread": None})
            result = offering(choices, where, result, part)
        except ImbridgeError as error:
            if isinstance(error, PartlySentError):
                sent += (error.sent.part, *error.sent.more)
                attempts += error.sent.attempts
                degradations += error.sent.degradations
            return _failed(entry, error, sent, degradations, attempts + 1)
        sent += (result.part, *result.more)
        arrived.append((part, result.part.message_id))
        attempts += result.attempts
        degradations += result.degradations
    if degradations:
        _log_degradations(entry, degradations)
    return Receipt(
        state=DeliveryState.SENT if sent else DeliveryState.SKIPPED,
        channel=entry.channel.address,
        parts=tuple(sent),
        degradations=tuple(degradations),
        attempts=attempts,
        sent_at=datetime.now(UTC),
    )


def _failed(
    entry: OutboxEntry,
    error: ImbridgeError,
    sent: list[SentPart],
    degradations: list[Degradation],
    attempts: int,
) -> Receipt:
    ambiguous = isinstance(error, DeliveryError) and error.ambiguous
    state = DeliveryState.PARTIAL if sent else DeliveryState.UNKNOWN if ambiguous else DeliveryState.FAILED
    log.warning("%s: not delivered (%s): %s", entry.channel.address, state.value, error)
    return Receipt(
        state=state,
        channel=entry.channel.address,
        parts=tuple(sent),
        degradations=tuple(degradations),
        attempts=attempts,
        refused=error.degradations if isinstance(error, DegradedError) else (),
        error=str(error),
        code=error.code if isinstance(error, DeliveryError | AuthError) else None,
    )


def _left_to_others(entry: OutboxEntry) -> Receipt:
    return Receipt(
        state=DeliveryState.UNKNOWN,
        channel=entry.channel.address,
        key=entry.key,
        error="this process was silent for too long, and another one says it",
    )


def _not_kept(entry: OutboxEntry, error: BaseException) -> Receipt:
    """Of what could not be taken into the outbox."""
    return Receipt(
        state=DeliveryState.FAILED,
        channel=entry.channel.address,
        key=entry.key,
        error=str(error) if isinstance(error, ImbridgeError) else f"{type(error).__name__} before it could be sent",
    )


def _log_degradations(entry: OutboxEntry, degradations: list[Degradation]) -> None:
    for degradation in degradations:
        log.info("%s: %s was sent as %s: %s", entry.channel.address, degradation.what, degradation.how, degradation.why)


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
