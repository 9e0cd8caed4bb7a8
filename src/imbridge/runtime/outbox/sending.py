"""Something that is to be said: whom it calls, what it is made of, and a try to send it."""

from collections.abc import Callable

from imbridge.adapters.base import Adapter
from imbridge.config.options import BridgeOptions, OnUnclear
from imbridge.media.walking import may_have_media
from imbridge.protocol import Degradation, DeliveryState, Receipt, Reply
from imbridge.rendering import Part, Rendered
from imbridge.runtime.bots import Bots
from imbridge.runtime.choices import Choices
from imbridge.runtime.outbox.attempt import Attempt
from imbridge.runtime.outbox.dead_targets import DeadTargets, NotesOf
from imbridge.runtime.outbox.judging import NotYetError
from imbridge.runtime.outbox.quoting import quoted
from imbridge.runtime.outbox.refused_accounts import RefusedAccounts
from imbridge.runtime.rendered import rendered
from imbridge.storage import BaseStorage, OutboxEntry


class Sending:
    """Says things, each as often as it is asked to.

    Attributes:
        targets: Where sending is pointless at the moment.
        refused: Whose credentials are refused.
    """

    def __init__(
        self,
        storage: BaseStorage,
        adapter_of: Callable[[str], Adapter],
        bots: Bots,
        choices: Choices,
        notes_of: NotesOf,
        refused: RefusedAccounts,
        options: BridgeOptions,
    ) -> None:
        """`bots` are told what is said; `choices` are told what can be chosen by a number in it.

        `notes_of` finds the notes of an account key, where it stands which chats are gone.
        """
        self._storage = storage
        self._adapter_of = adapter_of
        self._bots = bots
        self._choices = choices
        self._strict = options.strict
        self._on_unclear = options.on_unclear
        self._on_missed_window = options.on_missed_window
        self.targets = DeadTargets(options.dead_target_for, notes_of)
        self.refused = refused

    def is_strict(self, said: bool | None) -> bool:
        """Whether something is sent as it is meant or not at all; `said` is what its reply says."""
        return self._strict if said is None else said

    def may_be_said_anew(self, entry: OutboxEntry) -> bool:
        """Whether something that could not be said may be said in other words: nobody has seen it, or nobody minds."""
        return entry.progress.unclear_since is None or self._on_unclear is OnUnclear.AT_LEAST_ONCE

    async def send(self, entry: OutboxEntry) -> Receipt:
        """Try to say something.

        Raises:
            NotYetError: it is to be tried again; how far it is stands in the entry.
        """
        arrived: list[tuple[Part, str]] = []
        if not self._bots.concern(entry.channel):  # nearly always: no other bot is there
            return await self._send(entry, entry.reply, entry.degradations, arrived)
        said = entry.reply
        adapter = self._adapter_of(entry.channel.account_key)
        quotes = quoted(adapter, entry.channel, entry.reply_to, quote=said.quote, in_thread=said.in_thread)
        saying = await self._bots.saying(
            entry.channel, said.elements, hops=entry.hops, calls=entry.calls, quotes=quotes
        )
        if saying.elements is not said.elements:
            said = said.model_copy(update={"elements": saying.elements})
        state = DeliveryState.UNKNOWN
        try:
            degradations = (*entry.degradations, *saying.degradations)
            receipt = await self._send(entry, said, degradations, arrived)
            state = receipt.state
        except NotYetError:
            arrived.clear()  # who is called in it hears it when its end is known
            raise
        finally:
            # Before the outbox lets go of it: should the process end in between, it is said again, and heard once.
            self._bots.said(saying, state, arrived, entry.key)
        return receipt

    async def _send(
        self, entry: OutboxEntry, said: Reply, degradations: tuple[Degradation, ...], arrived: list[tuple[Part, str]]
    ) -> Receipt:
        adapter = self._adapter_of(entry.channel.account_key)
        attempt = Attempt(
            adapter,
            entry,
            arrived,
            self._choices,
            self._storage,
            self._on_unclear,
            self.is_strict(said.strict),
            self._on_missed_window,
            self.targets,
            self.refused,
        )
        if not may_have_media(said.elements):
            return await attempt.send(_after(degradations, await rendered(adapter, said)))
        async with adapter.gathered(said) as (reply, lost):
            return await attempt.send(_after((*degradations, *lost), await rendered(adapter, reply)))


def _after(degradations: tuple[Degradation, ...], made: Rendered) -> Rendered:
    """What was rendered, with what was otherwise before."""
    return Rendered(made.parts, (*degradations, *made.degradations)) if degradations else made
