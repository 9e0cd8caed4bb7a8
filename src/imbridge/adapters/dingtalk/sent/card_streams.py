"""The growing cards of an account: which there may be, which are open, and what becomes of them at the end."""

import logging
import time
from collections import Counter, OrderedDict

from imbridge.adapters.dingtalk.sent.ai_card import AiCard
from imbridge.adapters.dingtalk.sent.card_api import CardApi
from imbridge.adapters.dingtalk.sent.open_cards import OpenCards
from imbridge.adapters.dingtalk.sent.recipients import no_card_for
from imbridge.adapters.notes import Notes
from imbridge.adapters.tasks import Tasks
from imbridge.protocol import AuthError, Capabilities, Channel, DeliveryError

log = logging.getLogger(__name__)

_MOST_WAITING = 1000
_END_WITHIN = 0.7
"""Seconds for open cards to be finished at the stop; the others are finished by the next process."""
_WITHOUT_AFTER_REFUSAL, _WITHOUT_AFTER_FAILURES = 1800.0, 300.0
_FAILURES = 2
_RIGHTS = (
    "developer console: the app > Permissions: Card.Instance.Write and Card.Streaming.Write; or set stream_by: message"
)


class CardStreams:
    """Cards that text grows in.

    Attributes:
        api: The platform's calls.
        capabilities: Those that answers are cut by.
        open: Cards that are not finished, by outTrackId.
        counts: What happened, for metrics.
    """

    def __init__(self, api: CardApi, notes: Notes, capabilities: Capabilities) -> None:
        """None yet."""
        self.api = api
        self.capabilities = capabilities
        self.counts: Counter[str] = Counter()
        self._left = OpenCards(api, notes)
        self._waiting: OrderedDict[str, AiCard] = OrderedDict()
        self.open: dict[str, AiCard] = {}
        self._tasks = Tasks()
        self._without_until = 0.0
        self._failures = 0

    async def start(self) -> None:
        """Finish what an earlier process left open, in the background."""
        await self._left.load()
        self._left.start()

    async def close(self) -> None:
        """Finish what is open, as far as there is time."""
        for card in tuple(self.open.values()):
            self.end_soon(card)
        await self._tasks.end(_END_WITHIN)
        if self.open:
            account, count = self.api.api.config.key, len(self.open)
            log.warning("%s: %d cards could not be finished in time; the next process does it", account, count)
        await self._left.close()

    # -- whether -------------------------------------------------------------------------------------------------------

    def grow(self, channel: Channel | None, *, markdown: bool) -> AiCard | None:
        """A card for an answer in a conversation; None where it is better said when it is done."""
        quota = self.api.api.quota
        if self.api.api.config.stream_by != "card" or quota.scarce or time.monotonic() < self._without_until:
            return None
        if channel is not None and no_card_for(channel):
            return None
        return AiCard(self, markdown=markdown)

    def refused(self, error: Exception) -> None:
        """The app may not make cards, or not change them."""
        self._pause(_WITHOUT_AFTER_REFUSAL, str(error))

    def worked(self, streamed: bool) -> None:
        """A card was streamed to, or could be finished in another way only."""
        self._failures = 0 if streamed else self._failures + 1
        if self._failures >= _FAILURES:
            self._failures = 0
            self._pause(_WITHOUT_AFTER_FAILURES, "the streaming of cards fails")

    def _pause(self, seconds: float, why: str) -> None:
        now = time.monotonic()
        if self._without_until < now:
            account = self.api.api.config.key
            text = "%s: answers are shown when they are done, not growing, for %d minutes: %s; %s"
            log.warning(text, account, seconds // 60, why, _RIGHTS)
        self._without_until = max(self._without_until, now + seconds)

    # -- cards ---------------------------------------------------------------------------------------------------------

    def waits(self, card: AiCard) -> None:
        """It is about to be sent."""
        self._waiting[card.id] = card
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)

    def take(self, card_id: str, text: str, *, markdown: bool) -> AiCard:
        """The card that is to be sent; of one that another process began, another that shows its first text."""
        found = self._waiting.pop(card_id, None)
        if found is None:
            found = AiCard(self, markdown=markdown)
            found.adopt(text)
        return found

    async def claim(self, track: str) -> None:
        """A card that an earlier process left open is written to again."""
        await self._left.claim(track)

    def is_open(self, card: AiCard, text: str) -> None:
        """It shows this, and more may follow."""
        if card.track not in self.open:
            self.counts["cards_opened"] += 1
        self.open[card.track] = card
        self._left.note(card.track, text)

    def is_over(self, card: AiCard) -> None:
        """Nothing follows."""
        if self.open.get(card.track) is card:
            del self.open[card.track]
            self._left.forget(card.track)

    def end_soon(self, card: AiCard, *, interrupted: bool = True) -> None:
        """Finish a card as it is, in a task of its own."""
        self._tasks.begin(self._end(card, interrupted=interrupted), f"link:{self.api.api.config.key}:card")

    async def _end(self, card: AiCard, *, interrupted: bool) -> None:
        try:
            await card.end(interrupted=interrupted)
        except (DeliveryError, AuthError) as error:
            log.warning("%s: a card could not be finished: %s", self.api.api.config.key, error)
        else:
            self.counts["cards_broken_off" if interrupted else "cards_left"] += 1
