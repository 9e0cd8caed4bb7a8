"""Access tokens: two kinds, isolated from each other; a new one supersedes the last.

Rules: https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken.html (every call issues a new token,
both are valid for five minutes) and .../api_getstableaccesstoken.html (the same token until five minutes before its
end; forced renewal 20 times a day and not within 30 seconds of the last; two of them end a leaked token at once).
"""

import time
from collections import deque
from dataclasses import dataclass
from typing import Literal

from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.ids import Ids
from imbridge.emulators.wechat.settings import DAY, EmulatorSettings

Kind = Literal["plain", "stable"]
INVALID, EXPIRED = 40001, 42001


@dataclass(slots=True)
class Token:
    """One issued token. `expires` is what the platform promised, `dies` what really happens (time.monotonic).

    `refusal` is the code it is refused with when it is dead.
    """

    value: str
    account: Account
    expires: float
    dies: float
    refusal: int = EXPIRED


class Tokens:
    """All tokens of the emulated platform."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._chains: dict[tuple[str, Kind], deque[Token]] = {}
        self._known: dict[str, Token] = {}
        self._forced: dict[str, deque[float]] = {}
        self.early_death: float | None = None
        """When set, tokens die this many seconds after they were issued, whatever their expiry said."""
        self.issued = 0

    def issue(self, account: Account, kind: Kind = "plain") -> tuple[str, int]:
        """A new token and its seconds; the last one lives on for the grace, the one before it is dead."""
        now = time.monotonic()
        lifetime = self._settings.token_lifetime
        dies = now + (lifetime if self.early_death is None else self.early_death)
        token = Token(f"{self._ids.number('token', 2)}_{self._ids.text('token', 133)}", account, now + lifetime, dies)
        chain = self._chains.setdefault((account.app_id, kind), deque(maxlen=3))
        for age, old in enumerate(reversed(chain)):
            grace = now + self._settings.token_grace if age == 0 else now
            if grace < old.dies:
                old.dies, old.refusal = grace, INVALID
        if len(chain) == chain.maxlen:
            self._known.pop(chain[0].value, None)
        chain.append(token)
        self._known[token.value] = token
        self.issued += 1
        return token.value, int(lifetime)

    def stable(self, account: Account, *, force: bool) -> tuple[str, int]:
        """The account's stable token and the seconds it still has."""
        now = time.monotonic()
        chain = self._chains.get((account.app_id, "stable"))
        current = chain[-1] if chain else None
        if current is None or min(current.dies, current.expires) - now < self._settings.stable_renewal:
            return self.issue(account, "stable")
        if force and self._may_force(account, now):
            return self.issue(account, "stable")
        return current.value, int(current.expires - now)

    def owner(self, value: str) -> tuple[Account | None, int]:
        """The account whose valid token this is; or None and the code it is refused with."""
        token = self._known.get(value)
        if token is None:
            return None, INVALID
        if min(token.dies, token.expires) <= time.monotonic():
            return None, token.refusal
        return token.account, 0

    def expire_all(self, refusal: int = EXPIRED) -> int:
        """Ends every token now; returns how many lived."""
        now = time.monotonic()
        living = [token for token in self._known.values() if min(token.dies, token.expires) > now]
        for token in living:
            token.dies, token.refusal = now, refusal
        return len(living)

    def _may_force(self, account: Account, now: float) -> bool:
        times = self._forced.setdefault(account.app_id, deque())
        while times and times[0] <= now - DAY:
            times.popleft()
        if times and now - times[-1] < self._settings.forced_pause:
            return False
        if len(times) >= self._settings.forced_limit:
            return False
        times.append(now)
        return True
