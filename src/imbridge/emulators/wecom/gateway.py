"""The HTTP door: routing, tokens, rates, faults and the answer's envelope.

Every answer of the API is HTTP 200 with `errcode` and `errmsg`; the headers `Error-Code` and `Error-Msg` say the same.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import web

from imbridge.emulators.common.wire import readable_body
from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wecom.world import World

JSON_TYPE = "application/json; charset=UTF-8"
PREFIX = "/cgi-bin/"
TOKEN_ERRORS = frozenset({40014, 41001, 42001})


@dataclass(slots=True)
class Call:
    """One call."""

    world: "World"
    request: web.BaseRequest
    path: str
    query: Mapping[str, str] = field(repr=False)
    raw_body: bytes = field(repr=False)
    asked_by: App | None = None

    @property
    def app(self) -> App:
        """Whose token it is."""
        if self.asked_by is None:
            raise RuntimeError(f"{self.path} asks for no token")
        return self.asked_by

    @property
    def address(self) -> str:
        """Where the call comes from."""
        return self.request.remote or "127.0.0.1"

    def json(self) -> dict[str, Any]:
        """The body.

        Raises:
            ApiError: 47001, it is not a JSON object.
        """
        try:
            body = json.loads(self.raw_body)
        except ValueError:
            raise ApiError(47001) from None
        if not isinstance(body, dict):
            raise ApiError(47001)
        return body


@dataclass(slots=True)
class Raw:
    """An answer that is no envelope: a file, a page, a redirection."""

    body: bytes
    media_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Any]
"""Returns the envelope's other fields, or a Raw; may be a coroutine function."""


@dataclass(frozen=True, slots=True)
class Route:
    """A handler. `public`: no access token is asked for."""

    method: str
    handler: Handler
    public: bool = False


class Routes:
    """Handlers by path."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._below: dict[str, Route] = {}

    def add(self, method: str, path: str, handler: Handler, *, public: bool = False) -> None:
        """Adds a path below /cgi-bin/, or one that starts with `/`."""
        path = path if path.startswith("/") else PREFIX + path
        self._exact.setdefault(path, {})[method] = Route(method, handler, public)

    def add_below(self, prefix: str, handler: Handler) -> None:
        """Adds all paths that start so; GET, without a token."""
        self._below[prefix] = Route("GET", handler, public=True)

    def find(self, method: str, path: str) -> Route | None:
        """The handler.

        Raises:
            ApiError: 43001 or 43002, the path wants the other method.
        """
        routes = self._exact.get(path)
        if routes is None:
            return next((route for prefix, route in self._below.items() if path.startswith(prefix)), None)
        if method not in routes:
            raise ApiError(43001 if "GET" in routes else 43002)
        return routes[method]


class Gateway:
    """Handles every HTTP request the emulator gets."""

    def __init__(self, world: "World", routes: Routes) -> None:
        self._world = world
        self._routes = routes

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers one request."""
        world, faults = self._world, self._world.faults
        world.stats.http_requests += 1
        path, _, query_text = request.raw_path.partition("?")
        query = dict(parse_qsl(query_text, keep_blank_values=True))
        # A multipart body is read by the upload that wants it.
        multipart = request.headers.get("Content-Type", "").startswith("multipart/")
        body = b"" if multipart else await request.read()
        call = Call(world, request, path, query, body)
        if faults.active:
            failed = await self._fault_before(call)
            if failed is not None:
                return failed
        payload: dict[str, Any]
        try:
            route = self._routes.find(request.method, path)
            if route is None:
                self._tell(call, 404, {})
                return web.Response(status=404, text=f"{path} is not emulated")
            if not route.public:
                call.asked_by = self._admit(call)
            self._limit(call)
            answer = route.handler(call)
            if asyncio.iscoroutine(answer):
                answer = await answer
            if isinstance(answer, Raw):
                await self._fault_after(call)
                self._tell(call, answer.status, {})
                headers = {**answer.headers, "Content-Type": answer.media_type}
                return web.Response(body=answer.body, status=answer.status, headers=headers)
            payload = {"errcode": 0, "errmsg": "ok", **answer}
        except ApiError as error:
            payload = self._refusal(call, error)
        await self._fault_after(call)
        self._tell(call, 200, payload)
        headers = {
            "Content-Type": JSON_TYPE,
            "Error-Code": str(payload["errcode"]),
            "Error-Msg": str(payload["errmsg"]).partition("\n")[0],
        }
        return web.Response(body=json.dumps(payload, ensure_ascii=False).encode(), headers=headers)

    def _admit(self, call: Call) -> App:
        """The app whose token the call has, in its trusted network."""
        world = self._world
        value = call.query.get("access_token", "")
        if not value:
            world.violation("no_token", f"{call.path} was called without an access_token")
            raise ApiError(41001)
        token = world.tokens.find(value)
        if token is None:
            raise ApiError(40014)
        if not token.alive:
            raise ApiError(42001)
        app = token.owner
        if app.trusted_ips is not None and call.address not in app.trusted_ips:
            raise ApiError(60020)
        if world.faults.active and world.faults.take("distrust", call.path) is not None:
            raise ApiError(60020)
        return app

    def _limit(self, call: Call) -> None:
        world = self._world
        if world.faults.active:
            refused = world.faults.take("refuse", call.path)
            if refused is not None:
                raise ApiError(refused.facts["code"], refused.facts["detail"])
        if world.settings.rate_limits and call.path.startswith(PREFIX):
            wait, limit = world.api_rates.take(call.path)
            if wait > 0:
                world.stats.rate_limited += 1
                world.violation("rate_exceeded", f"{call.path} was called more than {limit} times in a minute")
                raise ApiError(45009)

    def _refusal(self, call: Call, error: ApiError) -> dict[str, Any]:
        stats = self._world.stats
        stats.refused += 1
        if error.code in TOKEN_ERRORS:
            stats.tokens_refused += 1
        hint = self._world.ids.number("hint", 23)
        return {"errcode": error.code, "errmsg": error.errmsg(hint, call.address), **error.fields}

    async def _fault_before(self, call: Call) -> web.Response | None:
        faults = self._world.faults
        await faults.delay_request(call.path, call.request.method)
        if faults.take("cut_before", call.path) is not None and call.request.transport is not None:
            call.request.transport.abort()
            return web.Response(status=500)  # goes nowhere
        failure = faults.failure(call.path, call.request.method)
        if failure is not None:
            self._tell(call, failure.status, {})
        return failure

    async def _fault_after(self, call: Call) -> None:
        faults = self._world.faults
        if faults.active:
            await faults.delay_answer(call.path, call.request.method)
            faults.cut_answer(call.request, call.path)

    def _tell(self, call: Call, status: int, payload: Mapping[str, Any]) -> None:
        if not self._world.wire:
            return
        facts: dict[str, Any] = {"method": call.request.method, "path": call.path, "query": dict(call.query)}
        if call.raw_body[:1] == b"{":
            facts["request"] = readable_body(call.raw_body)
        self._world.wire.tell("in", "http", {**facts, "status": status, "response": payload})
