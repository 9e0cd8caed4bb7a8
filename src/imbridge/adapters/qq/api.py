"""QQ's endpoints as the adapter uses them."""

import io
import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from pydantic_core import to_json

from imbridge.adapters.errcode_calls import Answer, Limits
from imbridge.adapters.errcode_refusals import Api, json_object
from imbridge.adapters.noted_token import NotedToken
from imbridge.adapters.notes import Notes
from imbridge.adapters.qq.calls import CHAT, QQCaller
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.qq.errors import API_ERRORS, CREDENTIALS, DOCS, KINDS, TOKEN_CODES
from imbridge.adapters.unreachable import no_address_for
from imbridge.adapters.uploads import Content, multipart
from imbridge.protocol import AuthError, Channel, ChannelKind, DeliveryError, RateLimitedError
from imbridge.transport import HttpError, HttpPool, Rate, TokenSource

DIRECT = "dms:"
"""How the channel id of a guild's private chat begins; the id of the private guild follows."""
_WAYS = {ChannelKind.GROUP: "group", ChannelKind.GUILD: "guild"}
GUILD_KINDS = frozenset({"guild", "dms"})
_BUSY, _REFUSED = 500, 300
_FILE_TIMEOUT, _CLICK_PATIENCE = 120.0, 10.0
_CHANNEL = Rate.parse("5/1s")
"""Messages in one channel. Source: bot.q.qq.com, "sending messages"."""


class QQApi:
    """One bot's endpoints.

    Attributes:
        on_sent: Told what a message that was sent is quoted by (`REFIDX_...`), and its id.
    """

    def __init__(self, config: QQConfig, pool: HttpPool, notes: Notes) -> None:
        """No I/O; `pool` is shared, everything else is this account's own. `notes` may keep the access token."""
        self.config = config
        api = Api("qq", config.key, config.base_url, API_ERRORS, KINDS, DOCS, config.send_timeout)
        secret = config.secret.get_secret_value()
        keeper = NotedToken(notes, "app", config.token_url, config.app_id, secret)
        self.caller = QQCaller(api, pool, TokenSource(self.fetch_token, name=config.key, keeper=keeper))
        self.caller.app_id = config.app_id
        self._rate = Rate.parse(config.api_rate)
        self.on_sent: Callable[[str, str], None] = _untold

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

    async def send(self, channel: Channel, body: dict[str, Any], picture: Content | None = None) -> Answer:
        """Send into a single chat, a group, a guild's channel or its private chat.

        With `msg_id` and `msg_seq` a repetition is recognised in single chats and groups; elsewhere what may have
        arrived is not repeated, and its error is ambiguous.

        Args:
            channel: Where.
            body: What.
            picture: A picture beside the text, in guilds.
        """
        where = place(channel)
        path, limits = f"{where}/messages", self._chat_limits(channel, where)
        if picture is None:
            answer = await self.caller.call("POST", path, json=body, limits=limits, once="msg_seq" not in body)
            self._tell_sent(answer.body)
            return answer
        fields = {name: value if isinstance(value, str) else to_json(value).decode() for name, value in body.items()}

        def form() -> Any:
            return multipart(fields, "file_image", picture, "image")

        return await self.caller.call("POST", path, form=form, limits=limits, once=True)

    def _tell_sent(self, body: Mapping[str, Any]) -> None:
        told, message_id = body.get("ext_info"), body.get("id")
        index = told.get("ref_idx") if isinstance(told, Mapping) else None
        if isinstance(index, str) and isinstance(message_id, str):
            self.on_sent(index, message_id)

    async def recall(self, channel: Channel, message_id: str) -> None:
        """Take back a message, within 2 minutes."""
        path = f"{place(channel)}/messages/{quote(message_id, safe='')}"
        await self.caller.call("DELETE", path, limits=self.limits("recall"))

    async def answer_interaction(self, interaction_id: str, code: int) -> None:
        """`PUT /interactions/{id}`: a click has come. It is done once, so nothing is gained by trying for long."""
        path = f"/interactions/{quote(interaction_id, safe='')}"
        await self.caller.call("PUT", path, json={"code": code}, patience=_CLICK_PATIENCE)

    async def react(self, channel: Channel, message_id: str, emoji: str, *, on: bool) -> None:
        """Put an emoji, as `type/id`, on a message of a channel, or take it off."""
        path = f"{place(channel)}/messages/{quote(message_id, safe='')}/reactions/{emoji}"
        await self.caller.call("PUT" if on else "DELETE", path, limits=self.limits("reactions"))

    async def upload(self, channel: Channel, body: dict[str, Any]) -> dict[str, Any]:
        """`POST .../files`: what a message names the file by, and for how many seconds."""
        return await self._files(channel, "files", body, timeout=_FILE_TIMEOUT)

    async def prepare_upload(self, channel: Channel, body: dict[str, Any]) -> dict[str, Any]:
        """`POST .../upload_prepare`: where the parts of a large file go."""
        return await self._files(channel, "upload_prepare", body)

    async def finish_part(self, channel: Channel, body: dict[str, Any], *, patience: float | None = None) -> None:
        """`POST .../upload_part_finish`: a part is there; asked again until the platform sees it."""
        await self._files(channel, "upload_part_finish", body, patience=patience)

    async def put_part(self, url: str, data: bytes) -> None:
        """`PUT` a part to where the platform wants it, with neither token nor our headers.

        Raises:
            DeliveryError: it is not taken.
        """
        try:
            response = await self.caller.pool.request("PUT", url, data=io.BytesIO(data), timeout=_FILE_TIMEOUT)
        except HttpError as error:
            raise DeliveryError(f"qq upload: {error}", platform="qq") from None
        if response.status >= _REFUSED:
            raise DeliveryError(f"qq upload: HTTP {response.status}", code=response.status, platform="qq")

    async def _files(
        self,
        channel: Channel,
        name: str,
        body: dict[str, Any],
        *,
        timeout: float | None = None,
        patience: float | None = None,
    ) -> dict[str, Any]:
        limits = self.limits("files")
        path = f"{place(channel)}/{name}"
        try:
            answer = await self.caller.call("POST", path, json=body, limits=limits, timeout=timeout, patience=patience)
        except DeliveryError as error:
            error.ambiguous = False  # whether or not it arrived, nobody sees anything of it
            raise
        return answer.body

    def _chat_limits(self, channel: Channel, where: str) -> Limits:
        kind = kind_of(channel)
        return ((f"{CHAT}{where}", _CHANNEL if kind in GUILD_KINDS else self._rate), (f"api:{kind}", self._rate))


def _untold(index: str, message_id: str) -> None:
    return


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
    raise no_address_for(channel, "a QQ bot", private="openid", group="group_openid", guild="channel id")


def kind_of(channel: Channel) -> str:
    """What sort of conversation it is, as the platform tells them apart."""
    if channel.id.startswith(DIRECT):
        return "dms"
    return _WAYS.get(channel.kind, "c2c")


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return 7200.0
    return seconds if 0 < seconds < math.inf else 7200.0
