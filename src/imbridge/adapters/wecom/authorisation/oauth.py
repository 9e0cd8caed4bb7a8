"""Who somebody at a browser is: by a page inside WeCom, or by a QR code that they scan with it.

Rules: developer.work.weixin.qq.com, path/91022 (the page inside WeCom), 98152 (web login), 91023 (auth/getuserinfo) and
95833 (auth/getuserdetail). A code counts once, for 5 minutes. It says who somebody is; it lets nobody act for them.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote, urlencode

from imbridge.adapters.errcode_calls import ErrcodeCaller
from imbridge.adapters.oauth_page import oauth_route
from imbridge.adapters.oauth_state import Pending, PendingAuthorisations, check_redirect_uri
from imbridge.adapters.oauth_told import Told
from imbridge.adapters.wecom.authorisation.visitor import Visitor, visitor_of
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.protocol import DeliveryError, NotPermittedError
from imbridge.transport import WebhookRoute

log = logging.getLogger(__name__)

_PATIENCE = 30.0
"""Seconds; somebody waits at a browser, and the code is good for 5 minutes."""

Handler = Callable[[Visitor], Awaitable[None]]


class OAuth:
    """The people who come to one app by a browser."""

    def __init__(self, caller: ErrcodeCaller, config: WeComConfig) -> None:
        """No I/O."""
        self._caller = caller
        self._config = config
        self._pending = PendingAuthorisations("wecom")
        self._told: Told[Visitor] = Told(config.key)

    def authorize_url(self, redirect_uri: str, *, private: bool = False, user: str = "", note: str = "") -> str:
        """A page to be opened inside WeCom, which sends on whoever opens it; it can be used once, within 10 minutes.

        Args:
            redirect_uri: Where they are sent to, with `code` and `state`. Its host has to be the app's trusted domain
                (admin console: App Management > the app > Web authorisation and JS-SDK).
            private: Ask for what the address book does not tell: telephone number, addresses, portrait. They are asked
                whether they agree, and `Visitor.private` holds it.
            user: The userid of who is meant. Somebody else who comes back is refused: a link that was passed on does
                not tell them apart otherwise.
            note: Comes back in `Visitor.note`; nobody else sees it.

        Raises:
            ValueError: `redirect_uri` is no address that a code may be sent to.
        """
        pending = self._ask(redirect_uri, user, note)
        query = {
            "appid": self._config.corp_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "snsapi_privateinfo" if private else "snsapi_base",
            "state": pending.state,
            "agentid": str(self._config.agent_id),
        }
        page = f"{self._config.oauth_url}/connect/oauth2/authorize"
        return f"{page}?{urlencode(query, quote_via=quote, safe='')}#wechat_redirect"

    def login_url(self, redirect_uri: str, *, user: str = "", note: str = "", language: str = "") -> str:
        """A page for any browser: a QR code to scan with WeCom, or one click where WeCom runs beside the browser.

        Args:
            redirect_uri: As for `authorize_url`; its host is set at admin console: App Management > the app > WeCom
                authorised login.
            user: As for `authorize_url`.
            note: As for `authorize_url`.
            language: `zh` or `en`; the platform's choice when left out.

        Raises:
            ValueError: as `authorize_url`.
        """
        pending = self._ask(redirect_uri, user, note)
        query = {
            "login_type": "CorpApp",
            "appid": self._config.corp_id,
            "agentid": str(self._config.agent_id),
            "redirect_uri": redirect_uri,
            "state": pending.state,
            **({"lang": language} if language else {}),
        }
        return f"{self._config.login_url}/wwlogin/sso/login?{urlencode(query, quote_via=quote, safe='')}"

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
            raise NotPermittedError("wecom oauth: they have come back without a code: not agreed", platform="wecom")
        return await self._identify(code, pending)

    def on_authorized(self, handler: Handler) -> Handler:
        """Call this with each `Visitor`, and answer `/wecom/<account>/oauth` on `bridge.asgi()`.

        To be used before `bridge.asgi()`. The redirect_uri is then that address, as people reach it from outside.
        """
        self._told.handler = handler
        return handler

    def routes(self) -> tuple[WebhookRoute, ...]:
        """The address that people come back to, if anybody waits for them."""
        if self._told.handler is None:
            return ()
        return (oauth_route("wecom", self._config.name, self._come_back, self._drop),)

    async def close(self) -> None:
        """Cancel what `on_authorized` is doing."""
        await self._told.close()

    def _ask(self, redirect_uri: str, user: str, note: str) -> Pending:
        check_redirect_uri(redirect_uri)
        return self._pending.ask(redirect_uri, user, note)

    async def _identify(self, code: str, pending: Pending) -> Visitor:
        path = "/cgi-bin/auth/getuserinfo"
        facts = (await self._caller.call("GET", path, params={"code": code}, patience=_PATIENCE)).body
        ticket = facts.get("user_ticket")
        visitor = visitor_of(facts, note=pending.note)
        if not (visitor.userid or visitor.openid or visitor.external_userid):
            raise DeliveryError("wecom oauth: the platform does not say who it is", platform="wecom")
        if pending.user and visitor.userid.casefold() != pending.user.casefold():
            who = visitor.userid or "somebody outside the corp"
            raise NotPermittedError(f"wecom oauth: {pending.user} was asked and {who} has come", platform="wecom")
        if not isinstance(ticket, str) or not ticket:
            return visitor
        path = "/cgi-bin/auth/getuserdetail"
        detail = (await self._caller.call("POST", path, json={"user_ticket": ticket}, patience=_PATIENCE)).body
        return visitor_of(facts, note=pending.note, detail=detail)

    async def _come_back(self, code: str, state: str) -> None:
        visitor = await self.finish({"code": code, "state": state})
        self._told.tell(visitor, visitor.userid or "an outsider")

    def _drop(self, state: str) -> None:
        pending = self._pending.take(state)
        log.info("%s: %s has not authorised", self._config.key, pending.user or "somebody")
