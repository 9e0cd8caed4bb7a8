"""One try to say something: what is not there yet is sent part by part, and how far it is is kept."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from imbridge.adapters.base import Adapter, Sent, Target
from imbridge.adapters.pieces import PartlySentError
from imbridge.config.options import OnMissedWindow, OnUnclear
from imbridge.protocol import (
    AuthError,
    Degradation,
    DegradedError,
    DeliveryError,
    DeliveryState,
    ImbridgeError,
    Receipt,
    TargetGoneError,
)
from imbridge.protocol.model import assembled
from imbridge.rendering import Part, Rendered
from imbridge.runtime.choices import Choices, offering
from imbridge.runtime.outbox.dead_targets import DeadTargets, is_dead
from imbridge.runtime.outbox.judging import NotYetError, is_unclear, may_be_repeated
from imbridge.runtime.outbox.quoting import is_in_thread, quoted
from imbridge.runtime.outbox.refused_accounts import RefusedAccounts
from imbridge.runtime.outbox.windows import is_closed
from imbridge.runtime.strictness import forbid, forbid_losses
from imbridge.storage import BaseStorage, OutboxEntry, Progress
from imbridge.storage.base import begun

log = logging.getLogger(__name__)

_NOT_AGAIN = (
    "it may have arrived, nobody knows; it is not sent again, for people would see it twice (on_unclear: at_most_once)"
)


@dataclass(slots=True)
class Attempt:
    """Sends the parts one after another; a failed part ends it, for what follows would stand without it.

    Attributes:
        arrived: Gets the parts that the platform took, with the ids of their messages.
        strict: Nothing may be shown otherwise than meant.
        on_missed_window: What becomes of an answer that comes too late for that.
        targets: Where sending is pointless; told what the platform says of that.
        refused: Whose credentials are refused; the same.
        degradations: What of it is otherwise than meant before it is sent.
    """

    adapter: Adapter
    entry: OutboxEntry
    arrived: list[tuple[Part, str]]
    choices: Choices
    storage: BaseStorage
    on_unclear: OnUnclear
    strict: bool
    on_missed_window: OnMissedWindow
    targets: DeadTargets
    refused: RefusedAccounts
    degradations: list[Degradation] = field(default_factory=list)

    async def send(self, rendered: Rendered) -> Receipt:
        """Send what is not there yet; what became of all of it.

        Raises:
            NotYetError: it may be tried again.
        """
        try:
            await self.targets.check(self.entry.channel)
        except TargetGoneError as error:
            return self._failed(error)
        entry, first = self.entry, self._target(0)
        planned = self.adapter.plan(first, rendered.parts, entry.key) if rendered.parts else rendered
        self.degradations = [*rendered.degradations, *(planned.degradations if planned is not rendered else ())]
        parts = planned.parts
        if self.strict:
            try:
                forbid(self.degradations)
                await forbid_losses(self.adapter, self._target, parts)
            except ImbridgeError as error:
                if self._waits(error):
                    raise NotYetError(error, self._failure(error)) from error
                return self._failed(error)
        if entry.progress.done and (over := self._resume(parts)) is not None:
            return over
        for number in range(entry.progress.done, len(parts)):
            target = self._target(number) if number else first
            if (over := await self._send_part(number, parts, target)) is not None:
                return over
        state = DeliveryState.SENT if entry.progress.sent else DeliveryState.SKIPPED
        receipt = self._receipt(state, sent_at=datetime.now(UTC))
        for one in receipt.degradations:
            log.info("%s: %s was sent as %s: %s", entry.channel.address, one.what, one.how, one.why)
        return receipt

    def _target(self, number: int) -> Target:
        entry = self.entry
        in_thread = self._in_thread
        reply_to = entry.reply_to if in_thread else None
        if number == 0:
            said = entry.reply
            reply_to = quoted(self.adapter, entry.channel, entry.reply_to, quote=said.quote, in_thread=said.in_thread)
        answers = entry.answers or entry.reply_to
        # What answers nothing, or another bot of the bridge, never was anything else.
        pushes = answers is None or entry.hops > 0 or self.on_missed_window.pushes
        return Target(entry.channel, reply_to, in_thread and entry.reply_to is not None, answers, self.strict, pushes)

    @property
    def _in_thread(self) -> bool:
        return is_in_thread(self.entry.channel, self.entry.reply.in_thread)

    # -- what was tried before -----------------------------------------------------------------------------------------

    def _resume(self, parts: tuple[Part, ...]) -> Receipt | None:
        """Pass over what is there already; a receipt when it cannot go on."""
        entry = self.entry
        before = entry.progress
        if before.parts != len(parts):
            # Other settings or another version cut it otherwise: nobody knows which of its parts are there.
            if self.on_unclear is OnUnclear.AT_MOST_ONCE:
                return self._over("some of it arrived, and it is cut otherwise now: nobody knows what is missing")
            log.warning("%s: said from its beginning: it is cut otherwise than before", entry.channel.address)
            entry.progress = before = before.but(done=0, message_ids=(), unclear_since=None, perhaps_twice=True)
        self.arrived += zip(parts, before.message_ids, strict=False)
        return None

    def _may_leave(self, since: datetime, target: Target, part: Part, key: str) -> bool:
        """Whether a part may be sent that may be there already: only where nobody minds or sees it twice."""
        entry = self.entry
        if self.adapter.key_lasts(target, part, key) > (datetime.now(UTC) - since).total_seconds():
            return True
        if self.on_unclear is OnUnclear.AT_MOST_ONCE:
            return False
        log.warning("%s: sent once more: it may have arrived before, nobody knows", entry.channel.address)
        entry.progress = entry.progress.but(perhaps_twice=True)
        return True

    # -- one part ------------------------------------------------------------------------------------------------------

    async def _send_part(self, number: int, parts: tuple[Part, ...], target: Target) -> Receipt | None:
        """Send a part; a receipt when that failed for good."""
        entry, part = self.entry, parts[number]
        key = f"{entry.key}-{number}" if number else entry.key
        since = entry.progress.unclear_since
        if since is not None and not self._may_leave(since, target, part, key):
            return self._over(_NOT_AGAIN)
        try:
            result = await self.adapter.send(target, part, key)
            if result.choices or part.choices:
                result = offering(self.choices, entry.channel, result, part, in_thread=self._in_thread)
        except ImbridgeError as error:
            return self._judge(error, target, part, key)
        self.refused.took(entry.channel.account_key, by_credentials=result.by_credentials)
        ids = (*entry.progress.message_ids, result.part.message_id)
        arrived = {"parts": len(parts), "done": number + 1, "message_ids": ids, "unclear_since": None}
        entry.progress = _with(entry.progress, result, **arrived)
        self.arrived.append((part, result.part.message_id))
        if number + 1 < len(parts):  # before the next one leaves: what is there is not sent again after a crash
            await begun(self.storage.note_progress(entry), entry.channel.address)
        return None

    def _judge(self, error: ImbridgeError, target: Target, part: Part, key: str) -> Receipt:
        entry = self.entry
        progress = entry.progress
        if is_unclear(error):
            since = progress.unclear_since or datetime.now(UTC)
            progress = progress.but(unclear_since=since, unclear_ends=progress.unclear_ends + 1)
        entry.progress = progress.but(attempts=progress.attempts + 1)
        if isinstance(error, AuthError):
            self.refused.refuse(entry.channel.account_key, error)
        if isinstance(error, TargetGoneError) and is_dead(error):
            self.targets.note(entry.channel, error)
        if (
            self._waits(error)
            or self._is_mendable(error)
            or may_be_repeated(
                error,
                recognised=self.adapter.key_lasts(target, part, key) > 0,
                unclear_ends=progress.unclear_ends,
                on_unclear=self.on_unclear,
            )
        ):
            raise NotYetError(error, self._failure(error)) from error
        if isinstance(error, PartlySentError):
            entry.progress = _with(entry.progress, error.sent)
        return self._failed(error)

    def _waits(self, error: ImbridgeError) -> bool:
        """Whether it is kept until somebody writes there."""
        return self.on_missed_window.waits and is_closed(error)

    def _is_mendable(self, error: ImbridgeError) -> bool:
        """Whether a person can put it right, and what is kept until then is not lost: in memory it would be."""
        return isinstance(error, AuthError) and self.storage.survives

    # -- the end -------------------------------------------------------------------------------------------------------

    def _receipt(self, state: DeliveryState, **facts: Any) -> Receipt:
        progress = self.entry.progress
        return assembled(
            Receipt,
            state=state,
            channel=self.entry.channel.address,
            key=self.entry.key,
            parts=progress.sent,
            degradations=(*self.degradations, *progress.degradations),
            attempts=progress.attempts,
            perhaps_twice=progress.perhaps_twice,
            **facts,
        )

    def _failed(self, error: ImbridgeError) -> Receipt:
        receipt = self._failure(error)
        log.warning("%s: not delivered (%s): %s", receipt.channel, receipt.state.value, error)
        return receipt

    def _failure(self, error: ImbridgeError) -> Receipt:
        progress = self.entry.progress
        unclear = progress.unclear_since is not None
        state = DeliveryState.PARTIAL if progress.sent else DeliveryState.UNKNOWN if unclear else DeliveryState.FAILED
        return self._receipt(
            state,
            refused=error.degradations if isinstance(error, DegradedError) else (),
            error=str(error),
            code=error.code if isinstance(error, DeliveryError | AuthError) else None,
        )

    def _over(self, why: str) -> Receipt:
        log.warning("%s: %s", self.entry.channel.address, why)
        state = DeliveryState.PARTIAL if self.entry.progress.sent else DeliveryState.UNKNOWN
        return self._receipt(state, error=why)


def _with(progress: Progress, sent: Sent, **changes: object) -> Progress:
    """How far it is with what the platform has taken now, and with these changes."""
    return progress.but(
        sent=(*progress.sent, sent.part, *sent.more),
        degradations=(*progress.degradations, *sent.degradations),
        attempts=progress.attempts + sent.attempts,
        **changes,
    )
