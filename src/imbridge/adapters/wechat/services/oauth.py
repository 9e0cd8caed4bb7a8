"""Who somebody at a browser inside WeChat is, as far as they agree to tell.

Rules: developers.weixin.qq.com, doc/service/guide/h5/auth.html. With `snsapi_base` nobody is asked, and the openid is
all that comes; with `snsapi_userinfo` they are asked, and name and portrait can be read. Service accounts that are
certified may do it. A code counts once, for 5 minutes; the token for 2 hours, its refresh token for 30 days.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import Field, SecretStr

from imbridge.adapters.oauth_page import oauth_route
from imbridge.adapters.oauth_state import PendingAuthorisations, check_redirect_uri
from imbridge.adapters.oauth_told import Told
from imbridge.adapters.wechat.api import WeChatApi
from imbridge.adapters.wechat.config import WeChatConfig
from imbridge.protocol import DeliveryError, NotPermittedError
from imbridge.protocol.model import ProtocolModel
from imbridge.transport import WebhookRoute

log = logging.getLogger(__name__)

_HIDDEN = frozenset({"access_token", "refresh_token", "errcode", "errmsg"})

Handler = Callable[["Visitor"], Awaitable[None]]


class Visitor(ProtocolModel):
    """Somebody who has come by a browser.

    Attributes:
        openid: Their id for this account.
        unionid: Their id for all accounts of one owner, when they were asked, and where accounts are joined.
        scope: What they agreed to.
        nickname: What they call themselves, when they were asked. Anybody can take any name.
        portrait: Address of their portrait, when they were asked.
        access_token: Reads their profile, for two hours.
        refresh_token: Gets another one, for thirty days; empty where the platform gives none.
        note: What the link was given to bring back.
        payload: All that the platform says, without the tokens.
    """

    openid: str
    unionid: str = ""
    scope: str = ""
    nickname: str = ""
    portrait: str = Field(default="", repr=False)
    access_token: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    note: str = ""
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class OAuth:
    """The people who come to one account by a browser."""

    def __init__(self, api: WeChatApi, config: WeChatConfig) -> None:
        """No I/O."""
        self._api = api
        self._config = config
        self._pending = PendingAuthorisations("wechat")
        self._told: Told[Visitor] = Told(config.key)

    def authorize_url(self, redirect_uri: str, *, profile: bool = False, user: str = "", note: str = "") -> str:
        """A page to be opened inside WeChat, which sends on whoever opens it; it can be used once, within 10 minutes.

        Args:
            redirect_uri: Where they are sent to, with `code` and `state`. Its host has to be the account's web
                authorisation domain (mp.weixin.qq.com > Settings & Development > Function Settings).
            profile: Ask for name and portrait (`snsapi_userinfo`); they are asked whether they agree.
            user: The openid of who is meant. Somebody else who comes back is refused.
            note: Comes back in `Visitor.note`; nobody else sees it.

        Raises:
            ValueError: `redirect_uri` is no address that a code may be sent to.
        """
        check_redirect_uri(redirect_uri)
        pending = self._pending.ask(redirect_uri, user, note)
        query = {  # in this order: clients have refused others
            "appid": self._config.app_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "snsapi_userinfo" if profile else "snsapi_base",
            "state": pending.state,
        }
        page = f"{self._config.open_url}/connect/oauth2/authorize"
        return f"{page}?{urlencode(query, quote_via=quote, safe='')}#wechat_redirect"

    async def finish(self, query: Mapping[str, str]) -> Visitor:
        """Who has come back.

        Args:
            query: Of the address that they came back to: `code` and `state`.

        Raises:
            NotPermittedError: The state or the code is not good (any more), there is no code, or it is somebody else.
            DeliveryError: The platform could not be asked.
        """
        pending = self._pending.take(query.get("state", ""))
        code = query.get("code", "")
        if not code:
            raise NotPermittedError("wechat oauth: they have come back without a code: not agreed", platform="wechat")
        visitor = _visitor(await self._api.exchange(code), pending.note)
        if pending.user and visitor.openid != pending.user:
            raise NotPermittedError(
                f"wechat oauth: {pending.user} was asked and {visitor.openid} has come", platform="wechat"
            )
        return await self.userinfo(visitor) if "snsapi_userinfo" in visitor.scope.split(",") else visitor

    async def refresh(self, visitor: Visitor) -> Visitor:
        """The same person with a new token.

        Raises:
            NotPermittedError: Thirty days are over, or they have taken their agreement back.
            DeliveryError: The platform could not be asked.
        """
        told = _visitor(await self._api.refresh(visitor.refresh_token.get_secret_value()), visitor.note)
        changed = {"access_token": told.access_token, "refresh_token": told.refresh_token}
        return visitor.model_copy(update=changed)

    async def userinfo(self, visitor: Visitor) -> Visitor:
        """The same person with what they allowed to be read, as it is now.

        Raises:
            NotPermittedError: They were not asked (`profile`), or their token is not good any more.
            DeliveryError: The platform could not be asked.
        """
        told = await self._api.userinfo(visitor.access_token.get_secret_value(), visitor.openid)
        changed = {
            "unionid": str(told.get("unionid") or visitor.unionid),
            "nickname": str(told.get("nickname") or ""),
            "portrait": str(told.get("headimgurl") or ""),
            "payload": visitor.payload | _open(told),
        }
        return visitor.model_copy(update=changed)

    def on_authorized(self, handler: Handler) -> Handler:
        """Call this with each `Visitor`, and answer `/wechat/<account>/oauth` on `bridge.asgi()`.

        To be used before `bridge.asgi()`. The redirect_uri is then that address, as people reach it from outside.
        """
        self._told.handler = handler
        return handler

    def routes(self) -> tuple[WebhookRoute, ...]:
        """The address that people come back to, if anybody waits for them."""
        if self._told.handler is None:
            return ()
        return (oauth_route("wechat", self._config.name, self._come_back, self._drop),)

    async def close(self) -> None:
        """Cancel what `on_authorized` is doing."""
        await self._told.close()

    async def _come_back(self, code: str, state: str) -> None:
        visitor = await self.finish({"code": code, "state": state})
        self._told.tell(visitor, visitor.openid)

    def _drop(self, state: str) -> None:
        pending = self._pending.take(state)
        log.info("%s: %s has not authorised", self._config.key, pending.user or "somebody")


def _visitor(told: dict[str, Any], note: str) -> Visitor:
    openid = told.get("openid")
    if not isinstance(openid, str) or not openid:
        raise DeliveryError("wechat oauth: the platform does not say who it is", platform="wechat")
    return Visitor(
        openid=openid,
        unionid=str(told.get("unionid") or ""),
        scope=str(told.get("scope") or ""),
        access_token=SecretStr(str(told.get("access_token") or "")),
        refresh_token=SecretStr(str(told.get("refresh_token") or "")),
        note=note,
        payload=_open(told),
    )


def _open(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in _HIDDEN}
