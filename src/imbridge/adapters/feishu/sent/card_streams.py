"""The cards of an account that text grows in: whether there may be any, which are open, what becomes of them."""

import logging
from collections import Counter
from typing import Any

from imbridge.adapters.card_seals import NOT_SEALED, Seal
from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.sent.streaming import StreamingCard
from imbridge.adapters.notes import Notes
from imbridge.adapters.tasks import Tasks
from imbridge.protocol import ImbridgeError, NotPermittedError

log = logging.getLogger(__name__)

_KIND = "streaming_card"
_END_WITHIN = 0.7
"""Seconds for open cards to be finished at the stop; the others are finished by the next process."""


class CardStreams:
    """Cards that text grows in.

    Attributes:
        caller: The account's calls.
        counts: What happened, for metrics.
    """

    def __init__(self, caller: Caller, notes: Notes, *, allowed: bool, button: bool) -> None:
        """None yet.

        Args:
            caller: The account's calls.
            notes: Where open cards are noted.
            allowed: Whether answers are to grow in cards at all.
            button: Whether they get a button that stops them.
        """
        self.caller = caller
        self.counts: Counter[str] = Counter()
        self._notes = notes
        self._allowed = allowed
        self._button = button
        self._open: dict[str, StreamingCard] = {}
        self._tasks = Tasks()

    async def start(self) -> None:
        """Finish what an earlier process left open, in the background."""
        left = await self._notes.read(_KIND, self._read, left=True)
        if left:
            text = "%s: %d cards were left open by an earlier process; they are finished now"
            log.info(text, self.caller.config.key, len(left))
        for card_id, card in left.items():
            self._open[card_id] = card
            self.end_soon(card)

    async def close(self) -> None:
        """Finish what is open, as far as there is time."""
        for card in tuple(self._open.values()):
            self.end_soon(card)
        await self._tasks.end(_END_WITHIN)
        await self._notes.flush()

    def grow(self, *, markdown: bool, seal: Seal) -> StreamingCard | None:
        """A card for an answer; None where messages are to be edited."""
        if not self._allowed:
            return None
        return StreamingCard(self, markdown=markdown, seal=seal, button=self._button)

    def refused(self, error: NotPermittedError) -> None:
        """The app may not make cards."""
        if self._allowed:
            log.warning("%s: answers that grow are edited messages from now on: %s", self.caller.config.key, error)
            self._allowed = False

    def is_open(self, card: StreamingCard) -> None:
        """It is made, and more may follow."""
        self.counts["cards_opened"] += 1
        self._open[card.card_id] = card
        self.noted(card)

    def noted(self, card: StreamingCard) -> None:
        """It may show something new."""
        if card.card_id in self._open:
            self._notes.put(_KIND, card.card_id, card.note())

    def is_over(self, card: StreamingCard) -> None:
        """Nothing follows."""
        if self._open.pop(card.card_id, None) is not None:
            self._notes.drop(_KIND, card.card_id)

    def end_soon(self, card: StreamingCard, *, interrupted: bool = True) -> None:
        """Finish a card as it is, in a task of its own."""
        self._tasks.begin(self._end(card, interrupted=interrupted), f"link:{self.caller.config.key}:card")

    async def _end(self, card: StreamingCard, *, interrupted: bool) -> None:
        try:
            await card.end(interrupted=interrupted)
        except ImbridgeError as error:
            log.warning("%s: a card could not be finished: %s", self.caller.config.key, error)
        else:
            self.counts["cards_broken_off" if interrupted else "cards_left"] += 1

    def _read(self, note: Any) -> StreamingCard:
        button = bool(note["button"])
        card = StreamingCard(self, markdown=bool(note["markdown"]), seal=NOT_SEALED, button=button)
        card.recall(note)
        return card
