"""Calls to DingTalk's two APIs: the newer one with its token in a header and its codes in words, and the older one.

Both take the same access token. Source: open.dingtalk.com, "get the access token of an internal app", "error codes".
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from yarl import URL

from imbridge.adapters.dingtalk.errors import BANNED
from imbridge.adapters.errcode_calls import ErrcodeCaller, Limits
from imbridge.adapters.errcode_refusals import Api, json_object
from imbridge.transport import ErrorRule, HttpPool, HttpResponse, TokenSource

TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name
HOST = "host"
"""Key of the limit that all calls of one host count against."""

Counting = Callable[[str], None]
"""Told the path of each call that leaves."""


class OapiCaller(ErrcodeCaller):
    """Calls the older API, `oapi.dingtalk.com`."""

    def __init__(
        self,
        api: Api,
        pool: HttpPool,
        token: Callable[[], Awaitable[tuple[str, float]]] | TokenSource | None,
        count: Counting,
    ) -> None:
        """As `ErrcodeCaller`; `count` is told of each call."""
        super().__init__(api, pool, token)
        self._count = count

    def leaving(self, path: str) -> None:
        """Count it against the month."""
        super().leaving(path)
        self._count(path)

    def read(self, response: HttpResponse) -> tuple[Any, dict[str, Any]]:
        """The `errcode`; `BANNED` for the page of a ban."""
        code, body = super().read(response)
        return (BANNED, body) if code is None and is_ban(response) else (code, body)

    def hold(self, limits: Limits, seconds: float, rule: ErrorRule) -> None:
        """A ban is for everything that leaves this address, all else for one API."""
        hold(self, limits, seconds, rule)


class DingTalkCaller(OapiCaller):
    """Calls the newer API, `api.dingtalk.com`: success is an HTTP status, and a refusal has a `code` in words."""

    def headers(self, token: str) -> dict[str, str] | None:
        """The token."""
        return {TOKEN_HEADER: token} if token else None

    def address(self, path: str, params: Mapping[str, str] | None, token: str) -> URL:
        """Without the token."""
        return super().address(path, params, "")

    def read(self, response: HttpResponse) -> tuple[Any, dict[str, Any]]:
        """0 for success; a refusal's `code`; None for what is not the platform's own."""
        body = json_object(response)
        if response.status < 400:
            return (0 if body or not response.body else BANNED if is_ban(response) else None), body
        code = body.get("code")
        if code is None and is_ban(response):
            code = BANNED
        return code, {**body, "errmsg": body.get("message", "")}


def hold(caller: ErrcodeCaller, limits: Limits, seconds: float, rule: ErrorRule) -> None:
    """What a call that came too soon holds back."""
    for key, _ in limits:
        if rule.code == BANNED or key != HOST:
            caller.pacer.pause(key, seconds)


def is_ban(response: HttpResponse) -> bool:
    """Whether it is the page that a banned address gets: JSON, alone or in HTML, with `"status":1111`."""
    text = response.body[:4096].decode("utf-8", "replace")
    start, end = text.find("{"), text.find("}")
    try:
        found = json.loads(text[start : end + 1]) if 0 <= start < end else None
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("status") == BANNED
