"""One question to the platform's token address: a code or a refresh token for tokens.

Source: open.feishu.cn, authentication-management/access-token (get-user-access-token, refresh-user-access-token).
"""

import asyncio
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from imbridge.adapters.feishu.authorisation.user_token import UserToken
from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.errors import NO_JSON, OAUTH_ERRORS
from imbridge.adapters.feishu.refusals import json_object
from imbridge.protocol import AuthError, DeliveryError, ImbridgeError, NotPermittedError, RateLimitedError
from imbridge.transport import Backoff, HttpError, Reaction

_TOKEN = "/open-apis/authen/v2/oauth/token"  # noqa: S105 - a path
_AHEAD = 300.0


class EndedError(ImbridgeError):
    """A refresh token is worth nothing any more."""

    def __init__(self, message: str, code: int | str | None) -> None:
        self.code = code
        super().__init__(message)


class Grants:
    """The token address, for one account."""

    def __init__(self, caller: Caller) -> None:
        """Over one account's caller, whose settings and connections are used."""
        self._caller = caller
        self._config = caller.config
        self._backoff = Backoff(0.5, 2.0)

    async def ask(self, grant: Mapping[str, str]) -> dict[str, Any]:
        """Ask, and once more when there is passing trouble.

        Raises:
            EndedError: The refresh token is worth nothing any more.
            NotPermittedError: It is refused otherwise.
            AuthError: The app's credentials are refused.
            DeliveryError: The platform could not be asked.
        """
        secret = self._config.app_secret.get_secret_value()
        body = {"client_id": self._config.app_id, "client_secret": secret, **grant}
        for attempt in range(2):
            if attempt:
                await asyncio.sleep(self._backoff.delay(attempt))
            try:
                response = await self._caller.pool.request(
                    "POST", self._config.api_url + _TOKEN, headers={"User-Agent": self._caller.user_agent}, json=body
                )
            except HttpError as error:
                failure = DeliveryError(f"feishu oauth: {error}", platform="feishu", ambiguous=error.ambiguous)
                continue
            answer = json_object(response)
            code = answer.get("code")
            if code == 0 and isinstance(answer.get("access_token"), str):
                return answer
            known = code if isinstance(code, int | str) else None
            rule = OAUTH_ERRORS.lookup(known, status=response.status)
            if known is None and response.status < 400:
                rule = NO_JSON
            said = str(answer.get("error_description") or answer.get("msg") or "")[:300]
            facts = "; ".join(fact for fact in (f"{rule.meaning} (code {code}): {said}", rule.hint) if fact)
            if rule.reaction is Reaction.STOP:
                raise AuthError(f"feishu oauth: {facts}", code=known)
            if rule.reaction is Reaction.DEAD and grant["grant_type"] == "refresh_token":
                raise EndedError(facts, known)
            if rule.reaction is not Reaction.RETRY:
                refused = DeliveryError if known is None else NotPermittedError
                raise refused(f"feishu oauth: {facts}", code=known, platform="feishu")
            kind = DeliveryError if known is None else RateLimitedError
            failure = kind(f"feishu oauth: {facts}", code=known, platform="feishu")
        raise failure


def read_token(answer: Mapping[str, Any], open_id: str, name: str) -> UserToken:
    """The token in an answer."""
    now = datetime.now(UTC)
    lifetime = _seconds(answer.get("expires_in"), 7200.0)
    refresh = answer.get("refresh_token")
    return UserToken(
        open_id=open_id,
        name=name,
        scopes=tuple(str(answer.get("scope") or "").split()),
        access_token=SecretStr(str(answer["access_token"])),
        expires_at=now + timedelta(seconds=lifetime),
        renew_at=now + timedelta(seconds=lifetime - min(_AHEAD, lifetime / 3)),
        refresh_token=SecretStr(refresh) if isinstance(refresh, str) and refresh else None,
        refresh_expires_at=(
            now + timedelta(seconds=_seconds(answer["refresh_token_expires_in"], 0.0))
            if answer.get("refresh_token_expires_in")
            else None
        ),
    )


def _seconds(value: Any, default: float) -> float:
    """A lifetime as the platform gives it; junk is the default, and no year is longer than ours."""
    good = isinstance(value, int | float) and math.isfinite(value) and value > 0
    return min(float(value), 366 * 86400.0) if good else default
