"""The rest of the platform: any call of its two APIs, with the account's token, rates, retries and errors.

The official SDK for streams has no methods for the API (docs/decisions/0013-dingtalk-sdk.md).
"""

import re
from collections.abc import Mapping
from typing import Any

from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.transport import HttpError

_NEW = re.compile(r"/v\d+\.\d+/")
"""How paths of api.dingtalk.com begin; all others are of oapi.dingtalk.com."""
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_REPEATED = frozenset({"GET", "PUT", "DELETE"})
"""Doing it twice is doing it once."""


class OpenApi:
    """Calls for one app."""

    def __init__(self, api: DingTalkApi) -> None:
        """Over the app's API."""
        self._api = api

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        once: bool | None = None,
    ) -> Any:
        """Call any API; see `DingTalkAdapter.call`."""
        method = method.upper()
        if method not in _METHODS:
            raise ValueError(f"{method[:20]!r} is no HTTP method of the API: one of {', '.join(sorted(_METHODS))}")
        if not path.startswith("/") or path.startswith("//") or "?" in path or "#" in path or ".." in path:
            raise ValueError(
                f"{path[:80]!r} is no path of the API, such as /v1.0/im/interconnections or /topapi/v2/user/get; what "
                "follows a question mark goes into params"
            )
        caller = self._api.caller if _NEW.match(path) else self._api.oapi
        once = method not in _REPEATED if once is None else once
        limits = self._api.limits(path)
        answer = await caller.call(method, path, json=json, params=params, limits=limits, once=once)
        try:
            return answer.response.json()
        except HttpError:  # nothing, with a status that says success
            return {}
