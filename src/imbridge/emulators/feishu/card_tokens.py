"""The tokens of clicks: with one, an app may change the card up to twice in 30 minutes.

Rules: https://open.feishu.cn/document/server-docs/im-v1/message-card/delay-update-message-card.
"""

import time
from dataclasses import dataclass

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.feishu.message import BotMessage


@dataclass(slots=True, eq=False)
class CardToken:
    """One click's token. `answered`: whether the click was answered, which must come first."""

    value: str
    message: BotMessage
    dies: float
    uses: int = 0
    answered: bool = False

    @property
    def expired(self) -> bool:
        """Whether it is too old."""
        return time.monotonic() >= self.dies


class CardTokens:
    """All tokens; beyond `limit` the oldest are forgotten."""

    def __init__(self, ids: Ids, *, limit: int) -> None:
        self._ids = ids
        self._kept: Newest[str, CardToken] = Newest(limit)

    def issue(self, message: BotMessage, lifetime: float) -> CardToken:
        """A new token for a card, which lives for so many seconds."""
        token = CardToken(f"c-{self._ids.hex('card_token', 40)}", message, time.monotonic() + lifetime)
        self._kept[token.value] = token
        return token

    def get(self, value: str) -> CardToken | None:
        """The token of this value."""
        return self._kept.get(value)
