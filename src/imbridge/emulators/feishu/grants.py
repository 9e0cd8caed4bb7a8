"""What people have allowed apps to do: authorisation codes, user access tokens, refresh tokens.

Rules: https://open.feishu.cn/document/authentication-management/access-token/get-user-access-token and
.../refresh-user-access-token: a code lives five minutes and counts once; what a person has granted an app adds up; a
refresh token counts once and is replaced, the user token it renews lives one minute more; 365 days after the person
agreed, they must agree again.
"""

import base64
import hashlib
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.oauth_errors import OAuthError
from imbridge.emulators.feishu.settings import EmulatorSettings

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User

OFFLINE = "offline_access"
"""With this scope there is a refresh token."""
BASIC = "auth:user.id:read"
"""Always granted: the documents' examples show it in every token (unverified as a rule)."""
JWT_HEAD = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9"
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


@dataclass(slots=True, eq=False)
class Code:
    """An authorisation code. Times are of time.monotonic."""

    value: str
    app: App
    user: "User"
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str
    challenge_method: str
    expires: float
    used: bool = False


@dataclass(slots=True, eq=False)
class UserToken:
    """A user access token."""

    value: str
    app: App
    user: "User"
    scopes: frozenset[str]
    expires: float


@dataclass(slots=True, eq=False)
class RefreshToken:
    """A refresh token, with the user token that came with it."""

    value: str
    token: UserToken
    granted: tuple[str, ...]
    agreed: float
    expires: float
    used: bool = False
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """A user token, and the refresh token that came with it, if one did."""

    token: UserToken
    refresh: RefreshToken | None


class Grants:
    """All codes and user tokens of the emulated platform; the newest `settings.history` of each are kept."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._granted: dict[tuple[User, App], dict[str, None]] = {}
        self._codes: Newest[str, Code] = Newest(settings.history)
        self._tokens: Newest[str, UserToken] = Newest(settings.history)
        self._refresh: Newest[str, RefreshToken] = Newest(settings.history)

    def agree(self, user: "User", app: App, scopes: Iterable[str]) -> tuple[str, ...]:
        """Somebody lets an app do these things too; returns all that they let it do now."""
        granted = self._granted.setdefault((user, app), {BASIC: None})
        granted.update(dict.fromkeys(scopes))
        return tuple(granted)

    def issue_code(
        self,
        user: "User",
        app: App,
        scopes: Iterable[str],
        *,
        redirect_uri: str = "",
        challenge: str = "",
        challenge_method: str = "plain",
    ) -> str:
        """A code for what somebody agreed to."""
        granted = self.agree(user, app, scopes)
        value = self._ids.hex("code", 64)
        expires = time.monotonic() + self._settings.code_lifetime
        self._codes[value] = Code(value, app, user, granted, redirect_uri, challenge, challenge_method, expires)
        return value

    def exchange(
        self,
        app: App,
        value: str,
        *,
        redirect_uri: str | None,
        verifier: str = "",
        scopes: list[str] | None = None,
        legacy: bool = False,
    ) -> Issued:
        """Tokens for a code.

        Args:
            app: Who asks.
            value: The code.
            redirect_uri: Must be the one of the authorisation page; None: the old interface, which is not told it.
            verifier: PKCE's, when the page was given a challenge.
            scopes: What the token is to be narrowed to.
            legacy: Whether the old interface asks.

        Raises:
            OAuthError: 20003, 20004, 20024, 20049, 20065, 20067, 20068, 20071; the code stays usable, but for 20049.
        """
        code = self._codes.get(value)
        if code is None:
            raise OAuthError(20003)
        if code.app is not app:
            raise OAuthError(20024)
        if code.used:
            raise OAuthError(20065)
        if code.expires <= time.monotonic():
            raise OAuthError(20004)
        if redirect_uri is not None and code.redirect_uri != redirect_uri:
            raise OAuthError(20071)
        if code.challenge and not _proves(code, verifier):
            code.used = True  # one guess (unverified)
            raise OAuthError(20049)
        narrowed = _narrowed(code.scopes, scopes)
        code.used = True
        return self.issue(app, code.user, code.scopes, narrowed, legacy=legacy)

    def refresh(self, app: App, value: str, scopes: list[str] | None = None, *, legacy: bool = False) -> Issued:
        """New tokens for a refresh token, which is used up.

        Args:
            app: Who asks.
            value: The refresh token.
            scopes: What the new token is to be narrowed to.
            legacy: Whether the old interface asks: each of the two takes its own refresh tokens only.

        Raises:
            OAuthError: 20024, 20026, 20037, 20064, 20067, 20068, 20073.
        """
        old = self._refresh.get(value)
        if old is None or value.startswith("ur-") is not legacy:
            raise OAuthError(20026)
        if old.token.app is not app:
            raise OAuthError(20024)
        if old.used:
            raise OAuthError(20073)
        if old.revoked:
            raise OAuthError(20064)
        now = time.monotonic()
        if old.expires <= now or old.agreed + self._settings.authorisation_lifetime <= now:
            raise OAuthError(20037)
        narrowed = _narrowed(old.granted, scopes)
        old.used = True
        old.token.expires = min(old.token.expires, now + self._settings.user_token_grace)
        return self.issue(app, old.token.user, old.granted, narrowed, agreed=old.agreed, legacy=legacy)

    def issue(
        self,
        app: App,
        user: "User",
        granted: tuple[str, ...],
        scopes: tuple[str, ...],
        *,
        agreed: float | None = None,
        legacy: bool = False,
    ) -> Issued:
        """A user token; with a refresh token if `offline_access` is in `scopes` (in the old interface: always)."""
        now = time.monotonic()
        name = f"u-{self._ids.hex('user_token', 40)}" if legacy else self._jwt("user_token")
        token = UserToken(name, app, user, frozenset(scopes), now + self._settings.user_token_lifetime)
        self._tokens[name] = token
        if OFFLINE not in scopes and not legacy:
            return Issued(token, None)
        name = f"ur-{self._ids.hex('refresh_token', 40)}" if legacy else self._jwt("refresh_token")
        expires = now + self._settings.refresh_token_lifetime
        refresh = RefreshToken(name, token, granted, now if agreed is None else agreed, expires)
        self._refresh[name] = refresh
        return Issued(token, refresh)

    def find(self, value: str) -> tuple[UserToken | None, bool]:
        """The user token with this value, and whether it has expired."""
        token = self._tokens.get(value)
        return token, token is not None and token.expires <= time.monotonic()

    def revoke(self, user: "User", app: App) -> None:
        """Somebody takes back all they let an app do."""
        self._granted.pop((user, app), None)
        for value, token in list(self._tokens.items()):
            if token.user is user and token.app is app:
                del self._tokens[value]
        for refresh in self._refresh.values():
            if refresh.token.user is user and refresh.token.app is app:
                refresh.revoked = True

    def expire_tokens(self) -> int:
        """All user tokens are expired from now on; returns how many lived."""
        return _expire(self._tokens.values())

    def expire_refresh_tokens(self) -> int:
        """All refresh tokens are expired from now on; returns how many lived."""
        return _expire(self._refresh.values())

    def _jwt(self, kind: str) -> str:
        # As long as the platform's: the documents say 1 to 2 KB, and to leave room for 4 KB.
        return f"{JWT_HEAD}.{self._ids.hex(kind, 1000)}.{self._ids.hex(kind, 86)}"


def _expire(tokens: Iterable[UserToken | RefreshToken]) -> int:
    now = time.monotonic()
    living = [token for token in tokens if token.expires > now]
    for token in living:
        token.expires = now
    return len(living)


def _proves(code: Code, verifier: str) -> bool:
    """RFC 7636, 4.6."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    if code.challenge_method == "plain":
        return verifier == code.challenge
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code.challenge


def _narrowed(granted: tuple[str, ...], wanted: list[str] | None) -> tuple[str, ...]:
    if not wanted:
        return granted
    if len(set(wanted)) != len(wanted):
        raise OAuthError(20067)
    if not set(wanted) <= set(granted):
        raise OAuthError(20068, ", ".join(sorted(set(wanted) - set(granted))))
    return tuple(wanted)
