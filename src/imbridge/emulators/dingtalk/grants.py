"""Codes of the login page and of the in-app login, and the tokens of the people behind them.

Sources: open.dingtalk.com, "获取用户token" (obtain-user-token: 7200 s, the refresh token 30 days) and
"通过免登码获取用户信息" (the code: once, five minutes).
"""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.settings import EmulatorSettings
    from imbridge.emulators.dingtalk.user import User

KEPT = 10_000


@dataclass(slots=True, eq=False)
class Grant:
    """Somebody who logged in to an app.

    Attributes:
        user: Who.
        app: Where.
        scopes: What was agreed to: `openid`, `corpid`.
        expires: When the code or the token ends, monotonic.
        used: Of a code: whether it was exchanged.
    """

    user: "User"
    app: "App"
    scopes: frozenset[str]
    expires: float
    used: bool = False


@dataclass(frozen=True, slots=True)
class UserToken:
    """What a code is exchanged for."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    lifetime: int
    grant: Grant


class Grants:
    """All codes and user tokens that were issued."""

    def __init__(self, settings: "EmulatorSettings", ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._codes: Newest[str, Grant] = Newest(KEPT)
        self._app_codes: Newest[str, Grant] = Newest(KEPT)
        self._tokens: Newest[str, Grant] = Newest(KEPT)
        self._refreshes: Newest[str, Grant] = Newest(KEPT)

    def new_code(self, user: "User", app: "App", scopes: frozenset[str]) -> str:
        """An `authCode` of the login page."""
        return self._code(self._codes, "auth_code", user, app, scopes)

    def new_app_code(self, user: "User", app: "App") -> str:
        """A code of the in-app login (免登授权码), as the client's JavaScript gets it."""
        return self._code(self._app_codes, "app_code", user, app, frozenset({"openid", "corpid"}))

    def use_code(self, code: object, app: "App") -> Grant | None:
        """Who came with an `authCode`, once; None: it is unknown, used, too old or another app's."""
        return self._use(self._codes, code, app)

    def use_app_code(self, code: object, app: "App") -> Grant | None:
        """Who came with a code of the in-app login, once; None as in `use_code`."""
        return self._use(self._app_codes, code, app)

    def issue(self, grant: Grant) -> UserToken:
        """A token for somebody who logged in."""
        now, lifetime = time.monotonic(), self._settings.token_lifetime
        access, refresh = self._ids.hex("user_token", 32), self._ids.hex("refresh_token", 32)
        self._tokens[access] = Grant(grant.user, grant.app, grant.scopes, now + lifetime)
        self._refreshes[refresh] = Grant(grant.user, grant.app, grant.scopes, now + self._settings.refresh_lifetime)
        return UserToken(access, refresh, int(lifetime), grant)

    def refresh(self, token: object, app: "App") -> Grant | None:
        """Whose refresh token it is, once; None: it is unknown, used, too old or another app's."""
        return self._use(self._refreshes, token, app)

    def of_token(self, token: str) -> Grant | None:
        """Whose token it is; None: it is unknown or too old."""
        grant = self._tokens.get(token)
        return grant if grant is not None and time.monotonic() < grant.expires else None

    def _code(self, codes: Newest[str, Grant], kind: str, user: "User", app: "App", scopes: frozenset[str]) -> str:
        code = self._ids.hex(kind, 32)
        codes[code] = Grant(user, app, scopes, time.monotonic() + self._settings.code_lifetime)
        return code

    @staticmethod
    def _use(kept: Newest[str, Grant], value: object, app: "App") -> Grant | None:
        grant = kept.get(value) if isinstance(value, str) else None
        if grant is None or grant.used or grant.app is not app or time.monotonic() > grant.expires:
            return None
        grant.used = True
        return grant
