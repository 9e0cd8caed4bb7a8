"""Calls to APIs that answer `{"errcode": ..., "errmsg": ...}` with HTTP 200: token, pacing, error table, retries.

WeCom, the WeChat Official Account and DingTalk's older API are of this kind: the access token is part of the query. An
API that differs in where the token goes and where the code stands (DingTalk's newer one) says so in a subclass.
"""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO

from yarl import URL

from imbridge.adapters.errcode_refusals import (
    NO_JSON,
    Api,
    failure_of,
    json_object,
    without,
)
from imbridge.protocol import (
    AuthError,
    DeliveryError,
    RateLimitedError,
)
from imbridge.transport import (
    Backoff,
    ErrorRule,
    HttpError,
    HttpPool,
    HttpResponse,
    Pacer,
    Rate,
    Reaction,
    TokenSource,
    retry_delay,
)
from imbridge.transport.prompt import promptly

_MAX_REFRESHES = 1
_STALE = 0.1
"""Seconds of being held back after which a token is looked at again."""
_SHOWN = 5
"""Limits that an error names: a message to many people counts against those of each."""
_CALL_TIMEOUT, _FILE_TIMEOUT = 10.0, 120.0
"""Seconds that one attempt may take; the first is the pool's own."""

Form = Callable[[], AbstractAsyncContextManager[Any]]
"""Opens a multipart body, anew for each attempt: one that holds a file can be read once."""
Limits = Sequence[tuple[str, Rate]]
"""Rates that a call counts against, by the key of what is limited."""


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Answer:
    """An answer that says success: its JSON (empty for a file), the response, the attempts, the seconds held back."""

    body: dict[str, Any]
    response: HttpResponse
    attempts: int
    held: float = 0.0


class ErrcodeCaller:
    """Calls the API for one account.

    Args:
        api: Where and how.
        pool: Shared by all; everything else here is this account's own.
        token: Asks for an access token; returns it and its lifetime in seconds. Or the tokens of another caller, where
            two APIs take the same. None where the address itself is the credential, as of a group's robot.
    """

    def __init__(
        self,
        api: Api,
        pool: HttpPool,
        token: "Callable[[], Awaitable[tuple[str, float]]] | TokenSource | None" = None,
        *,
        jitter: random.Random | None = None,
    ) -> None:
        self.api = api
        self.pool = pool
        self.tokens = TokenSource(token, name=api.account) if callable(token) else token
        self.pacer = Pacer()
        self.calls = 0
        self.retries = 0
        self.refreshes = 0
        self.backoff = Backoff(0.5, 15.0, jitter)
        self._url: tuple[tuple[str, str], URL] | None = None

    async def close(self) -> None:
        """Stop refreshing tokens."""
        if self.tokens is not None:
            await self.tokens.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Form | None = None,
        params: Mapping[str, str] | None = None,
        limits: Limits = (),
        binary: int = 0,
        into: BinaryIO | None = None,
        patience: float | None = None,
        timeout: float | None = None,
        once: bool = False,
    ) -> Answer:
        """Call one API until it is done or cannot be.

        Args:
            method: HTTP method.
            path: Below the API's address.
            json: JSON body.
            form: Opens a multipart body, anew for each attempt.
            params: Query, beside the token.
            limits: Rates that it counts against; each attempt counts.
            binary: The answer may be a file of at most so many bytes instead of JSON.
            into: Where such a file is written to, instead of into memory; from its beginning in each attempt.
            patience: Seconds after which passing trouble is given up; the API's `timeout` when left out.
            timeout: Seconds that one attempt may take, where that is longer than usual.
            once: It cannot be repeated without harm: an attempt that may have arrived is the last one, and the error
                is `ambiguous`.

        Raises:
            DeliveryError: and its kinds, `RetargetError` and `DegradeError` among them.
            AuthError: the credentials are refused.
        """
        patience = self.api.timeout if patience is None else min(patience, self.api.timeout)
        clock = asyncio.get_running_loop().time
        deadline = clock() + patience
        options: dict[str, Any] = {}
        if binary:
            options = {"max_bytes": binary, "timeout": _FILE_TIMEOUT}
        elif form is not None:
            options = {"timeout": _FILE_TIMEOUT}
        elif timeout is not None or patience < _CALL_TIMEOUT:
            options = {"timeout": min(patience, timeout or _CALL_TIMEOUT)}
        attempt = refreshes = 0
        retried: Counter[int | str] = Counter()
        held = 0.0
        doubt = False
        while True:
            try:
                token = await self._token(deadline)
                # After the token: those who wait for the first one must not leave all at once.
                waited = await self._pace(path, limits, deadline)
                if waited > _STALE:  # another call may have had it refused meanwhile
                    token = await self._token(deadline)
                held += waited
            except (DeliveryError, AuthError) as error:
                if doubt:  # this attempt did not leave, but an earlier one may have arrived
                    raise DeliveryError(
                        str(error), code=error.code, platform=self.api.platform, ambiguous=True
                    ) from error
                raise
            attempt += 1
            self.leaving(path)
            url = self.address(path, params, token)
            if (headers := self.headers(token)) is not None:
                options["headers"] = headers
            try:
                if into is not None:
                    response = await self._download(into, url, options)
                elif form is not None:
                    async with form() as data:
                        response = await self.pool.request(method, url, data=data, **options)
                else:
                    response = await self.pool.request(method, url, json=json, **options)
            except HttpError as error:
                doubt = doubt or error.ambiguous
                failure = DeliveryError(f"{self._named(path)}: {error}", platform=self.api.platform, ambiguous=doubt)
                # A redirect or an answer that is too long: the next one would be, too.
                if (error.sent and error.status is not None) or (once and doubt):
                    raise failure from None
                await self._wait(self.backoff.delay(attempt - 1), deadline, failure)
                continue
            if binary and response.status == 200 and is_file(response.headers):
                return Answer({}, response, attempt, held)
            code, body = self.read(response)
            if code == 0 and response.status < 400:
                return Answer(body, response, attempt, held)
            rule = self.api.errors.lookup(code, status=response.status)
            if code is None and response.status < 400:
                rule = NO_JSON
            if rule.reaction is Reaction.REFRESH and self.tokens is not None and refreshes < _MAX_REFRESHES:
                refreshes += 1
                self.refreshes += 1
                self.tokens.invalidate(token)
                continue
            failure = failure_of(self.api, self._named(path), response, without(token, body), code, rule)
            failure.ambiguous = failure.ambiguous or doubt
            if rule.reaction is Reaction.STOP and not failure.ambiguous:
                raise AuthError(str(failure), code=failure.code)
            if rule.reaction is not Reaction.RETRY or (once and failure.ambiguous):
                raise failure
            retried[rule.code] += 1
            if rule.retries is not None and retried[rule.code] > rule.retries:
                raise failure
            delay = retry_delay(response.headers, attempt - 1, rule, self.backoff)
            doubt = failure.ambiguous
            if isinstance(failure, RateLimitedError):
                failure.retry_after = delay
                self.hold(limits, delay, rule)  # the others that wait would only be refused too
            await self._wait(delay, deadline, failure)

    async def _download(self, into: BinaryIO, url: URL, options: dict[str, Any]) -> HttpResponse:
        """`GET` a file; what is no file, a refusal, is in the response as ever."""
        await asyncio.to_thread(_empty, into)
        return await self.pool.stream_to(into, url, wanted=is_file, **options)

    # -- what another kind of API does otherwise -----------------------------------------------------------------------

    def leaving(self, path: str) -> None:
        """An attempt is about to leave."""
        self.calls += 1

    def headers(self, token: str) -> dict[str, str] | None:
        """Headers that a call needs; here the token is part of the address."""
        return None

    def read(self, response: HttpResponse) -> tuple[Any, dict[str, Any]]:
        """The code of an answer (0: success; None: it is none of the platform's), and its JSON with `errmsg`."""
        body = json_object(response)
        return body.get("errcode", 0 if body else None), body

    def hold(self, limits: Limits, seconds: float, rule: ErrorRule) -> None:
        """The platform says that a call comes too soon: nothing that counts against the same limits leaves for now."""
        for key, _ in limits:
            self.pacer.pause(key, seconds)

    def address(self, path: str, params: Mapping[str, str] | None, token: str) -> URL:
        """The whole address; the one used last is not made anew, for most messages go to one."""
        if params is None and self._url is not None and self._url[0] == (path, token):
            return self._url[1]
        query = {"access_token": token, **(params or {})} if token else {**(params or {})}
        url = URL(self.api.base_url + path).with_query(query)
        if params is None:
            self._url = ((path, token), url)
        return url

    async def _wait(self, delay: float, deadline: float, failure: DeliveryError) -> None:
        if asyncio.get_running_loop().time() + delay > deadline:
            raise failure
        self.retries += 1
        await asyncio.sleep(delay)

    async def _pace(self, path: str, limits: Limits, deadline: float) -> float:
        """Wait until the limits let it through; for how many seconds."""
        if not limits or self.pacer.passes(*limits):
            return 0.0
        clock = asyncio.get_running_loop().time
        began = clock()
        left = max(deadline - began, 0.0)
        paused = max(self.pacer.paused(key) for key, _ in limits)
        try:
            # Nothing is gained by waiting for the end of a pause that comes too late.
            await promptly(self.pacer.acquire(*limits), left if paused <= left else 0.0)
        except TimeoutError:
            keys = ", ".join(f"{rate} of {key}" for key, rate in limits[:_SHOWN])
            keys += f", and {len(limits) - _SHOWN} more" if len(limits) > _SHOWN else ""
            raise RateLimitedError(
                f"{self._named(path)}: not sent: the limits ({keys}) held it back longer than send_timeout allows",
                retry_after=paused or None,
                platform=self.api.platform,
            ) from None
        return clock() - began

    async def token(self, *, patience: float) -> str:
        """An access token, for what is no call of an API; passing trouble is given up after `patience` seconds."""
        return await self._token(asyncio.get_running_loop().time() + patience)

    async def _token(self, deadline: float) -> str:
        """The token, asked for again while the platform has passing trouble."""
        if self.tokens is None:
            return ""
        attempt = 0
        while True:
            try:
                return await self.tokens.get()
            except HttpError as error:
                failure = DeliveryError(f"{self.api.platform} token: {error}", platform=self.api.platform)
                await self._wait(self.backoff.delay(attempt), deadline, failure)
            except RateLimitedError as error:
                await self._wait(error.retry_after or 1.0, deadline, error)
            attempt += 1

    def _named(self, path: str) -> str:
        return f"{self.api.platform} {path.removeprefix('/cgi-bin/')}"

    async def fetch(
        self, path: str, params: Mapping[str, str], hint: str, *, json: Mapping[str, Any] | None = None
    ) -> tuple[str, float]:
        """Ask for an access token, by `GET`, or by `POST` where there is a JSON body; the lifetime is in seconds.

        Raises:
            HttpError: Nobody answered.
            RateLimitedError: The platform has passing trouble.
            DeliveryError: A gateway answered, not the platform.
            AuthError: The credentials are refused; `hint` says where to look.
        """
        api = self.api
        method = "GET" if json is None else "POST"
        response = await self.pool.request(method, URL(api.base_url + path).with_query(params), json=json)
        body = json_object(response)
        code, value = body.get("errcode", 0 if body else None), body.get("access_token")
        if code == 0 and isinstance(value, str) and value:
            lifetime = body.get("expires_in")
            if not isinstance(lifetime, int | float) or not 0 < lifetime < math.inf:
                lifetime = 7200.0
            return value, float(lifetime)
        rule = api.errors.lookup(code, status=response.status)
        if rule.reaction is Reaction.RETRY:
            raise RateLimitedError(
                f"{api.platform} token: {rule.meaning} (code {code}, HTTP {response.status})",
                retry_after=retry_delay(response.headers, 0, rule, self.backoff),
                code=code,
                platform=api.platform,
            )
        if not isinstance(code, int):
            raise DeliveryError(
                f"{api.platform} token: {api.base_url} answered HTTP {response.status} and no errcode; check base_url "
                "and any proxy",
                code=response.status,
                platform=api.platform,
            )
        for secret in ("corpsecret", "secret"):
            body = without(str((json or params).get(secret, "")), body)
        where = rule.hint if rule.reaction is not Reaction.REFRESH and rule.hint else hint
        raise AuthError(
            f"{api.platform} refuses the credentials: {str(body.get('errmsg'))[:200]} (code {code}); {where}", code=code
        )


def is_file(headers: Mapping[str, str]) -> bool:
    """A file, which may well be a JSON file; refusals are JSON too, but name no file."""
    kind = headers.get("Content-Type", "")
    return "Content-Disposition" in headers or not ("json" in kind or kind.startswith("text/plain"))


def _empty(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()
