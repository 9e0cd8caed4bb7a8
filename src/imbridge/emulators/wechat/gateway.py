"""The HTTP door: routing, tokens, faults and the answers' shape.

Every answer has HTTP 200; refusals are `{"errcode": 40001, "errmsg": "... rid: ..."}`
(https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html).
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from aiohttp import web

from imbridge.emulators.common.wire import readable_body
from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wechat.world import World

JSON_TYPE = "application/json; encoding=utf-8"
ESCAPE = re.compile(rb"(?<!\\)\\u([0-9a-fA-F]{4})")
TOKEN_ERRORS = frozenset({40001, 40014, 41001, 42001})


@dataclass(slots=True)
class Call:
    """One API call; `owner` is whose access token was given, None where none is asked for."""

    world: "World"
    request: web.BaseRequest
    path: str
    query: Mapping[str, list[str]]
    raw_body: bytes
    owner: Account | None = None

    @property
    def account(self) -> Account:
        """Whose token was given."""
        if self.owner is None:
            raise RuntimeError(f"{self.path} takes no access token")
        return self.owner

    def param(self, name: str) -> str:
        """A parameter of the query, or an empty text."""
        return self.query.get(name, [""])[0]

    @property
    def escapes(self) -> bool:
        r"""Whether the body has characters written as `\u4f60`."""
        return ESCAPE.search(self.raw_body) is not None

    def json(self) -> dict[str, Any]:
        """The body.

        Raises:
            ApiError: 44002 it is empty, 47001 it is no JSON object in UTF-8.
        """
        return _parsed(self.raw_body)

    def json_as_shown(self) -> dict[str, Any]:
        r"""The body of a message: `\u4f60` is no character here but six, and so they are shown.

        People report it (https://developers.weixin.qq.com/community/develop/doc/00066891970b5058e84bdaa3851c00); the
        documents say nothing.
        """
        if self.escapes:
            self.world.violation("escaped_characters", f"{self.path} was sent characters as \\u escapes")
        return _parsed(ESCAPE.sub(rb"\\\\u\1", self.raw_body))


@dataclass(slots=True)
class Answer:
    """An answer that is no JSON."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


Handler = Callable[[Call], Any]
"""Takes a Call and returns the JSON, or an Answer; may be a coroutine function."""


@dataclass(frozen=True, slots=True)
class Route:
    """What handles a path. `token`: whether it wants an access token."""

    method: str
    handler: Handler
    token: bool = True


class Routes:
    """Handlers by path."""

    def __init__(self) -> None:
        self._routes: dict[str, list[Route]] = {}
        self._below: dict[str, list[Route]] = {}

    def add_below(self, method: str, prefix: str, handler: Handler) -> None:
        """Adds a route for every path that begins with `prefix`, for everybody."""
        self._below.setdefault(prefix, []).append(Route(method, handler, token=False))

    def add(self, method: str, path: str, handler: Handler, *, token: bool = True) -> None:
        """Adds a route."""
        self._routes.setdefault(path, []).append(Route(method, handler, token))

    def find(self, method: str, path: str) -> Route:
        """What handles this request.

        Raises:
            ApiError: 40066 there is no such path, 43001 or 43002 another method is required.
        """
        routes = self._routes.get(path) or next(
            (found for prefix, found in self._below.items() if path.startswith(prefix)), None
        )
        if routes is None:
            raise ApiError(40066)
        for route in routes:
            if route.method == method:
                return route
        raise ApiError(43001 if routes[0].method == "GET" else 43002)


class Gateway:
    """Handles every HTTP request the emulator gets."""

    def __init__(self, world: "World", routes: Routes) -> None:
        self._world = world
        self._routes = routes

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers one request."""
        world = self._world
        world.stats.http_requests += 1
        path = request.path
        # A multipart body is read by the upload that wants it.
        body = b"" if request.headers.get("Content-Type", "").startswith("multipart/") else await request.read()
        query = parse_qs(request.query_string, keep_blank_values=True)
        await world.faults.delay_request(path, request.method)
        failure = world.faults.failure(path, request.method)
        if failure is not None:
            return failure
        result: Any
        try:
            result = await self._call(Call(world, request, path, query, body))
        except ApiError as error:
            world.stats.refused += 1
            if error.code in TOKEN_ERRORS:
                world.stats.tokens_refused += 1
            result = {"errcode": error.code, "errmsg": f"{error.errmsg} rid: {self._rid()}"}
        else:
            await world.faults.delay_answer(path, request.method)
            world.faults.cut_answer(request, path)
        self._tell(request.method, path, query, body, result)
        if isinstance(result, Answer):
            return web.Response(body=result.body, status=result.status, headers=result.headers)
        text = json.dumps(result, ensure_ascii=False)
        return web.Response(body=text.encode(), headers={"Content-Type": JSON_TYPE})

    async def _call(self, call: Call) -> Any:
        route = self._routes.find(call.request.method, call.path)
        if route.token:
            call.owner = self._owner(call.param("access_token"))
        refused = self._world.faults.take("refuse", call.path)
        if refused is not None:
            raise ApiError(refused.facts["code"], refused.facts["detail"])
        result = route.handler(call)
        return await result if asyncio.iscoroutine(result) else result

    def _owner(self, token: str) -> Account:
        if not token:
            self._world.violation("no_token", "an API was called without an access_token")
            raise ApiError(41001)
        account, refusal = self._world.tokens.owner(token)
        if account is None:
            raise ApiError(refusal)
        return account

    def _rid(self) -> str:
        number = self._world.ids.hex("rid", 24)
        return f"{number[:8]}-{number[8:16]}-{number[16:]}"

    def _tell(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes, result: Any) -> None:
        if not self._world.wire:
            return
        facts: dict[str, Any] = {"method": method, "path": path, "query": {k: v[0] for k, v in query.items()}}
        facts["request"] = readable_body(body) if body else {}
        facts["response"] = f"({len(result.body)} bytes)" if isinstance(result, Answer) else result
        self._world.wire.tell("in", "http", facts)


def _parsed(raw: bytes) -> dict[str, Any]:
    if not raw:
        raise ApiError(44002)
    try:
        body = json.loads(raw.decode())
    except ValueError:
        raise ApiError(47001) from None
    if not isinstance(body, dict):
        raise ApiError(47001)
    return body
