"""One call of Feishu's HTTP API: token, pacing, error table, retries.

A 200 from the platform says nothing: the result is `code` in the JSON. A dead token comes with HTTP 200, 400 or 401.
"""

import asyncio
import math
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib import metadata
from typing import Any, BinaryIO, Literal, Protocol

from yarl import URL

from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.adapters.feishu.errors import API_ERRORS, NO_JSON, TOKEN_ERRORS
from imbridge.adapters.feishu.refusals import failure_of, json_object, sub_code
from imbridge.adapters.noted_token import NotedToken
from imbridge.adapters.notes import Notes
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

_TOO_MUCH = frozenset({99991400, 11232})
"""Refusals that concern all calls of an API, not only this one."""
_TESTED_SDK = "1.7.5"
_MAX_REFRESHES = 8
_CALL_TIMEOUT, _FILE_TIMEOUT = 10.0, 120.0
"""Seconds that one attempt may take; the first is the pool's own."""
_FIXED_PATH = "/open-apis/im/v1/messages"  # with one of five receive_id_type each: five addresses

Params = Mapping[str, str | Sequence[str]]
"""A query; a value that is a list is given once for each of its items, as the platform wants its lists."""
Limits = tuple[tuple[str, Rate], ...]
"""What a call counts against, by name."""
Form = Callable[[], AbstractAsyncContextManager[Any]]
"""Opens a multipart body, anew for each attempt: one that holds a file can be read once."""


def user_agent(tags: tuple[str, ...] = ()) -> str:
    """The User-Agent of the installed official SDK, without loading it.

    Reports say that the platform looks at it before it delivers some events, so we send exactly the SDK's.
    """
    try:
        version = metadata.version("lark-oapi")
    except metadata.PackageNotFoundError:
        version = _TESTED_SDK
    return " ".join((f"oapi-sdk-python/v{version}", *tags))


class Bearer(Protocol):
    """Where a call's access token comes from: the app's own, or a person's."""

    async def get(self) -> str:
        """The current token."""

    def invalidate(self, value: str) -> None:
        """The platform refused this one: get another."""


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Answer:
    """An answer that says success: its JSON object (empty for a file), the response itself, and the attempts made."""

    body: dict[str, Any]
    response: HttpResponse
    attempts: int

    @property
    def data(self) -> dict[str, Any]:
        """Its `data`; empty where there is none."""
        data = self.body.get("data")
        return data if isinstance(data, dict) else {}


class Caller:
    """Calls the API for one account."""

    def __init__(
        self,
        config: FeishuConfig,
        pool: HttpPool,
        notes: Notes,
        *,
        jitter: random.Random | None = None,
    ) -> None:
        """No I/O; `pool` is shared, everything else is this account's own. `notes` may keep the access token."""
        self.config = config
        self.pool = pool
        self.user_agent = user_agent(config.user_agent_tags)
        secret = config.app_secret.get_secret_value()
        keeper = NotedToken(notes, "tenant", config.api_url, config.app_id, secret)
        self.tokens = TokenSource(self.fetch_token, name=config.key, keeper=keeper)
        self.pacer = Pacer()
        self.calls = 0
        self.retries = 0
        self.refreshes = 0
        self._chat_rate = Rate.parse(config.chat_rate)
        self._api_rates = (Rate.parse(config.api_rate), Rate.parse(config.api_minute_rate))
        self._backoff = Backoff(0.5, 15.0, jitter)
        self._limits_of: dict[str, Limits] = {}
        self._urls: dict[str, URL] = {}
        self._last_headers: dict[str, str] = {}

    def counters(self) -> dict[str, int]:
        """Numbers for metrics."""
        return {"calls": self.calls, "retries": self.retries, "token_refreshes": self.refreshes}

    async def close(self) -> None:
        """Stop refreshing tokens."""
        await self.tokens.close()

    async def call(self, method: str, path: str, *, api: str, **options: Any) -> tuple[dict[str, Any], int]:
        """Call one API as `exchange` does.

        Returns:
            The answer's `data`, and the number of attempts.
        """
        answer = await self.exchange(method, path, api=api, **options)
        return answer.data, answer.attempts

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        api: str,
        json: Any = None,
        form: Form | None = None,
        params: Params | None = None,
        chat: str | None = None,
        binary: int = 0,
        into: BinaryIO | None = None,
        patience: float | None = None,
        person: Bearer | None = None,
        once: bool = False,
    ) -> "Answer":
        """Call one API until it is done or cannot be. What may be repeated without harm is.

        Args:
            method: HTTP method.
            path: Below the open platform's address.
            api: Name of the API, for its rate (ids left out of the path).
            json: JSON body; what creates something carries a `uuid`.
            form: Opens a multipart body, anew for each attempt.
            params: Query.
            chat: Chat whose rate counts, for messages.
            binary: The answer may be a file of at most so many bytes instead of JSON.
            into: Where such a file is written to, instead of into memory; from its beginning in each attempt.
            patience: Seconds after which passing trouble is given up; `send_timeout` when left out.
            person: Whose token is used, once renewed when it is refused; the app's own when left out.
            once: It cannot be repeated without harm: an attempt that may have arrived is the last one, and the error
                is `ambiguous`.

        Raises:
            DeliveryError: and its kinds, `RetargetError` and `DegradeError` among them.
            AuthError: the credentials are refused.
        """
        patience = self.config.send_timeout if patience is None else min(patience, self.config.send_timeout)
        deadline = asyncio.get_running_loop().time() + patience
        options: dict[str, Any] = {}
        if binary:
            options = {"max_bytes": binary, "timeout": _FILE_TIMEOUT}
        elif form is not None:
            options = {"timeout": _FILE_TIMEOUT}
        elif patience < _CALL_TIMEOUT:
            options = {"timeout": patience}
        attempt = refreshes = 0
        doubt = False
        while True:
            try:
                token = self.tokens.at_hand() if person is None else None
                if token is None:
                    token = await self._token(deadline, person or self.tokens)
                # After the token: those who wait for the first one must not leave all at once.
                limits = self._limits(api, chat)
                if not self.pacer.passes(*limits):
                    await self._pace(api, limits, deadline)
            except (DeliveryError, AuthError) as error:
                if doubt:  # this attempt did not leave, but an earlier one may have arrived
                    raise DeliveryError(str(error), code=error.code, platform="feishu", ambiguous=True) from error
                raise
            attempt += 1
            self.calls += 1
            try:
                if into is not None:
                    response = await self._download(into, self._url(path, params), token, options)
                elif form is not None:
                    async with form() as data:
                        response = await self.pool.request(
                            method, self._url(path, params), headers=self._headers(token), data=data, **options
                        )
                else:
                    response = await self.pool.request(
                        method, self._url(path, params), headers=self._headers(token), json=json, **options
                    )
            except HttpError as error:
                doubt = doubt or error.ambiguous
                failure = DeliveryError(f"feishu {api}: {error}", platform="feishu", ambiguous=doubt)
                # A redirect or an answer that is too long: the next one would be, too.
                if (error.sent and error.status is not None) or (once and doubt):
                    raise failure from None
                await self._wait(self._backoff.delay(attempt - 1), deadline, failure)
                continue
            if binary and response.status == 200 and _is_file(response.headers):
                return Answer({}, response, attempt)
            body = json_object(response)
            if body.get("code") == 0 and response.status < 400:
                return Answer(body, response, attempt)
            rule = API_ERRORS.lookup(body.get("code"), sub_code=sub_code(body), status=response.status)
            if body.get("code") is None and response.status < 400:
                rule = NO_JSON
            failure = failure_of(api, response, body, rule, self.config)
            if (
                rule.reaction is Reaction.REFRESH
                and refreshes < (_MAX_REFRESHES if person is None else 1)
                and asyncio.get_running_loop().time() < deadline
            ):
                refreshes += 1
                self.refreshes += 1
                (person or self.tokens).invalidate(token)
                continue
            if rule.reaction is Reaction.DONE:
                return Answer(body, response, attempt)
            failure.ambiguous = failure.ambiguous or doubt
            if rule.reaction is not Reaction.RETRY or (once and failure.ambiguous):
                raise failure
            delay = self._delay(api, chat, response, rule, attempt)
            doubt = failure.ambiguous = doubt or failure.ambiguous
            if isinstance(failure, RateLimitedError):
                failure.retry_after = delay
            await self._wait(delay, deadline, failure)

    async def _download(self, into: BinaryIO, url: URL, token: str, options: dict[str, Any]) -> HttpResponse:
        """`GET` a file; what is no file, a refusal, is in the response as ever."""
        await asyncio.to_thread(_empty, into)
        return await self.pool.stream_to(into, url, headers=self._headers(token), wanted=_is_file, **options)

    def _headers(self, token: str) -> dict[str, str]:
        """The headers of a call: made once for each token."""
        value = f"Bearer {token}"
        if self._last_headers.get("Authorization") != value:
            self._last_headers = {"Authorization": value, "User-Agent": self.user_agent}
        return self._last_headers

    def _url(self, path: str, params: Params | None) -> URL:
        """The whole address; those without an id in them, as of sending, are parsed once."""
        id_type = params.get("receive_id_type") if params is not None and len(params) == 1 else None
        if path != _FIXED_PATH or not isinstance(id_type, str):
            return URL(self.config.api_url + path).with_query(params)
        url = self._urls.get(id_type)
        if url is None:
            url = self._urls[id_type] = URL(self.config.api_url + path).with_query(params)
        return url

    def _delay(self, api: str, chat: str | None, response: HttpResponse, rule: ErrorRule, attempt: int) -> float:
        delay = retry_delay(response.headers, attempt - 1, rule, self._backoff)
        if rule.code == 230020 and chat is not None:
            self.pacer.pause(f"chat:{chat}", delay)
        elif response.status == 429 or rule.code in _TOO_MUCH:
            self.pacer.pause(f"api:{api}", delay)
        return delay

    async def _wait(self, delay: float, deadline: float, failure: DeliveryError) -> None:
        if asyncio.get_running_loop().time() + delay > deadline:
            raise failure
        self.retries += 1
        await asyncio.sleep(delay)

    def _limits(self, api: str, chat: str | None) -> Limits:
        """What a call counts against; those of the API itself are named once."""
        own = self._limits_of.get(api)
        if own is None:
            per_second, per_minute = self._api_rates
            own = self._limits_of[api] = ((f"api:{api}", per_second), (f"minute:{api}", per_minute))
        return own if chat is None else (*own, (f"chat:{chat}", self._chat_rate))

    async def _pace(self, api: str, limits: Limits, deadline: float) -> None:
        left = deadline - asyncio.get_running_loop().time()
        try:
            await promptly(self.pacer.acquire(*limits), max(left, 0.0))
        except TimeoutError:
            raise RateLimitedError(
                f"feishu {api}: not sent: the platform's limits held it back longer than send_timeout allows",
                platform="feishu",
            ) from None

    async def _token(self, deadline: float, tokens: Bearer) -> str:
        """The token, asked for again while the platform has passing trouble."""
        attempt = 0
        while True:
            try:
                return await tokens.get()
            except HttpError as error:
                await self._wait(
                    self._backoff.delay(attempt), deadline, DeliveryError(f"feishu token: {error}", platform="feishu")
                )
            except RateLimitedError as error:
                await self._wait(error.retry_after or 1.0, deadline, error)
            attempt += 1

    async def fetch_token(self, kind: Literal["tenant", "app"] = "tenant") -> tuple[str, float]:
        """`POST /open-apis/auth/v3/<kind>_access_token/internal`; the lifetime is in seconds, at most 7,200.

        Raises:
            HttpError: Nobody answered.
            RateLimitedError: The platform has passing trouble.
            DeliveryError: A gateway answered, not the platform.
            AuthError: The credentials are refused.
        """
        response = await self.pool.request(
            "POST",
            f"{self.config.api_url}/open-apis/auth/v3/{kind}_access_token/internal",
            headers={"User-Agent": self.user_agent},
            json={"app_id": self.config.app_id, "app_secret": self.config.app_secret.get_secret_value()},
        )
        body = json_object(response)
        code = body.get("code")
        value = body.get(f"{kind}_access_token")
        if code == 0 and isinstance(value, str):
            lifetime = body.get("expire")
            if not isinstance(lifetime, int | float) or not 0 < lifetime < math.inf:
                lifetime = 7200.0
            return value, float(lifetime)
        rule = API_ERRORS.lookup(code, status=response.status)
        if rule.reaction is Reaction.RETRY:
            raise RateLimitedError(
                f"feishu token: {rule.meaning} (code {code}, HTTP {response.status})",
                retry_after=retry_delay(response.headers, 0, rule, self._backoff),
                code=code,
                platform="feishu",
            )
        if code is None:
            said = body.get("msg") or f"HTTP {response.status} and no code"
            raise DeliveryError(
                f"feishu token: {self.config.api_url} answered {said}; check the domain, base_url and any proxy",
                code=response.status,
                platform="feishu",
            )
        hint = TOKEN_ERRORS.lookup(code).hint or "check app_id, app_secret and the domain (feishu or lark)"
        raise AuthError(f"Feishu refuses the app's credentials: {body.get('msg')} (code {code}); {hint}", code=code)


def _empty(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()


def _is_file(headers: Mapping[str, str]) -> bool:
    """A file, which may well be a JSON file; refusals are JSON too, but name no file."""
    return "Content-Disposition" in headers or "json" not in headers.get("Content-Type", "")
