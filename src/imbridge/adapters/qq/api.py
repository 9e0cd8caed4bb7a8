"""QQ's endpoints as the adapter uses them."""

import math
from typing import Any
from urllib.parse import quote

from imbridge.adapters.errcode_calls import Answer, Limits
from imbridge.adapters.errcode_refusals import Api, json_object
from imbridge.adapters.qq.calls import QQCaller
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.qq.errors import API_ERRORS, CREDENTIALS, DOCS, KINDS, TOKEN_CODES
from imbridge.protocol import AuthError, Channel, ChannelKind, DeliveryError, RateLimitedError, TargetGoneError
from imbridge.transport import HttpPool, Rate

DIRECT = "dms:"
"""How the channel id of a guild's private chat begins; the id of the private guild follows."""
_BUSY = 500


class QQApi:
    """One bot's endpoints."""

    def __init__(self, config: QQConfig, pool: HttpPool) -> None:
        """No I/O; `pool` is shared, everything else is this account's own."""
        self.config = config
        api = Api("qq", config.key, config.base_url, API_ERRORS, KINDS, DOCS, config.send_timeout)
        self.caller = QQCaller(api, pool, self.fetch_token)
        self.caller.app_id = config.app_id
        self._rate = Rate.parse(config.api_rate)

    async def close(self) -> None:
        """Stop refreshing tokens."""
        await self.caller.close()

    def limits(self, api: str) -> Limits:
        """What a call counts against."""
        return ((f"api:{api}", self._rate),)

    async def fetch_token(self) -> tuple[str, float]:
        """`POST /app/getAppAccessToken`; the lifetime is in seconds, as a number or as digits.

        Raises:
            HttpError: Nobody answered.
            RateLimitedError: The platform has passing trouble.
            DeliveryError: A gateway answered, not the platform.
            AuthError: The credentials are refused.
        """
        config, secret = self.config, self.config.secret.get_secret_value()
        response = await self.caller.pool.request(
            "POST", config.token_url, json={"appId": config.app_id, "clientSecret": secret}
        )
        body = json_object(response)
        token, code = body.get("access_token"), body.get("code")
        if isinstance(token, str) and token:
            return token, _seconds(body.get("expires_in"))
        text = f"qq token: HTTP {response.status}, code {code}"
        if isinstance(code, int) and code in TOKEN_CODES:
            said = str(body.get("message", "")).replace(secret, "***")[:200]
            hint = f"{TOKEN_CODES[code]}; {CREDENTIALS}"
            raise AuthError(f"qq refuses the credentials: {said} (code {code}): {hint}", code=code)
        if response.status == 429 or response.status >= _BUSY or isinstance(code, int):
            raise RateLimitedError(text, retry_after=1.0, code=code or response.status, platform="qq")
        raise DeliveryError(f"{text}; check token_url and any proxy", code=response.status, platform="qq")

    async def gateway(self) -> dict[str, Any]:
        """`GET /gateway/bot`: where to connect, how many shards, how many sessions may still be started."""
        return (await self.caller.call("GET", "/gateway/bot", patience=10.0)).body

    async def me(self, *, patience: float | None = None) -> dict[str, Any]:
        """`GET /users/@me`: id and name of the bot."""
        return (await self.caller.call("GET", "/users/@me", patience=patience)).body

    async def send(self, channel: Channel, body: dict[str, Any]) -> Answer:
        """Send into a single chat, a group, a guild's channel or its private chat.

        With `msg_id` and `msg_seq` a repetition is recognised in single chats and groups; elsewhere what may have
        arrived is not repeated, and its error is ambiguous.
        """
        path = f"{place(channel)}/messages"
        keyed = "msg_seq" in body
        return await self.caller.call("POST", path, json=body, limits=self.limits(kind_of(channel)), once=not keyed)

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take back a message, within 2 minutes."""
        path = f"{place(channel)}/messages/{quote(message_id, safe='')}"
        await self.caller.call("DELETE", path, limits=self.limits("recall"))


def place(channel: Channel) -> str:
    """The path of a conversation.

    Raises:
        TargetGoneError: it is none that a bot can speak in.
    """
    identity = quote(channel.id.removeprefix(DIRECT), safe="")
    if channel.id.startswith(DIRECT):
        return f"/dms/{identity}"
    if channel.kind is ChannelKind.GROUP:
        return f"/v2/groups/{identity}"
    if channel.kind is ChannelKind.GUILD:
        return f"/channels/{identity}"
    if channel.kind in (ChannelKind.PRIVATE, ChannelKind.USER):
        return f"/v2/users/{identity}"
    raise TargetGoneError(f"{channel.address} is no address that a QQ bot can send to", platform="qq")


def kind_of(channel: Channel) -> str:
    """What sort of conversation it is, as the platform tells them apart."""
    if channel.id.startswith(DIRECT):
        return "dms"
    return {ChannelKind.GROUP: "group", ChannelKind.GUILD: "guild"}.get(channel.kind, "c2c")


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return 7200.0
    return seconds if 0 < seconds < math.inf else 7200.0
