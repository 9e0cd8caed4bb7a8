"""Tenant access tokens: issued, both of two valid near the end, expired.

Rule: https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal
(a token lives two hours; with 30 minutes or more left the same one is returned, with less a new one, and both are
valid).
"""

import time
from dataclasses import dataclass

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.settings import EmulatorSettings

KEPT_PER_APP = 16


@dataclass(slots=True)
class Token:
    """One issued token. `expires` is what the platform promised, `dies` what really happens (time.monotonic)."""

    value: str
    app: App
    expires: float
    dies: float


class Tokens:
    """All tokens of the emulated platform."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._tokens: dict[str, Token] = {}
        self.early_death: float | None = None
        """When set, tokens die this many seconds after they were issued, whatever their expiry said."""
        self.issued = 0

    def request(self, app: App) -> tuple[str, int]:
        """A valid token of the app and the seconds it still has."""
        now = time.monotonic()
        own = [token for token in self._tokens.values() if token.app is app]
        for token in reversed(own):
            if min(token.dies, token.expires) > now and token.expires - now >= self._settings.token_renewal:
                return token.value, int(token.expires - now)
        for old in own[: -KEPT_PER_APP + 1]:
            del self._tokens[old.value]
        lifetime = self._settings.token_lifetime
        dies = lifetime if self.early_death is None else self.early_death
        token = Token(f"t-{self._ids.hex('token', 40)}", app, now + lifetime, now + dies)
        self._tokens[token.value] = token
        self.issued += 1
        return token.value, int(lifetime)

    def owner(self, value: str) -> App | None:
        """The app whose valid token this is."""
        token = self._tokens.get(value)
        if token is None or min(token.dies, token.expires) <= time.monotonic():
            return None
        return token.app

    def expire_all(self) -> int:
        """Ends every token now; returns how many there were."""
        count = len(self._tokens)
        self._tokens.clear()
        return count
