"""The rest of the platform: any call of its two APIs, with the account's token, rates, retries and errors.

The official SDK for streams has no methods for the API (docs/decisions/0013-dingtalk-sdk.md).
"""

import re
from collections.abc import Mapping
from typing import Any

from imbridge.adapters.any_call import REPEATED, checked
from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.transport import HttpError

_NEW = re.compile(r"/v\d+\.\d+/")
"""How paths of api.dingtalk.com begin; all others are of oapi.dingtalk.com."""


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
        method = checked(method, path, "/v1.0/im/interconnections or /topapi/v2/user/get")
        caller = self._api.caller if _NEW.match(path) else self._api.oapi
        once = method not in REPEATED if once is None else once
        limits = self._api.limits(path)
        answer = await caller.call(method, path, json=json, params=params, limits=limits, once=once)
        try:
            return answer.response.json()
        except HttpError:  # nothing, with a status that says success
            return {}
