"""Calls to DingTalk's two APIs: the newer one with its token in a header and its codes in words, and the older one.

Both take the same access token. Source: open.dingtalk.com, "get the access token of an internal app", "error codes".
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from yarl import URL

from imbridge.adapters.dingtalk.errors import BANNED, REFUSED, USED_UP
from imbridge.adapters.dingtalk.services.quota import Quota
from imbridge.adapters.errcode_calls import ErrcodeCaller, Limits
from imbridge.adapters.errcode_refusals import Api, json_object
from imbridge.transport import ErrorRule, HttpError, HttpPool, HttpResponse, TokenSource

TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name
HOST = "host"
"""Key of the limit that all calls of this address count against."""
_UNCHECKED = 88
"""Something about the token: what, says the sub code; none says that the check took too long."""
_BAN = re.compile(rb'"status"\s*:\s*"?1111\b')
_BAN_PAGE = 64 * 1024
_NAME = re.compile(r"[A-Za-z._]{1,32}|v\d+(?:\.\d+)?")
"""A part of a path that is no id: names of APIs have letters only."""


class OapiCaller(ErrcodeCaller):
    """Calls the older API, `oapi.dingtalk.com`."""

    def __init__(
        self,
        api: Api,
        pool: HttpPool,
        token: Callable[[], Awaitable[tuple[str, float]]] | TokenSource | None,
        quota: Quota | None = None,
    ) -> None:
        """As `ErrcodeCaller`; `quota` is told of each call, where they count."""
        super().__init__(api, pool, token)
        self._quota = quota

    def leaving(self, path: str) -> None:
        """Count it against the month."""
        super().leaving(path)
        if self._quota is not None:
            self._quota.count(path)

    def read(self, response: HttpResponse) -> tuple[Any, dict[str, Any]]:
        """The `errcode`, or the sub code that says more; `BANNED` for the page of a ban."""
        body = json_object(response)
        if "errcode" in body:
            code, said = body["errcode"], body.get("errmsg", "")
            if code == _UNCHECKED and (sub_code := body.get("sub_code")) not in (None, ""):
                code, said = _number(sub_code), body.get("sub_msg") or said
        elif is_ban(response, body):
            code, said = BANNED, "banned"
        else:
            code, said = _inside(body) if body else (None, "")
        return self._noted(code, response), {**body, "errmsg": said}

    def hold(self, limits: Limits, seconds: float, rule: ErrorRule) -> None:
        """A ban is for everything that leaves this address, all else for one API."""
        for key, _ in limits:
            if rule.code == BANNED or key != HOST:
                self.pacer.pause(key, seconds)

    def _noted(self, code: Any, response: HttpResponse) -> Any:
        if self._quota is not None:
            if isinstance(code, int | str) and code in USED_UP:
                self._quota.refuse()
            elif code == 0 and self._quota.used_up:
                self._quota.serve(URL(response.url).path)
        return code


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
        code: Any
        if response.status < 400:
            if is_ban(response, body):
                code, said = BANNED, "banned"
            elif body:
                code, said = _inside(body)
            else:  # nothing, or a list
                code, said = (0 if not response.body or _is_json(response) else None), ""
        else:
            code, said = body.get("code"), body.get("message", "")
            if code is None and is_ban(response, body):
                code = BANNED
        return self._noted(code, response), {**body, "errmsg": said}


def is_ban(response: HttpResponse, body: Mapping[str, Any]) -> bool:
    """Whether it is what a banned address gets: JSON, alone or within a page, with `"status":1111`."""
    if body:
        return str(body.get("status")) == str(BANNED) and "punish" in body
    return _BAN.search(response.body[:_BAN_PAGE]) is not None


def api_of(path: str) -> str:
    """The API that a call counts for: its path, with `*` where ids stand."""
    return "/".join(part if not part or _NAME.fullmatch(part) else "*" for part in path.split("/"))


def _inside(body: Mapping[str, Any]) -> tuple[Any, Any]:
    """The code and the words of an answer whose HTTP status says success: some are refusals all the same."""
    if body.get("success") is False:
        for name in ("errcode", "errorCode", "code"):
            if (code := body.get(name)) not in (None, "", 0, "0"):
                break
        else:
            code = REFUSED
        said = next((body[name] for name in ("errorMsg", "errmsg", "message") if body.get(name)), "")
        return _number(code), said
    if body.get("errcode") not in (None, 0, "0"):
        return _number(body["errcode"]), body.get("errmsg", "")
    refusal = isinstance(body.get("code"), str) and "message" in body and ("requestid" in body or "requestId" in body)
    if refusal and body.get("success") is not True and body["code"] not in ("", "0", "200", "OK", "ok"):
        return body["code"], body["message"]
    return 0, ""


def _number(code: Any) -> Any:
    """Digits as the number that they are: the tables, and who looks at errors, have one form of a code."""
    return int(code) if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) < 12 else code


def _is_json(response: HttpResponse) -> bool:
    try:
        response.json()
    except HttpError:
        return False
    return True
