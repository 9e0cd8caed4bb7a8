"""Any call of the platform by its path: for what is newer than the official SDK's methods."""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.any_call import REPEATED, checked
from imbridge.adapters.qq.api import QQApi
from imbridge.transport import HttpError


class OpenApi:
    """Calls for one bot."""

    def __init__(self, api: QQApi) -> None:
        """Over the bot's API."""
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
        """Call any API; see `QQAdapter.call`."""
        method = checked(method, path, "/users/@me or /v2/groups/GROUP_OPENID/members")
        once = method not in REPEATED if once is None else once
        limits = self._api.limits("any")
        answer = await self._api.caller.call(method, path, json=json, params=params, limits=limits, once=once)
        try:
            return answer.response.json()
        except HttpError:  # nothing, with a status that says success
            return {}
