"""Who somebody at a browser is: by the login page, or inside DingTalk by the code that its JavaScript gives.

Sources: open.dingtalk.com, "log in to third-party websites" (login.dingtalk.com/oauth2/auth, which knows no PKCE:
`state` is what ties the way back to whoever was asked), "obtain a user's token" (oauth2/userAccessToken: two hours, the
refresh token 30 days), "personal information of an address book" (contact/users/me), "user information by login-free
code" (topapi/v2/user/getuserinfo). A code counts once, for 5 minutes.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.services.contacts import DingTalkContacts
from imbridge.adapters.dingtalk.services.person import PersonCaller, Visitor, open_facts, person_of, tokens_of
from imbridge.adapters.entries import text
from imbridge.adapters.oauth_page import oauth_route
from imbridge.adapters.oauth_state import Pending, PendingAuthorisations, check_redirect_uri
from imbridge.adapters.oauth_told import Told
from imbridge.protocol import DeliveryError, NotPermittedError
from imbridge.transport import HttpPool, WebhookRoute

log = logging.getLogger(__name__)

_PAGE = "/oauth2/auth"
_TOKEN = "/v1.0/oauth2/userAccessToken"  # noqa: S105 - a path
_ME = "/v1.0/contact/users/me"
_IN_APP = "/topapi/v2/user/getuserinfo"
_CODE = "authCode"
_OVER = "InvalidAuthentication"
_PATIENCE = 30.0
"""Seconds; somebody waits at a browser, and the code is good for 5 minutes."""

Handler = Callable[[Visitor], Awaitable[None]]


class OAuth:
    """The people who log in to one app."""

    def __init__(self, api: DingTalkApi, pool: HttpPool, contacts: DingTalkContacts) -> None:
        """No I/O."""
        self._api = api
        self._pool = pool
        self._config = api.config
        self._contacts = contacts
        self._pending = PendingAuthorisations("dingtalk")
        self._told: Told[Visitor] = Told(api.config.key)

    # -- asking --------------------------------------------------------------------------------------------------------

    def authorize_url(self, redirect_uri: str, *, corp: bool = False, user: str = "", note: str = "") -> str:
        """A page for any browser, on which somebody logs in; it can be used once, within 10 minutes.

        Args:
            redirect_uri: Where they are sent to, with `authCode` and `state`. It has to be on the app's list (developer
                console: the app > Security settings > Redirect URL).
            corp: They choose an organisation, too: `Visitor.corp_id`. With the setting `corp_id`, no other counts.
            user: The userid of who is meant. Somebody else who comes back is refused: a link that was passed on does
                not tell them apart otherwise.
            note: Comes back in `Visitor.note`; nobody else sees it.

        Raises:
            ValueError: `redirect_uri` is no address that a code may be sent to.
        """
        check_redirect_uri(redirect_uri)
        pending = self._pending.ask(redirect_uri, user, note)
        query = {
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "client_id": self._config.client_id,
            "scope": "openid corpid" if corp else "openid",
            "state": pending.state,
            "prompt": "consent",
            **({"corpId": self._config.corp_id} if corp and self._config.corp_id else {}),
        }
        return f"{self._config.login_url}{_PAGE}?{urlencode(query, quote_via=quote, safe='')}"

    # -- who it is -----------------------------------------------------------------------------------------------------

    async def finish(self, query: Mapping[str, str]) -> Visitor:
        """Who has come back.

        Args:
            query: Of the address that they came back to: `authCode` and `state`.

        Raises:
            NotPermittedError: The state or the code is not good (any more), there is no code, it is somebody else, or
                they chose another organisation.
            AuthError: The app's credentials are refused.
            DeliveryError: The platform could not be asked.
        """
        pending = self._pending.take(query.get("state", ""))
        code = query.get(_CODE, "")
        if not code:
            raise NotPermittedError(
                "dingtalk oauth: they have come back without a code: not agreed", platform="dingtalk"
            )
        granted = await self._grant({"grantType": "authorization_code", "code": code}, code)
        corp_id, own = text(granted, "corpId"), self._config.corp_id
        if corp_id and own and corp_id != own:
            raise NotPermittedError("dingtalk oauth: they chose another organisation", platform="dingtalk")
        facts = await self._me(text(granted, "accessToken"))
        visitor = Visitor(
            **person_of(facts),
            **tokens_of(granted),
            corp_id=corp_id,
            note=pending.note,
            payload=open_facts(granted) | facts,
        )
        if not visitor.union_id:
            raise DeliveryError("dingtalk oauth: the platform does not say who it is", platform="dingtalk")
        visitor = visitor.model_copy(update={"userid": await self._userid(visitor.union_id, pending)})
        if pending.user and visitor.userid != pending.user:
            who = visitor.userid or "somebody outside the organisation"
            raise NotPermittedError(f"dingtalk oauth: {pending.user} was asked and {who} has come", platform="dingtalk")
        return visitor

    async def identify(self, code: str) -> Visitor:
        """Who has opened a page inside DingTalk; it must be a member of the organisation.

        Args:
            code: What the page got by `requestAuthCode`.

        Raises:
            NotPermittedError: The code is not good (any more).
            DeliveryError: The platform could not be asked.
        """
        limits = self._api.limits(_IN_APP)
        answer = await self._api.oapi.call(
            "POST", _IN_APP, json={"code": code}, limits=limits, patience=_PATIENCE, once=True
        )
        result = answer.body.get("result")
        facts = result if isinstance(result, dict) else {}
        if not text(facts, "userid"):
            raise DeliveryError("dingtalk oauth: the platform does not say who it is", platform="dingtalk")
        return Visitor(
            userid=text(facts, "userid"),
            union_id=text(facts, "unionid"),
            name=text(facts, "name"),
            corp_id=self._config.corp_id,
            payload=facts,
        )

    async def refresh(self, visitor: Visitor) -> Visitor:
        """The same person with a new token; the old refresh token counts no more.

        Raises:
            NotPermittedError: Thirty days are over, it was used before, or they have taken their agreement back.
            AuthError: The app's credentials are refused.
            DeliveryError: The platform could not be asked.
        """
        token = visitor.refresh_token.get_secret_value()
        if not token:
            raise NotPermittedError("dingtalk oauth: there is nothing to refresh; they must log in again")
        granted = await self._grant({"grantType": "refresh_token", "refreshToken": token}, token)
        return visitor.model_copy(update=tokens_of(granted))

    async def userinfo(self, visitor: Visitor) -> Visitor:
        """The same person as the platform knows them now.

        Raises:
            NotPermittedError: Their token is not good any more: `refresh`, or ask them again.
            DeliveryError: The platform could not be asked.
        """
        facts = await self._me(visitor.access_token.get_secret_value())
        return visitor.model_copy(update={**person_of(facts), "payload": visitor.payload | facts})

    # -- coming back ---------------------------------------------------------------------------------------------------

    def on_authorized(self, handler: Handler) -> Handler:
        """Call this with each `Visitor`, and answer `/dingtalk/<account>/oauth` on `bridge.asgi()`.

        To be used before `bridge.asgi()`. The redirect_uri is then that address, as people reach it from outside.
        """
        self._told.handler = handler
        return handler

    def routes(self) -> tuple[WebhookRoute, ...]:
        """The address that people come back to, if anybody waits for them."""
        if self._told.handler is None:
            return ()
        return (oauth_route("dingtalk", self._config.name, self._come_back, self._drop, code_name=_CODE),)

    async def close(self) -> None:
        """Cancel what `on_authorized` is doing."""
        await self._told.close()

    async def _come_back(self, code: str, state: str) -> None:
        visitor = await self.finish({_CODE: code, "state": state})
        self._told.tell(visitor, visitor.userid or "an outsider")

    def _drop(self, state: str) -> None:
        pending = self._pending.take(state)
        log.info("%s: %s has not authorised", self._config.key, pending.user or "somebody")

    # -- calls ---------------------------------------------------------------------------------------------------------

    async def _grant(self, asked: dict[str, Any], secret: str) -> dict[str, Any]:
        own = self._config.client_secret.get_secret_value()
        caller = PersonCaller(self._api, self._pool, hidden=(own, secret))
        body = {"clientId": self._config.client_id, "clientSecret": own, **asked}
        answer = await caller.call("POST", _TOKEN, json=body, patience=_PATIENCE, once=True)
        if not text(answer.body, "accessToken"):
            raise DeliveryError("dingtalk oauth: an answer without a token", platform="dingtalk")
        return answer.body

    async def _me(self, token: str) -> dict[str, Any]:
        caller = PersonCaller(self._api, self._pool, token=token)
        try:
            return (await caller.call("GET", _ME, patience=_PATIENCE)).body
        except DeliveryError as error:
            if error.code != _OVER:
                raise
            raise NotPermittedError(
                "dingtalk oauth: their token is not good any more: refresh it, or ask them again",
                code=error.code,
                platform="dingtalk",
            ) from None

    async def _userid(self, union_id: str, pending: Pending) -> str:
        try:
            return await self._contacts.user_by_union_id(union_id) or ""
        except NotPermittedError as error:
            if pending.user:
                raise
            log.warning("%s: who has logged in is not looked up in the address book: %s", self._config.key, error)
            return ""
