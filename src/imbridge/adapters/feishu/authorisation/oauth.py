"""People who let the app act for them: authorise, exchange, refresh, call.

Rules: open.feishu.cn, authentication-management/access-token (obtain-oauth-code, get-user-access-token,
refresh-user-access-token). A refresh token counts once and is replaced at each refresh: the new one is stored before
anybody is given the access token that came with it. The platform has no address to give a token back to.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode
from weakref import WeakValueDictionary

from imbridge.adapters.feishu.authorisation.bearers import IssuedToken, PersonToken
from imbridge.adapters.feishu.authorisation.oauth_grant import EndedError, Grants, read_token
from imbridge.adapters.feishu.authorisation.user_token import KeptUserTokens, UserToken, UserTokenStore
from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.refusals import passing
from imbridge.adapters.kept_tokens import KeptTokens
from imbridge.adapters.oauth_page import oauth_route
from imbridge.adapters.oauth_state import Pending, PendingAuthorisations, check_redirect_uri
from imbridge.adapters.oauth_told import Told
from imbridge.protocol import DeliveryError, NotPermittedError
from imbridge.transport import WebhookRoute

log = logging.getLogger(__name__)

_AUTHORIZE = "/open-apis/authen/v1/authorize"
_USER_INFO = "/open-apis/authen/v1/user_info"
_OFFLINE = "offline_access"
_MOST_SCOPES = 50
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_CLOSING = 30.0
"""Seconds that tokens on their way get at the end: two attempts at the platform, and the store."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Authorized:
    """Somebody has agreed.

    Attributes:
        token: Theirs.
        note: What `authorize_url` was given to bring back.
    """

    token: UserToken
    note: str = ""


Handler = Callable[[Authorized], Awaitable[None]]


class OAuth:
    """The people of one account.

    Attributes:
        store: Where their tokens are kept: where the bridge keeps credentials, unless it is replaced before the first
            use.
    """

    def __init__(self, caller: Caller, tokens: KeptTokens) -> None:
        """No I/O; `tokens` keep the account's credentials."""
        self.store: UserTokenStore = KeptUserTokens(tokens)
        self._caller = caller
        self._config = caller.config
        self._account = caller.config.key
        self._grants = Grants(caller)
        self._pending = PendingAuthorisations("feishu")
        self._renewing: dict[str, asyncio.Task[UserToken]] = {}
        self._unsaved: dict[str, UserToken] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._refused: dict[str, str] = {}
        self._work: set[asyncio.Task[Any]] = set()
        self._told: Told[Authorized] = Told(self._account)

    # -- asking --------------------------------------------------------------------------------------------------------

    def authorize_url(
        self, redirect_uri: str, scopes: Iterable[str] = (), *, user: str = "", note: str = "", offline: bool = True
    ) -> str:
        """The page on which somebody lets the app act for them; it can be used once, within 10 minutes.

        Args:
            redirect_uri: Where they are sent back to, with `code` and `state`. It has to be on the app's list (console:
                Security Settings > Redirect URLs).
            scopes: What they are asked to grant. The app must have each of them, as a *user* scope.
            user: The open_id of who asked. Somebody else's agreement is refused then: a link that was passed on brings
                nobody's tokens to where they are not meant to be.
            note: Comes back with the token, in `on_authorized`; nobody else sees it.
            offline: Ask for `offline_access` too, without which the token ends for good after about two hours.

        Raises:
            ValueError: `redirect_uri` is no address that a code may be sent to, or there are more than 50 scopes.
        """
        check_redirect_uri(redirect_uri)
        wanted = dict.fromkeys((*scopes, *((_OFFLINE,) if offline else ())))
        if len(wanted) > _MOST_SCOPES:
            raise ValueError(f"at most {_MOST_SCOPES} scopes can be asked for at once, not {len(wanted)}")
        pending = self._pending.ask(redirect_uri, user, note)
        query = {
            "client_id": self._config.app_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": " ".join(wanted),
            "state": pending.state,
            "code_challenge": pending.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._config.accounts_url}{_AUTHORIZE}?{urlencode(query, quote_via=quote)}"

    async def finish(self, code: str, state: str) -> UserToken:
        """Exchange what came back for tokens, and keep them.

        Raises:
            NotPermittedError: The state or the code is not good (any more), or somebody else has agreed.
            AuthError: The app's credentials are refused.
            DeliveryError: The platform could not be asked.
        """
        return (await self._finish(code, state)).token

    async def _finish(self, code: str, state: str) -> Authorized:
        pending = self._pending.take(state)
        # A task of its own: a browser that goes away must not lose tokens on their way into the store.
        return await asyncio.shield(self._own(self._exchange(code, pending)))

    async def _exchange(self, code: str, pending: Pending) -> Authorized:
        answer = await self._grants.ask(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": pending.redirect_uri,
                "code_verifier": pending.verifier,
            }
        )
        bearer = IssuedToken(str(answer.get("access_token") or ""))
        person, _ = await self._caller.call("GET", _USER_INFO, api="authen.user_info", person=bearer)
        open_id = str(person.get("open_id") or "")
        if not open_id:
            raise DeliveryError("feishu oauth: the platform does not say who has authorised", platform="feishu")
        if pending.user and open_id != pending.user:
            raise NotPermittedError(
                f"feishu oauth: {pending.user} was asked to authorise and {open_id} did; nothing is kept",
                platform="feishu",
            )
        token = read_token(answer, open_id, str(person.get("name") or ""))
        async with self._turn(open_id):  # a refresh of what they had granted before must not come after it
            await self._keep(token)
        return Authorized(token, pending.note)

    # -- tokens --------------------------------------------------------------------------------------------------------

    async def token(self, open_id: str) -> str:
        """The person's access token, renewed ahead of its end: once, however many ask.

        Raises:
            NotPermittedError: They have not authorised, or have to do so again.
            DeliveryError: It has to be renewed, and the platform could not be asked.
        """
        held = await self._held(open_id)
        if not self._is_fresh(held):
            try:
                held = await self._renew(open_id)
            except DeliveryError as error:
                if not passing(error) or not held.lasts() or self._is_refused(held):
                    raise
                log.warning("%s: the token of %s is used while it lasts: %s", self._account, open_id, error)
        return held.access_token.get_secret_value()

    async def forget(self, open_id: str) -> None:
        """Forget a person's tokens. What they granted stays on the platform until they take it back there."""
        await asyncio.shield(self._own(self._forget(open_id)))

    async def call(
        self,
        open_id: str,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        repeat: bool | None = None,
    ) -> dict[str, Any]:
        """Call an API as this person, with the account's pacing, retries and errors.

        Args:
            open_id: Who.
            method: HTTP method.
            path: `/open-apis/...`.
            json: JSON body.
            params: Query.
            repeat: Whether the call may be made again when an attempt got lost that may have arrived; left out: for
                GET, HEAD, PUT and DELETE.

        Returns:
            The answer's `data`.

        Raises:
            NotPermittedError: They have not authorised, or not this: the error names the scope.
            DeliveryError: and its kinds.
            ValueError: `path` is none of the open platform's.
        """
        if not path.startswith("/open-apis/"):
            raise ValueError(f"an API's path begins with /open-apis/, not {path[:40]!r}")
        data, _ = await self._caller.call(
            method,
            path,
            api=f"{method} {path}",
            json=json,
            params=params,
            person=PersonToken(open_id, self.token, self.refuse),
            once=method.upper() not in _REPEATABLE if repeat is None else not repeat,
        )
        return data

    # -- the way back --------------------------------------------------------------------------------------------------

    def on_authorized(self, handler: Handler) -> Handler:
        """Call this with each `Authorized`, and answer `/feishu/<account>/oauth` on `bridge.asgi()`.

        To be used before `bridge.asgi()`. The redirect_uri is then that address, as people reach it from outside.
        """
        self._told.handler = handler
        return handler

    def routes(self) -> tuple[WebhookRoute, ...]:
        """The address that people come back to, if anybody waits for them."""
        if self._told.handler is None:
            return ()
        return (oauth_route("feishu", self._config.name, self._come_back, self._drop),)

    async def _come_back(self, code: str, state: str) -> None:
        authorized = await self._finish(code, state)
        self._told.tell(authorized, authorized.token.open_id)

    def _drop(self, state: str) -> None:
        pending = self._pending.take(state)
        log.info("%s: %s has not authorised", self._account, pending.user or "somebody")

    async def close(self) -> None:
        """Wait for tokens that are on their way: a refresh that is cut off would cost the person their authorisation.

        A store that hangs is given up after half a minute. What `on_authorized` is doing is cancelled.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + _CLOSING
        while self._work and (left := end - clock()) > 0:
            await asyncio.wait(tuple(self._work), timeout=left)
        if work := tuple(self._work):
            log.error("%s: closed with %d token(s) on their way, which may be lost", self._account, len(work))
            for task in work:
                task.cancel()
            await asyncio.wait(work)
        await self._told.close()

    # -- inside --------------------------------------------------------------------------------------------------------

    def refuse(self, open_id: str, value: str) -> None:
        """The platform does not take this access token: the next one to ask gets another."""
        self._refused[open_id] = value

    def _own(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work, name=f"oauth:{self._account}")
        self._work.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._work.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits raises it; when all of them have gone away, nobody is to be told

    def _is_refused(self, token: UserToken) -> bool:
        return self._refused.get(token.open_id) == token.access_token.get_secret_value()

    def _is_fresh(self, token: UserToken) -> bool:
        return datetime.now(UTC) < token.renew_at and not self._is_refused(token)

    def _turn(self, open_id: str) -> asyncio.Lock:
        """Whoever changes what is stored of a person has this meanwhile: the newest comes last, whatever is slow.

        Only tasks of `_own` take it: what a caller gives up may go on in a thread, and must come before the next.
        """
        turn = self._turns.get(open_id)
        if turn is None:
            turn = self._turns[open_id] = asyncio.Lock()
        return turn

    async def _held(self, open_id: str) -> UserToken:
        if open_id in self._unsaved:
            await asyncio.shield(self._own(self._save(open_id)))
        return await self._stored(open_id)

    async def _save(self, open_id: str) -> None:
        """Store what could not be stored, or wait for who is doing it."""
        async with self._turn(open_id):
            if (unsaved := self._unsaved.get(open_id)) is not None:
                await self._keep(unsaved)

    async def _stored(self, open_id: str) -> UserToken:
        held = await self.store.get(self._account, open_id)
        if held is None:
            raise NotPermittedError(
                f"feishu oauth: {open_id} has not authorised this app; send them to oauth.authorize_url",
                platform="feishu",
            )
        return held

    async def _forget(self, open_id: str) -> None:
        async with self._turn(open_id):  # what a refresh fetches would be kept after all
            await self._lose(open_id)

    async def _lose(self, open_id: str) -> None:
        self._unsaved.pop(open_id, None)
        self._refused.pop(open_id, None)
        await self.store.delete(self._account, open_id)

    async def _keep(self, token: UserToken) -> None:
        self._unsaved[token.open_id] = token  # until it is stored: the token it replaces is worth nothing any more
        await self.store.put(self._account, token)
        self._unsaved.pop(token.open_id, None)
        self._refused.pop(token.open_id, None)

    async def _renew(self, open_id: str) -> UserToken:
        task = self._renewing.get(open_id)
        if task is None:
            task = self._renewing[open_id] = self._own(self._refresh(open_id))
            task.add_done_callback(lambda _: self._renewing.pop(open_id, None))
        # Not `await task`: a caller that is cancelled must not cancel the refresh that the others wait for.
        await asyncio.wait((task,))
        return task.result()

    async def _refresh(self, open_id: str) -> UserToken:
        async with self._turn(open_id):
            return await self._refreshed(open_id)

    async def _refreshed(self, open_id: str) -> UserToken:
        if (unsaved := self._unsaved.get(open_id)) is not None:
            await self._keep(unsaved)
        held = await self._stored(open_id)
        if self._is_fresh(held):
            return held  # renewed while we were on our way here
        if held.refresh_token is None:
            if held.lasts() and not self._is_refused(held):
                return held
            await self._lose(open_id)
            raise _again(open_id, "it has ended, and they had not granted offline_access")
        try:
            answer = await self._grants.ask(
                {"grant_type": "refresh_token", "refresh_token": held.refresh_token.get_secret_value()}
            )
        except EndedError as error:
            other = await self.store.get(self._account, open_id)
            if other is not None and other.refresh_token != held.refresh_token:
                return other  # another process has been faster
            await self._lose(open_id)
            raise _again(open_id, str(error), error.code) from None
        token = read_token(answer, open_id, held.name)
        await self._keep(token)
        return token


def _again(open_id: str, why: str, code: int | str | None = None) -> NotPermittedError:
    return NotPermittedError(
        f"feishu oauth: {open_id} has to authorise again: {why}; send them to oauth.authorize_url",
        code=code,
        platform="feishu",
    )
