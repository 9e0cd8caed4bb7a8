"""Calls to QQ's API: the token in a header, refusals as `{code, message}` with any HTTP status, 201 and 202 included.

Source: bot.q.qq.com, "calling the API" and "OpenAPI error codes".
"""

from collections.abc import Mapping
from typing import Any

from yarl import URL

from imbridge.adapters.errcode_calls import ErrcodeCaller, Limits
from imbridge.adapters.errcode_refusals import json_object
from imbridge.adapters.qq.errors import PENDING
from imbridge.transport import ErrorRule, HttpError, HttpResponse

CHAT = "chat:"
"""How the key of a conversation's limit begins."""
_UNAUTHORISED, _TOO_MANY = 401, 429


class QQCaller(ErrcodeCaller):
    """Calls the API for one bot."""

    app_id = ""
    _last = ""

    def forget_token(self) -> None:
        """The gateway refuses the token that was given out last."""
        if self.tokens is not None:
            self.tokens.invalidate(self._last)

    async def token(self, *, patience: float) -> str:
        """An access token, for the gateway."""
        self._last = await super().token(patience=patience)
        return self._last

    def headers(self, token: str) -> dict[str, str] | None:
        """The token, and whose it is."""
        return {"Authorization": f"QQBot {token}", "X-Union-Appid": self.app_id}

    def address(self, path: str, params: Mapping[str, str] | None, token: str) -> URL:
        """Without the token."""
        return super().address(path, params, "")

    def hold(self, limits: Limits, seconds: float, rule: ErrorRule) -> None:
        """A conversation's rate holds up that conversation; only what the platform says by HTTP 429 concerns all."""
        concerned = limits if rule.code == _TOO_MANY else [one for one in limits if one[0].startswith(CHAT)]
        super().hold(concerned, seconds, rule)

    def read(self, response: HttpResponse) -> tuple[Any, dict[str, Any]]:
        """0 for success; a refusal's `code`, also within 2xx; None for what is not the platform's own."""
        body = json_object(response)
        said = {**body, "errmsg": body.get("message", "")}
        code = body.get("err_code") or body.get("code")
        if response.status < 400 and str(code) in _PENDING:
            return 0, body
        if response.status < 400 and not code:
            return (0 if body or not response.body.strip() or _is_json(response) else None), body
        if not code and response.status == _UNAUTHORISED:
            return _UNAUTHORISED, said
        return code or None, said


_PENDING = frozenset(map(str, PENDING))


def _is_json(response: HttpResponse) -> bool:
    try:
        response.json()
    except HttpError:
        return False
    return True
