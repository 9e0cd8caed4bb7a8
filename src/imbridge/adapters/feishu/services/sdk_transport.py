"""How a client of the official SDK talks, when it is ours: over the bridge's connections, with the account's token.

It takes the place of `lark_oapi.core.http.Transport` and of `lark_oapi.core.token.verify` for one client. The SDK's own
transport makes a new HTTP client for each call, and fetches tokens with blocking calls. Neither is used here.
"""

import asyncio
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from imbridge.adapters.feishu.calls import Bearer, Caller
from imbridge.adapters.feishu.errors import API_ERRORS
from imbridge.adapters.feishu.refusals import json_object
from imbridge.protocol import DeliveryError, NotPermittedError, NotSupportedError
from imbridge.transport import HttpResponse, Reaction, TokenSource

_MOST = 100 << 20
_DEFAULT_TIMEOUT = 30.0


class SdkTransport:
    """Sends the requests of one account's client."""

    def __init__(self, caller: Caller, lark: Any) -> None:
        """For the running loop.

        Args:
            caller: The account's caller, whose token and connections are used.
            lark: The module `lark_oapi`.
        """
        self._caller = caller
        self._lark = lark
        self._loop = asyncio.get_running_loop()
        self._app_tokens = TokenSource(lambda: caller.fetch_token("app"), name=f"{caller.config.key}:app")

    async def close(self) -> None:
        """Stop fetching tokens."""
        await self._app_tokens.close()

    def verify(self, request: Any, option: Any) -> None:
        """Choose the kind of token, as the SDK does: a person's if one is given, else the tenant's, else the app's.

        Raises:
            NotPermittedError: The API acts as a person, and no token of one is given.
        """
        kinds = self._lark.AccessTokenType
        wanted = request.token_types
        if kinds.USER in wanted and option.user_access_token:
            request.token_types = {kinds.USER}
        elif kinds.TENANT in wanted:
            request.token_types = {kinds.TENANT}
        elif kinds.APP in wanted:
            request.token_types = {kinds.APP}
        elif wanted:
            raise NotPermittedError(
                f"feishu sdk: {request.uri} acts as a person; give "
                "RequestOption.builder().user_access_token(await adapter.oauth.token(open_id)).build()",
                platform="feishu",
            )

    def execute(self, config: Any, request: Any, option: Any) -> Any:
        """A call of the SDK's blocking form: waits, in another thread than the loop's, for the bridge's loop to do it.

        Raises:
            NotSupportedError: It would block an event loop.
            DeliveryError: The bridge's event loop has ended.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            raise NotSupportedError(
                "a blocking call of the SDK would stop the event loop: await the form whose name begins with `a` "
                "(`acreate`), or run it with asyncio.to_thread"
            )
        work = self.aexecute(config, request, option)
        try:
            sending = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise DeliveryError("feishu sdk: the bridge's event loop has ended", platform="feishu") from None
        timeout = config.timeout or _DEFAULT_TIMEOUT
        try:
            return sending.result(2 * timeout + _DEFAULT_TIMEOUT)  # the loop may have ended meanwhile
        except TimeoutError:
            sending.cancel()
            raise

    async def aexecute(self, config: Any, request: Any, option: Any = None) -> Any:
        """Send a request, once more with a new token if ours is refused.

        Returns:
            The SDK's `RawResponse`.

        Raises:
            HttpError: Nobody answered; `sent` tells whether the request may have arrived.
            DeliveryError: A gateway answered, not the platform.
            AuthError: The app's credentials are refused.
        """
        option = option or self._lark.RequestOption()
        body = await _Body.of(request, self._lark)
        url = self._url(request)
        for again in (True, False):
            tokens, value = await self._token(request, option)
            response = await self._caller.pool.request(
                request.http_method.name,
                url,
                headers=self._headers(request, option, body, value),
                timeout=config.timeout or _DEFAULT_TIMEOUT,
                max_bytes=_MOST,
                **body.options(),
            )
            if again and tokens is not None and _refuses_token(response):
                self._caller.refreshes += 1
                tokens.invalidate(value)
                continue
            break
        return self._raw(response, request)

    async def _token(self, request: Any, option: Any) -> tuple[Bearer | None, str]:
        """Where the token comes from, when it is ours, and the token."""
        kinds = self._lark.AccessTokenType
        if kinds.USER in request.token_types:
            return None, str(option.user_access_token)
        if kinds.TENANT in request.token_types:
            return self._caller.tokens, await self._caller.tokens.get()
        if kinds.APP in request.token_types:
            return self._app_tokens, await self._app_tokens.get()
        return None, ""

    def _url(self, request: Any) -> URL:
        path = request.uri
        # Longest names first: `:id` is the beginning of `:id_type`.
        for name in sorted(request.paths or {}, key=len, reverse=True):
            path = path.replace(f":{name}", quote(str(request.paths[name] or ""), safe=""))
        url = path if path.startswith(("https://", "http://")) else self._caller.config.api_url + path
        if request.token_types and not url.startswith(f"{self._caller.config.api_url}/"):
            raise ValueError(f"the token is for {self._caller.config.api_url}, not for another address")
        return URL(url, encoded=True).extend_query([(str(key), str(value)) for key, value in request.queries])

    def _headers(self, request: Any, option: Any, body: "_Body", token: str) -> dict[str, str]:
        given = {**request.headers, **option.headers}
        headers = {name: str(value) for name, value in given.items() if name.lower() not in _OURS}
        headers["User-Agent"] = self._caller.user_agent
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body.content_type:
            headers["Content-Type"] = body.content_type
        return headers

    def _raw(self, response: HttpResponse, request: Any) -> Any:
        if response.status >= 400 and "json" not in response.headers.get("Content-Type", ""):
            raise DeliveryError(
                f"feishu sdk: {request.uri}: HTTP {response.status} without JSON",
                code=response.status,
                platform="feishu",
                ambiguous=response.status >= 500,
            )
        raw = self._lark.RawResponse()
        raw.status_code = response.status
        raw.headers = {name.title(): value for name, value in response.headers.items()}  # the SDK looks for these
        raw.content = response.body
        return raw


_OURS = frozenset({"authorization", "user-agent", "content-type"})


class _Body:
    """A request's body, which can be sent more than once."""

    def __init__(self, *, data: bytes | None = None, fields: Any = None, content_type: str = "") -> None:
        self._data = data
        self._fields = fields
        self.content_type = content_type
        """Of the header; empty where the HTTP client knows it."""

    @classmethod
    async def of(cls, request: Any, lark: Any) -> "_Body":
        body = request.body
        if hasattr(body, "to_string"):  # the blocking form's multipart body
            return cls(data=await asyncio.to_thread(body.to_string), content_type=body.content_type)
        plain = None if body is None else json.loads(lark.JSON.marshal(body))
        if not request.files:
            return cls() if plain is None else cls(data=json.dumps(plain).encode(), content_type=_JSON)
        fields: list[tuple[str, Any, str | None]] = []
        for name, value in (plain if isinstance(plain, Mapping) else {}).items():
            fields += [(name, _text(one), None) for one in (value if isinstance(value, list) else [value])]
        for name, file in request.files.items():
            content = await asyncio.to_thread(file.read) if isinstance(file, io.IOBase) else file
            filename = getattr(file, "name", None)
            fields.append((name, content, Path(filename).name if isinstance(filename, str) else name))
        return cls(fields=fields)

    def options(self) -> dict[str, Any]:
        """How the pool is to be asked."""
        if self._fields is None:
            return {} if self._data is None else {"data": self._data}
        form = aiohttp.FormData(quote_fields=False)
        for name, value, filename in self._fields:
            if filename is None:
                form.add_field(name, value)
            else:
                form.add_field(name, value, filename=filename, content_type="application/octet-stream")
        return {"data": form}


_JSON = "application/json; charset=utf-8"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuses_token(response: HttpResponse) -> bool:
    if "json" not in response.headers.get("Content-Type", ""):
        return False
    code = json_object(response).get("code")
    return isinstance(code, int) and API_ERRORS.lookup(code).reaction is Reaction.REFRESH
