"""DingTalk's endpoints as the adapter uses them, on both hosts."""

import math
from typing import Any

from imbridge.adapters.dingtalk.calls import HOST, DingTalkCaller, OapiCaller, api_of
from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.dingtalk.errors import API_ERRORS, BANNED, CREDENTIALS, DOCS, KINDS, OAPI_ERRORS, OAPI_KINDS
from imbridge.adapters.dingtalk.services.quota import Quota
from imbridge.adapters.errcode_calls import Answer, Limits
from imbridge.adapters.errcode_refusals import Api
from imbridge.adapters.noted_token import NotedToken
from imbridge.adapters.notes import Notes
from imbridge.protocol import AuthError, DeliveryError, NotPermittedError, RateLimitedError
from imbridge.transport import HttpPool, Rate, Reaction, TokenSource

TOKEN = "/v1.0/oauth2/accessToken"  # noqa: S105 - a path
_HOST_RATE = Rate.parse("9000/20s")
"""Calls of one address; the platform bans it for 5 minutes when it is more than 10,000 in 20 s."""
_MOST_USERS = 20


class DingTalkApi:
    """One app's endpoints."""

    def __init__(self, config: DingTalkConfig, pool: HttpPool, notes: Notes) -> None:
        """No I/O; `pool` is shared, everything else is this account's own. `notes` may keep the access token."""
        self.config = config
        self.quota = Quota(config.key, config.monthly_calls)
        timeout = config.send_timeout
        api = Api("dingtalk", config.key, config.base_url, API_ERRORS, KINDS, DOCS, timeout)
        secret = config.client_secret.get_secret_value()
        keeper = NotedToken(notes, "app", config.base_url, config.client_id, secret)
        tokens = TokenSource(self.fetch_token, name=config.key, keeper=keeper)
        self.caller = DingTalkCaller(api, pool, tokens, self.quota)
        oapi = Api("dingtalk", config.key, config.oapi_url, OAPI_ERRORS, OAPI_KINDS, DOCS, timeout)
        self.oapi = OapiCaller(oapi, pool, self.caller.tokens, self.quota)
        self.oapi.pacer = self.caller.pacer  # a ban is for all that leaves this address
        self._rate = Rate.parse(config.api_rate)

    async def close(self) -> None:
        """Stop refreshing tokens."""
        await self.caller.close()

    def limits(self, path: str) -> Limits:
        """What a call counts against: all calls of this address, and those of one API, whatever ids are in its path."""
        return ((HOST, _HOST_RATE), (f"api:{api_of(path)}", self._rate))

    async def fetch_token(self) -> tuple[str, float]:
        """`POST /v1.0/oauth2/accessToken`; the lifetime is in seconds, 7,200. It counts against no budget.

        Raises:
            HttpError: Nobody answered.
            RateLimitedError: The platform has passing trouble.
            DeliveryError: A gateway answered, not the platform.
            NotPermittedError: The credentials may be right, but not from this address.
            AuthError: The credentials are refused.
        """
        if (left := self.caller.pacer.paused(HOST)) > 0:
            why = "dingtalk token: not asked for: our address is banned"
            raise RateLimitedError(why, retry_after=left, code=BANNED, platform="dingtalk")
        config, secret = self.config, self.config.client_secret.get_secret_value()
        response = await self.caller.pool.request(
            "POST", config.base_url + TOKEN, json={"appKey": config.client_id, "appSecret": secret}
        )
        code, body = self.caller.read(response)
        token = body.get("accessToken")
        if code == 0 and isinstance(token, str) and token:
            lifetime = body.get("expireIn")
            if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or not 0 < lifetime < math.inf:
                lifetime = 7200.0
            return token, float(lifetime)
        rule = self.caller.api.errors.lookup(code, status=response.status)
        text = f"dingtalk token: {rule.meaning} (code {code}, HTTP {response.status})"
        if rule.reaction is Reaction.RETRY:
            self.caller.hold(((HOST, _HOST_RATE),), rule.delay or 1.0, rule)
            raise RateLimitedError(text, retry_after=rule.delay or 1.0, code=code, platform="dingtalk")
        if code is None or code == 0:
            raise DeliveryError(f"{text}; check base_url and any proxy", code=response.status, platform="dingtalk")
        said = str(body.get("errmsg", "")).replace(secret, "***")[:200]
        if rule.code in KINDS.forbidden:
            raise NotPermittedError(f"{text}: {said}; {rule.hint}", code=code, platform="dingtalk")
        raise AuthError(f"dingtalk refuses the credentials: {said} (code {code}); {CREDENTIALS}", code=code)

    # -- messages ------------------------------------------------------------------------------------------------------

    async def send_to_users(self, users: list[str], body: dict[str, Any]) -> Answer:
        """`POST /v1.0/robot/oToMessages/batchSend`: into the private chats with at most 20 people.

        There is no idempotency key: what may have arrived is not repeated, its error is ambiguous.
        """
        path = "/v1.0/robot/oToMessages/batchSend"
        sent = {"robotCode": self.config.robot, "userIds": users, **body}
        return await self.caller.call("POST", path, json=sent, limits=self.limits(path), once=True)

    async def send_to_group(self, conversation: str, body: dict[str, Any]) -> Answer:
        """`POST /v1.0/robot/groupMessages/send`: into a group that the robot is in."""
        path = "/v1.0/robot/groupMessages/send"
        sent = {"robotCode": self.config.robot, "openConversationId": conversation, **body}
        return await self.caller.call("POST", path, json=sent, limits=self.limits(path), once=True)

    async def recall_from_users(self, keys: list[str], *, patience: float | None = None) -> Answer:
        """`POST /v1.0/robot/otoMessages/batchRecall`: at most 20 messages."""
        path = "/v1.0/robot/otoMessages/batchRecall"
        sent = {"robotCode": self.config.robot, "processQueryKeys": keys}
        return await self.caller.call("POST", path, json=sent, limits=self.limits(path), patience=patience)

    async def recall_from_group(self, conversation: str, keys: list[str]) -> Answer:
        """`POST /v1.0/robot/groupMessages/recall`."""
        path = "/v1.0/robot/groupMessages/recall"
        sent = {"robotCode": self.config.robot, "openConversationId": conversation, "processQueryKeys": keys}
        return await self.caller.call("POST", path, json=sent, limits=self.limits(path))
