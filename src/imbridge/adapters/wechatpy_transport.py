"""The requests of wechatpy's client, over our connections and with our token."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import aiohttp
from yarl import URL

from imbridge.adapters.errcode_calls import ErrcodeCaller, is_file
from imbridge.transport import HttpError, HttpResponse

_REFUSED_TOKEN = frozenset({40001, 40014, 42001})
_OVER_RATE = 45009
_TIMEOUT = 30.0
_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(slots=True)
class _Request:
    """One request, read from what the client asks.

    Attributes:
        client: Who asks; errors know it.
        method: HTTP method.
        url: Without a query.
        params: The query, beside the token.
        own_token: It brings a token of its own.
        body: JSON or any other bytes.
        files: Name of the field, name of the file, bytes.
        timeout: Seconds.
        processor: What makes the answer of the JSON object.
    """

    client: Any
    method: str
    url: str
    params: list[tuple[str, str]]
    own_token: bool
    body: bytes | None
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    timeout: float = _TIMEOUT
    processor: Any = None


class SdkTransport:
    """Sends for one account.

    Args:
        caller: The account's.
        exceptions: The module `wechatpy.exceptions`.
        their_host: The API's address that is written out in some of its methods, and that ours takes the place of.
            Empty when none of them sends anything there.
        download_limit: Bytes of an answer at most.
    """

    def __init__(self, caller: ErrcodeCaller, exceptions: Any, *, download_limit: int, their_host: str = "") -> None:
        self._caller = caller
        self._base_url = caller.api.base_url
        self._exceptions = exceptions
        self._their_host = their_host
        self._download_limit = download_limit

    def prepared(self, client: Any, method: str, endpoint: str, options: Mapping[str, Any]) -> _Request:
        """Read what is asked; files are read here, in the thread of the method.

        Raises:
            ValueError: The address is none of our API's, to which alone the token goes.
        """
        base = self._base_url
        url = f"{options.get('api_base_url') or f'{base}/cgi-bin/'}{endpoint}"
        if endpoint.startswith(("https://", "http://")):
            url = endpoint
        if self._their_host and url.startswith(f"{self._their_host}/"):
            url = base + url.removeprefix(self._their_host)
        if not url.startswith(f"{base}/"):
            raise ValueError(f"the token is for {base}, not for another address")
        given = options.get("params") or {}
        params = [(str(name), str(value)) for name, value in dict(given).items() if value is not None]
        data = options.get("data")
        if options.get("json") is not None:
            data = options["json"]
        body = data.encode() if isinstance(data, str) else data
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        return _Request(
            client=client,
            method=method.upper(),
            url=url,
            params=params,
            own_token=any(name == "access_token" for name, _ in params),
            body=body,
            files=[_file(name, value) for name, value in dict(options.get("files") or {}).items()],
            timeout=options.get("timeout") or _TIMEOUT,
            processor=options.get("result_processor"),
        )

    async def send(self, request: _Request) -> Any:
        """Send it, once more with a new token when the platform does not take the one we have.

        Returns:
            The JSON object, or what the method makes of it; the response itself for a file.

        Raises:
            WeChatClientException: wechatpy's: the platform refuses, or there was no usable answer (`errcode` None).
        """
        result, token = await self._exchange(request)
        refused = isinstance(result, dict) and result.get("errcode") in _REFUSED_TOKEN
        if refused and not request.own_token and self._caller.tokens is not None:
            self._caller.refreshes += 1
            self._caller.tokens.invalidate(token)
            result, _ = await self._exchange(request)
        if not isinstance(result, dict):
            return result
        code = result.get("errcode", 0)
        if code != 0:
            kind = "APILimitedException" if code == _OVER_RATE else "WeChatClientException"
            raise getattr(self._exceptions, kind)(code, result.get("errmsg", code), client=request.client)
        return request.processor(result) if request.processor else result

    async def token(self) -> str:
        """The token."""
        return "" if self._caller.tokens is None else await self._caller.tokens.get()

    async def renew(self) -> dict[str, Any]:
        """Another token than the one there is; as the platform would tell it, without how long it lasts."""
        if self._caller.tokens is not None:
            self._caller.refreshes += 1
            self._caller.tokens.invalidate(await self._caller.tokens.get())
        return {"errcode": 0, "errmsg": "ok", "access_token": await self.token()}

    async def _exchange(self, request: _Request) -> tuple[Any, str]:
        """The answer: a JSON object or the response itself; and the token it was asked with."""
        token = "" if request.own_token else await self.token()
        query = request.params if request.own_token else [*request.params, ("access_token", token)]
        options: dict[str, Any] = {"timeout": request.timeout, "max_bytes": self._download_limit}
        if request.files:
            options["data"] = _form(request)
        elif request.body is not None:
            options |= {"data": request.body, "headers": _JSON}
        self._caller.calls += 1
        try:
            url = URL(request.url).with_query(query)
            response = await self._caller.pool.request(request.method, url, **options)
        except HttpError as error:
            raise self._unusable(request, str(error)) from None
        return self._read(request, response), token

    def _read(self, request: _Request, response: HttpResponse) -> Any:
        if response.status == 200 and is_file(response.headers):
            return response
        try:
            result = json.loads(response.body.decode("utf-8", "ignore"), strict=False)
        except ValueError:
            result = None
        if isinstance(result, dict) and ("errcode" in result or response.status < 400):
            code = result.get("errcode")
            return {**result, "errcode": int(code)} if isinstance(code, str) and code.lstrip("-").isdigit() else result
        if response.status < 400:
            return response
        raise self._unusable(request, f"HTTP {response.status} without an errcode")

    def _unusable(self, request: _Request, why: str) -> Exception:
        error: Exception = self._exceptions.WeChatClientException(None, why, client=request.client)
        return error


def _file(name: str, value: Any) -> tuple[str, str, bytes]:
    """A file as `requests` takes it: an open file, bytes, text, or a pair of a name and one of these."""
    given, content = ("", value) if not isinstance(value, tuple) else (value[0], value[1])
    if isinstance(content, io.IOBase) or hasattr(content, "read"):
        own = getattr(content, "name", None)
        given = given or (PurePath(own).name if isinstance(own, str) else "")
        content = content.read()
    data = content.encode() if isinstance(content, str) else bytes(content)
    return name, given or name, data


def _form(request: _Request) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    for name, filename, data in request.files:
        shown = "".join("_" if char in '"\\\r\n\0' else char for char in filename)
        form.add_field(name, data, filename=shown, content_type="application/octet-stream")
    return form
