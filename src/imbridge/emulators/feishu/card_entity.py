"""Card entities of CardKit: cards that exist by themselves, are sent once and changed often.

Rules: https://open.feishu.cn/document/cardkit-v1/card/create and
https://open.feishu.cn/document/cardkit-v1/streaming-updates-openapi-overview.
"""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.card_tree import Card

if TYPE_CHECKING:
    from imbridge.emulators.feishu.message import BotMessage

UUIDS_KEPT = 1_000


@dataclass(slots=True, eq=False)
class CardEntity:
    """A card entity.

    Attributes:
        card_id: Its id, 19 digits.
        app: The app that made it; only it may use it.
        card: Its JSON now, or `{"type": "template", "data": ...}`.
        dies: When it ends, on the clock of `time.monotonic`.
        sequence: The highest `sequence` that changed it.
        streaming_until: When streaming mode ends by itself; None: it is off.
        message: The message it was sent in; a card entity is sent once.
        interactions: Clicks that are being answered just now.
        busy_until: Until when it counts as being interacted with, whatever people do (a fault sets this).
        uuids: What was asked with each `uuid`.
    """

    card_id: str
    app: App
    card: Card
    dies: float
    sequence: int = 0
    streaming_until: float | None = None
    message: "BotMessage | None" = None
    interactions: int = 0
    busy_until: float = 0.0
    uuids: Newest[str, str] = field(default_factory=lambda: Newest(UUIDS_KEPT))
    timed_out: bool = False

    @property
    def expired(self) -> bool:
        """Whether it is too old to be used."""
        return time.monotonic() >= self.dies

    @property
    def busy(self) -> bool:
        """Whether somebody is interacting with it."""
        return self.interactions > 0 or time.monotonic() < self.busy_until

    @property
    def streaming(self) -> bool:
        """Whether streaming mode is on."""
        self._look_at_clock()
        return self.streaming_until is not None

    def stream(self, seconds: float) -> None:
        """Switches streaming mode on, or on again, for so long."""
        self.streaming_until = time.monotonic() + seconds
        self.timed_out = False

    def stop_streaming(self) -> None:
        """Switches streaming mode off."""
        self.streaming_until = None
        self.timed_out = False

    def replace(self, card: Card, streaming_seconds: float) -> None:
        """Puts another card in its place; that ends streaming, unless the new card declares it."""
        self.card = card
        config = card.get("config")
        if isinstance(config, dict) and config.get("streaming_mode") is True:
            self.stream(streaming_seconds)
        else:
            self.stop_streaming()

    def take_timeout(self) -> bool:
        """Whether streaming mode ended by itself and this was not told yet; it counts as told then."""
        self._look_at_clock()
        told, self.timed_out = self.timed_out, False
        return told

    def remember(self, uuid: str, request: str) -> None:
        """Keeps what was asked with a `uuid`; beyond 1,000 the oldest is forgotten."""
        self.uuids[uuid] = request

    def _look_at_clock(self) -> None:
        if self.streaming_until is not None and time.monotonic() >= self.streaming_until:
            self.streaming_until = None
            self.timed_out = True
            config = self.card.get("config")
            if isinstance(config, dict):
                config["streaming_mode"] = False


class CardEntities:
    """All card entities by id; beyond `limit` the oldest are forgotten."""

    def __init__(self, ids: Ids, *, limit: int) -> None:
        self._ids = ids
        self._kept: Newest[str, CardEntity] = Newest(limit)

    def add(self, app: App, card: Card, lifetime: float) -> CardEntity:
        """Makes an entity of a card, which lives for so many seconds."""
        card_id = f"7{int(self._ids.hex('card', 16), 16) % 10**18:018d}"
        entity = CardEntity(card_id, app, card, time.monotonic() + lifetime)
        self._kept[card_id] = entity
        return entity

    def get(self, card_id: str) -> CardEntity | None:
        """The entity with this id."""
        return self._kept.get(card_id)

    def forget(self, card_id: str) -> None:
        """Takes an entity away, as if it had never been."""
        self._kept.pop(card_id, None)
