"""Web authorisation: codes that count once, users' access tokens, refresh tokens.

Rule: https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken.html
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.ids import Ids
from imbridge.emulators.wechat.settings import EmulatorSettings

if TYPE_CHECKING:
    from imbridge.emulators.wechat.follower import Follower


@dataclass(slots=True)
class Code:
    """A code that a person's browser brought back."""

    account: Account
    follower: "Follower"
    scope: str
    dies: float
    used: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allowed an account on a web page."""

    account: Account
    follower: "Follower"
    scope: str
    access_token: str
    refresh_token: str
    dies: float
    refresh_dies: float


class WebGrants:
    """All codes and tokens of people."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._codes: dict[str, Code] = {}
        self._by_token: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}

    def code(self, account: Account, follower: "Follower", scope: str) -> str:
        """The person consents; the code for their browser."""
        code = self._ids.text("code", 32)
        self._codes[code] = Code(account, follower, scope, time.monotonic() + self._settings.code_lifetime)
        return code

    def redeem(self, account: Account, value: str) -> Grant:
        """Tokens for a code.

        Raises:
            ApiError: 40029 unknown or another account's, 40163 used, 42003 too old.
        """
        code = self._codes.get(value)
        if code is None or code.account is not account:
            raise ApiError(40029)
        if code.used:
            raise ApiError(40163)
        if code.dies <= time.monotonic():
            raise ApiError(42003)
        code.used = True
        now = time.monotonic()
        return self._keep(
            Grant(
                account,
                code.follower,
                code.scope,
                self._ids.text("user token", 107),
                self._ids.text("refresh token", 107),
                now + self._settings.user_token_lifetime,
                now + self._settings.refresh_token_lifetime,
            )
        )

    def refresh(self, account: Account, refresh_token: str) -> Grant:
        """A new access token; the refresh token stays.

        Raises:
            ApiError: 40030 unknown or another account's, 42002 too old.
        """
        grant = self._by_refresh.get(refresh_token)
        if grant is None or grant.account is not account:
            raise ApiError(40030)
        now = time.monotonic()
        if grant.refresh_dies <= now:
            raise ApiError(42002)
        return self._keep(
            Grant(
                account,
                grant.follower,
                grant.scope,
                self._ids.text("user token", 107),
                refresh_token,
                now + self._settings.user_token_lifetime,
                grant.refresh_dies,
            )
        )

    def of(self, access_token: str, openid: str) -> Grant:
        """What a user's access token stands for.

        Raises:
            ApiError: 40001 unknown, 42001 too old, 40003 another person's.
        """
        grant = self._by_token.get(access_token)
        if grant is None:
            raise ApiError(40001)
        if grant.dies <= time.monotonic():
            raise ApiError(42001)
        if grant.follower.openid != openid:
            raise ApiError(40003)
        return grant

    def _keep(self, grant: Grant) -> Grant:
        self._by_token[grant.access_token] = grant
        self._by_refresh[grant.refresh_token] = grant
        return grant
