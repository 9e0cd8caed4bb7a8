"""WeCom's endpoints as the adapter uses them."""

import zlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, BinaryIO

from pydantic import SecretStr

from imbridge.adapters.errcode_calls import Answer, ErrcodeCaller, Limits
from imbridge.adapters.errcode_refusals import Api
from imbridge.adapters.noted_token import NotedToken
from imbridge.adapters.notes import Notes
from imbridge.adapters.uploads import Source, multipart
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.adapters.wecom.errors import API_ERRORS, DOCS, KINDS
from imbridge.protocol import DeliveryError
from imbridge.transport import HttpPool, HttpResponse, Rate, TokenSource

_SECRET_HINT = "check corp_id and secret: admin console, My Company, and App Management > the app"  # noqa: S105 - a hint
CHECKED = 1800
"""Seconds within which the platform looks for a repetition, at least; 4 hours at most."""


class WeComApi:
    """One app's endpoints."""

    def __init__(self, config: WeComConfig, pool: HttpPool, notes: Notes) -> None:
        """No I/O; `pool` is shared, everything else is this account's own. `notes` may keep the access token."""
        self.config = config
        api = Api("wecom", config.key, config.base_url, API_ERRORS, KINDS, DOCS, config.send_timeout)
        secret = config.secret.get_secret_value()
        keeper = NotedToken(notes, "app", config.base_url, config.corp_id, secret)
        self.caller = ErrcodeCaller(api, pool, TokenSource(self.fetch_token, name=config.key, keeper=keeper))
        self.all_caller = ErrcodeCaller(api, pool, self._fetch_contacts_token) if config.contacts_secret else None
        """With the contacts secret, which is told of all members; None without one."""
        self._api_rate = Rate.parse(config.api_rate)
        self._member_rates = (Rate.parse(config.member_rate), Rate.parse(config.member_hour_rate))
        self._group_rates = (Rate.parse(config.group_rate), Rate.parse(config.group_day_rate))

    async def close(self) -> None:
        """Stop refreshing tokens."""
        await self.caller.close()
        if self.all_caller is not None:
            await self.all_caller.close()

    async def fetch_token(self) -> tuple[str, float]:
        """`GET /cgi-bin/gettoken`; the lifetime is in seconds, at most 7,200."""
        return await self._fetch_token(self.config.secret, _SECRET_HINT)

    async def _fetch_contacts_token(self) -> tuple[str, float]:
        return await self._fetch_token(self.config.contacts_secret, "check contacts_secret")

    async def _fetch_token(self, secret: SecretStr | None, hint: str) -> tuple[str, float]:
        params = {"corpid": self.config.corp_id, "corpsecret": secret.get_secret_value() if secret else ""}
        return await self.caller.fetch("/cgi-bin/gettoken", params, hint)

    async def agent(self, *, patience: float | None = None) -> dict[str, Any]:
        """`GET /cgi-bin/agent/get`: the app's name and who can see it."""
        params = {"agentid": str(self.config.agent_id)}
        return (await self.caller.call("GET", "/cgi-bin/agent/get", params=params, patience=patience)).body

    async def send(self, to: dict[str, str], body: dict[str, Any], key: str) -> Answer:
        """`POST /cgi-bin/message/send`, at most as often as the platform delivers it to one member.

        There is no idempotency key: what may have arrived is not repeated, its error is ambiguous. With
        `duplicate_check` the platform is asked to recognise a repetition by its content, and is given a content that
        only repetitions have in common.
        """
        message = {**to, **body, "agentid": self.config.agent_id}
        if self.config.duplicate_check:
            interval = CHECKED + zlib.crc32(key.encode()) % 12_600
            message |= {"enable_duplicate_check": 1, "duplicate_check_interval": interval}
        return await self.caller.call(
            "POST",
            "/cgi-bin/message/send",
            json=message,
            limits=self._limits(to),
            once=not self.config.duplicate_check,
        )

    async def send_to_group(self, chat_id: str, body: dict[str, Any]) -> Answer:
        """`POST /cgi-bin/appchat/send`: into a group that this app has made."""
        minute, day = self._group_rates
        limits = [("api:appchat/send", self._api_rate), (f"group:{chat_id}", minute), (f"day:{chat_id}", day)]
        message = {"chatid": chat_id, **body}
        return await self.caller.call("POST", "/cgi-bin/appchat/send", json=message, limits=limits, once=True)

    async def recall(self, message_id: str) -> None:
        """`POST /cgi-bin/message/recall`, within 24 hours."""
        await self.caller.call("POST", "/cgi-bin/message/recall", json={"msgid": message_id})

    async def update_card(self, code: str, whom: Mapping[str, Any], change: dict[str, Any]) -> Answer:
        """`POST /cgi-bin/message/update_template_card`: `change` is the new `template_card`, or a `button`."""
        body = {**whom, "agentid": self.config.agent_id, "response_code": code, **change}
        return await self.caller.call("POST", "/cgi-bin/message/update_template_card", json=body)

    async def upload_media(self, kind: str, source: Source, name: str) -> str:
        """`POST /cgi-bin/media/upload`: image, voice, video or file; gives the media_id, which is good for 3 days."""

        def form() -> AbstractAsyncContextManager[Any]:
            return multipart({}, "media", source, name)

        answer = await self.caller.call("POST", "/cgi-bin/media/upload", form=form, params={"type": kind})
        return _given(answer, "media_id", "media/upload")

    async def upload_picture(self, source: Source, name: str) -> str:
        """`POST /cgi-bin/media/uploadimg`: a JPG or PNG of at most 2 MB; gives an address that stays."""

        def form() -> AbstractAsyncContextManager[Any]:
            return multipart({}, "media", source, name)

        answer = await self.caller.call("POST", "/cgi-bin/media/uploadimg", form=form)
        return _given(answer, "url", "media/uploadimg")

    async def download(self, media_id: str, *, limit: int, into: BinaryIO | None = None) -> HttpResponse:
        """`GET /cgi-bin/media/get`: what was uploaded or sent in the last 3 days."""
        params = {"media_id": media_id}
        answer = await self.caller.call("GET", "/cgi-bin/media/get", params=params, binary=limit, into=into)
        return answer.response

    def _limits(self, to: dict[str, str]) -> Limits:
        limits = [("api:message/send", self._api_rate)]
        named = to.get("touser", "").casefold()  # a userid means the same in capitals
        if named and named != "@all":
            minute, hour = self._member_rates
            for member in dict.fromkeys(named.split("|")):
                limits += [(f"minute:{member}", minute), (f"hour:{member}", hour)]
        return limits


def _given(answer: Answer, name: str, api: str) -> str:
    value = answer.body.get(name)
    if not isinstance(value, str) or not value:
        raise DeliveryError(f"wecom {api}: the answer holds no {name}", platform="wecom")
    return value
