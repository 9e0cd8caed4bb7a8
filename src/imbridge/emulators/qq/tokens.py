"""Access tokens: one per bot, a new one within the last minute of the old, which stays valid.

Rule: bot-docs, `dev-prepare/interface-framework/api-use.md`.
"""

import time
from dataclasses import dataclass, field

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.ids import Ids
from imbridge.emulators.qq.settings import EmulatorSettings

KEPT = 10_000


@dataclass(slots=True, eq=False)
class Token:
    """An access token.

    Attributes:
        value: Itself.
        bot: Whose it is.
        expires: When it ends, as it was said.
        dies: When it really ends.
    """

    value: str = field(repr=False)
    bot: Bot
    expires: float
    dies: float

    @property
    def alive(self) -> bool:
        """Whether it is still good."""
        return time.monotonic() < self.dies


class Tokens:
    """All tokens of one emulator."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._all: Newest[str, Token] = Newest(KEPT)
        self._current: dict[str, Token] = {}
        self.early_death: float | None = None
        """When set, tokens die this many seconds after they were issued, whatever their expiry said."""
        self.issued = 0

    def request(self, bot: Bot) -> tuple[str, int]:
        """The bot's token and the seconds it is said to have left."""
        now, settings = time.monotonic(), self._settings
        token = self._current.get(bot.app_id)
        if token is None or not token.alive or token.expires - now <= settings.token_overlap:
            dies = settings.token_lifetime if self.early_death is None else self.early_death
            value = self._ids.text("access_token", 48)
            token = Token(value, bot, now + settings.token_lifetime, now + dies)
            self._current[bot.app_id] = token
            self._all[value] = token
            self.issued += 1
        return token.value, int(token.expires - now)

    def find(self, value: str) -> Token | None:
        """A token that was issued, dead or alive."""
        return self._all.get(value)

    def expire_all(self) -> int:
        """Ends every token; returns how many lived."""
        living = [token for token in self._all.values() if token.alive]
        for token in living:
            token.dies = 0.0
        return len(living)
