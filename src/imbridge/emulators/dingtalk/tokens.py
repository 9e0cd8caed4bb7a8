"""Access tokens: one for api.dingtalk.com and oapi.dingtalk.com alike, the same while it lives."""

import math
import time
from dataclasses import dataclass, field

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.settings import EmulatorSettings

KEPT = 10_000


@dataclass(slots=True)
class Token:
    """A token; `dies` may be before `expires`."""

    value: str = field(repr=False)
    app: App
    expires: float
    dies: float

    @property
    def alive(self) -> bool:
        """Whether a call may use it."""
        return time.monotonic() < min(self.expires, self.dies)


class Tokens:
    """All tokens of the emulated platform."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._all: Newest[str, Token] = Newest(KEPT)
        self._current: dict[str, Token] = {}
        self.early_death: float | None = None
        """When set, tokens die this many seconds after they were issued, whatever their expiry said."""
        self.issued = 0

    def request(self, app: App) -> tuple[str, int]:
        """The app's valid token and the seconds it is said to have left."""
        now = time.monotonic()
        token = self._current.get(app.client_id)
        if token is None or not token.alive:
            lifetime = self._settings.token_lifetime
            dies = lifetime if self.early_death is None else self.early_death
            token = Token(self._ids.hex("access_token", 32), app, now + lifetime, now + dies)
            self._current[app.client_id] = token
            self._all[token.value] = token
            self.issued += 1
        return token.value, min(math.ceil(token.expires - now), int(self._settings.token_lifetime))

    def find(self, value: str) -> Token | None:
        """A token that was issued, dead or alive."""
        return self._all.get(value)

    def expire_all(self) -> int:
        """Ends every token; returns how many lived."""
        living = [token for token in self._all.values() if token.alive]
        for token in living:
            token.dies = 0.0
        return len(living)
