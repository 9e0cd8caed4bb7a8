"""The platform's endpoints as the adapter uses them."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, BinaryIO

from imbridge.adapters.errcode_calls import Answer, ErrcodeCaller
from imbridge.adapters.errcode_refusals import Api, ErrorKinds
from imbridge.adapters.uploads import Content, multipart
from imbridge.adapters.wechat.config import WeChatConfig
from imbridge.adapters.wechat.errors import API_ERRORS, DOCS, KINDS
from imbridge.transport import HttpPool, Rate

_SECRET_HINT = "check app_id and app_secret: mp.weixin.qq.com > Basic Configuration"  # noqa: S105 - a hint
_TYPING_PATIENCE = 5.0
_HELD = (("messages", Rate(10_000, 1.0)),)
"""What a refusal for too many calls holds up: all messages. By itself it holds up none, for no rate is documented."""


class WeChatApi:
    """One account's endpoints."""

    def __init__(self, config: WeChatConfig, pool: HttpPool) -> None:
        """No I/O; `pool` is shared, everything else is this account's own."""
        self.config = config
        api = Api("wechat", config.key, config.base_url, API_ERRORS, KINDS, DOCS, config.send_timeout)
        self.caller = ErrcodeCaller(api, pool, self.fetch_token)
        theirs = replace(api, kinds=ErrorKinds(KINDS.refused, {*KINDS.forbidden, 40001, 40014, 42001}))
        self.people = ErrcodeCaller(theirs, pool)
        """For the calls in which a person's token, or the secret itself, takes the place of the account's token."""
        self._last = ""
        self._refreshes = 0

    async def close(self) -> None:
        """Stop refreshing tokens."""
        await self.caller.close()
        await self.people.close()

    async def ask_token(self, *, patience: float) -> None:
        """See that an access token is to be had: there is no call that costs nothing and says who we are.

        Raises:
            AuthError: the credentials are refused.
            DeliveryError: the platform cannot say within `patience` seconds.
        """
        await self.caller.token(patience=patience)

    async def fetch_token(self) -> tuple[str, float]:
        """`POST /cgi-bin/stable_token`, or `GET /cgi-bin/token`; the lifetime is in seconds, at most 7,200.

        A stable token stays the same as long as it is valid, also when the platform refuses it, as after somebody's
        forced refresh. So one that was refused and comes again is forced, which is allowed 20 times a day.
        """
        refused = self._last if self.caller.refreshes > self._refreshes else ""
        self._refreshes = self.caller.refreshes
        value, lifetime = await self._fetch_token(force=False)
        if self.config.stable_token and value == refused:
            value, lifetime = await self._fetch_token(force=True)
        self._last = value
        return value, lifetime

    async def _fetch_token(self, *, force: bool) -> tuple[str, float]:
        config = self.config
        who = {
            "grant_type": "client_credential",
            "appid": config.app_id,
            "secret": config.app_secret.get_secret_value(),
        }
        if not config.stable_token:
            return await self.caller.fetch("/cgi-bin/token", who, _SECRET_HINT)
        body = {**who, "force_refresh": force}
        return await self.caller.fetch("/cgi-bin/stable_token", {}, _SECRET_HINT, json=body)

    async def send(self, openid: str, message: Mapping[str, Any]) -> Answer:
        """`POST /cgi-bin/message/custom/send`: a customer-service message.

        There is no idempotency key: what may have arrived is not repeated, its error is ambiguous.
        """
        body = {"touser": openid, **message}
        return await self.caller.call("POST", "/cgi-bin/message/custom/send", json=body, limits=_HELD, once=True)

    async def send_template(self, openid: str, template: Mapping[str, Any], key: str) -> Answer:
        """`POST /cgi-bin/message/template/send`; `client_msg_id` keeps a repetition within 10 minutes from counting."""
        body = {"client_msg_id": key, **template, "touser": openid}
        return await self.caller.call("POST", "/cgi-bin/message/template/send", json=body, limits=_HELD)

    async def typing(self, openid: str, on: bool) -> None:
        """`POST /cgi-bin/message/custom/typing`: shown for 15 s, or until a message is sent."""
        body = {"touser": openid, "command": "Typing" if on else "CancelTyping"}
        await self.caller.call("POST", "/cgi-bin/message/custom/typing", json=body, patience=_TYPING_PATIENCE)

    async def upload(self, content: Content, kind: str, name: str) -> str:
        """`POST /cgi-bin/media/upload`: image, voice, video or thumb; kept for three days. Gives the media_id."""

        def form() -> AbstractAsyncContextManager[Any]:
            return multipart({}, "media", content, name)

        answer = await self.caller.call("POST", "/cgi-bin/media/upload", params={"type": kind}, form=form)
        return str(answer.body.get("media_id") or answer.body.get("thumb_media_id") or "")

    async def download(self, media_id: str, *, limit: int, into: BinaryIO | None = None) -> Answer:
        """`GET /cgi-bin/media/get`: the file; of a video JSON with the address where it is."""
        params = {"media_id": media_id}
        return await self.caller.call("GET", "/cgi-bin/media/get", params=params, binary=limit, into=into)

    async def user(self, openid: str) -> dict[str, Any]:
        """`GET /cgi-bin/user/info`."""
        params = {"openid": openid, "lang": "zh_CN"}
        return (await self.caller.call("GET", "/cgi-bin/user/info", params=params)).body

    async def followers(self, after: str = "") -> dict[str, Any]:
        """`GET /cgi-bin/user/get`: at most 10,000 openids behind the one given."""
        params = {"next_openid": after} if after else None
        return (await self.caller.call("GET", "/cgi-bin/user/get", params=params)).body

    async def exchange(self, code: str) -> dict[str, Any]:
        """`GET /sns/oauth2/access_token`: a code for a person's token; each code counts once."""
        params = {
            "appid": self.config.app_id,
            "secret": self.config.app_secret.get_secret_value(),
            "code": code,
            "grant_type": "authorization_code",
        }
        return (await self.people.call("GET", "/sns/oauth2/access_token", params=params, once=True)).body

    async def refresh(self, refresh_token: str) -> dict[str, Any]:
        """`GET /sns/oauth2/refresh_token`: a new token of a person."""
        params = {"appid": self.config.app_id, "grant_type": "refresh_token", "refresh_token": refresh_token}
        return (await self.people.call("GET", "/sns/oauth2/refresh_token", params=params)).body

    async def userinfo(self, access_token: str, openid: str) -> dict[str, Any]:
        """`GET /sns/userinfo`: what a person allowed to be read, with their token."""
        params = {"access_token": access_token, "openid": openid, "lang": "zh_CN"}
        return (await self.people.call("GET", "/sns/userinfo", params=params)).body
