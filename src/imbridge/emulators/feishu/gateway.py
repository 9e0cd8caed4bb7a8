"""The HTTP door: routing, tokens, rates, faults and the answer's envelope.

Envelope: `{"code": 0, "msg": "success", "data": {}}`; refusals have HTTP 400 (429 for rates) and an `error` with the
log id; every answer names its log id in the header X-Tt-Logid
(https://open.feishu.cn/document/server-docs/api-call-guide/calling-process/overview).
"""

import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote

from aiohttp import web

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.common.wire import readable_body
from imbridge.emulators.feishu import scopes, user_access
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.door import Knock
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.grants import UserToken

if TYPE_CHECKING:
    from imbridge.emulators.feishu.longlink import LongLink
    from imbridge.emulators.feishu.world import World

JSON_TYPE = "application/json; charset=utf-8"
PREFIX = "/open-apis/"
RATE_LIMITED = 99991400
TOKEN_ERRORS = frozenset({99991661, 99991663, 99991671, user_access.INVALID, user_access.EXPIRED})


@dataclass(slots=True)
class Call:
    """One authorised API call."""

    world: "World"
    app: App
    request: web.BaseRequest
    path: str
    args: list[str]
    raw_query: str
    raw_body: bytes
    user_token: UserToken | None = None
    """Set when a person's token is used: the call is theirs, made by the app."""
    after: "Callable[[], Any] | None" = None
    """An awaitable to run when the call is handled, before it is answered."""
    _query: dict[str, list[str]] | None = field(default=None, repr=False)

    def query(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return (self.query_all(name) or [default])[0]

    def query_all(self, name: str) -> list[str]:
        """All values of a query parameter."""
        if self._query is None:
            self._query = parse_qs(self.raw_query)
        return self._query.get(name, [])

    def json(self) -> dict[str, Any]:
        """The body.

        Raises:
            ApiError: 9499, it is not a JSON object.
        """
        return parse_object(self.raw_body)


@dataclass(slots=True)
class Resource:
    """An answer that is bytes instead of an envelope."""

    data: bytes
    media_type: str
    name: str


Handler = Callable[[Any], Any]
"""Takes a Call and returns the `data` of the envelope, or a Resource; may be a coroutine function. At a door, where no
token is asked for, it takes a Knock and returns a Reply."""


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object, or ApiError 9499."""
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        raise ApiError(9499) from None
    if not isinstance(parsed, dict):
        raise ApiError(9499)
    return parsed


class Routes:
    """Handlers by method and path, `:name` matching one segment."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, int], list[tuple[list[str], Handler, str]]] = {}

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """Adds a route below /open-apis/."""
        segments = pattern.split("/")
        self._routes.setdefault((method, len(segments)), []).append((segments, handler, f"{method} {pattern}"))

    def find(self, method: str, path: str) -> tuple[Handler, list[str], str] | None:
        """Handler, arguments and the API's name for the rates."""
        segments = path.split("/")
        for pattern, handler, name in self._routes.get((method, len(segments)), ()):
            args = []
            for want, have in zip(pattern, segments, strict=True):
                if want.startswith(":"):
                    args.append(have)
                elif want != have:
                    break
            else:
                return handler, args, name
        return None


class Gateway:
    """Handles every HTTP request the emulator gets."""

    def __init__(
        self, world: "World", link: "LongLink", routes: Routes, public: dict[str, Callable[..., Any]], doors: Routes
    ) -> None:
        self._world = world
        self._link = link
        self._routes = routes
        self._public = public
        self._doors = doors

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers one request."""
        path, _, query = request.raw_path.partition("?")
        if path == "/ws/v2":
            return await self._link.handshake(request, query)
        world = self._world
        world.stats.http_requests += 1
        if "%" in path:
            path = unquote(path)
        # A multipart body is read by the upload that wants it.
        body = b"" if request.headers.get("Content-Type", "").startswith("multipart/") else await request.read()
        if world.faults.active:
            failed = await self._fault(request.method, path)
            if failed is not None:
                return failed
        door = self._doors.find(request.method, path[1:])
        if door is not None:
            return self._at_door(request, path, query, body, door)
        log_id = world.ids.hex("log")
        after = None
        headers = {"X-Tt-Logid": log_id, "Content-Type": JSON_TYPE}
        status = 200
        try:
            if path == "/callback/ws/endpoint" and request.method == "POST":
                # Not under /open-apis: no token, and the answer's code is in an HTTP 200.
                payload = self._link.endpoint(parse_object(body), request.headers.get("Host", ""))
            elif path in self._public and request.method == "POST":
                payload = self._public[path](parse_object(body))
            else:
                call, handler = self._authorised(request, path, query, body)
                result = handler(call)
                if asyncio.iscoroutine(result):
                    result = await result
                after = call.after
                if isinstance(result, Resource):
                    return self._download(request, path, result, headers)
                payload = result if "code" in result else {"code": 0, "msg": "success", "data": result}
        except ApiError as error:
            world.stats.refused += 1
            if error.code in TOKEN_ERRORS:
                world.stats.tokens_refused += 1
            status = error.status
            headers |= error.headers
            payload = {"code": error.code, "msg": error.msg, "error": {"log_id": log_id, **error.details}}
        if after is not None:
            await after()
        if status == 200:
            self._lose(request, path)
        self._tell(request.method, path, status, payload.get("code", 0), body, payload)
        return web.Response(body=dump(payload).encode(), status=status, headers=headers)

    def _download(
        self, request: web.BaseRequest, path: str, resource: Resource, headers: dict[str, str]
    ) -> web.Response:
        disposition = f"attachment; filename*=UTF-8''{quote(resource.name)}"
        headers |= {
            "Content-Type": resource.media_type,
            "Content-Disposition": disposition,
            "Accept-Ranges": "bytes",
        }
        data, status = resource.data, 200
        try:
            wanted = request.http_range
        except ValueError:
            wanted = slice(None)
        if wanted.start is not None or wanted.stop is not None:
            start, stop, _ = wanted.indices(len(data))
            status = 206 if start < stop else 416
            shown = f"{start}-{stop - 1}" if start < stop else "*"
            headers["Content-Range"] = f"bytes {shown}/{len(data)}"
            data = data[start:stop] if start < stop else b""
        self._tell(request.method, path, status, 0)
        return web.Response(body=data, status=status, headers=headers)

    def _authorised(self, request: web.BaseRequest, path: str, query: str, body: bytes) -> tuple[Call, Handler]:
        found = self._routes.find(request.method, path[len(PREFIX) :]) if path.startswith(PREFIX) else None
        if found is None:
            raise ApiError(404, f"{request.method} {path} is not emulated", status=404)
        handler, args, name = found
        world = self._world
        app, user_token = self._owner(request.headers.get("Authorization", ""), path, name)
        if user_token is None:
            scopes.require(app, name)
        if world.settings.rate_limits:
            wait, limit = world.api_rates.take(app.app_id, name)
            if wait > 0:
                world.stats.rate_limited += 1
                world.violation("rate_exceeded", f"{app.app_id} asked {name} more than {limit} times in its period")
                reset = max(1, math.ceil(wait))  # whole seconds, at least one
                rate_headers = {"x-ogw-ratelimit-limit": str(limit), "x-ogw-ratelimit-reset": str(reset)}
                raise ApiError(RATE_LIMITED, status=429, headers=rate_headers)
        if world.faults.active:
            refused = world.faults.take("refuse", path, method=request.method)
            if refused is not None:
                facts = refused.facts
                raise ApiError(facts["code"], facts["ext"], status=facts["status"], headers=facts["headers"])
        return Call(world, app, request, path, args, query, body, user_token), handler

    def _at_door(
        self, request: web.BaseRequest, path: str, query: str, body: bytes, door: tuple[Any, list[str], str]
    ) -> web.Response:
        handler, args, name = door
        reply = handler(Knock(self._world, args, query, request.headers, body))
        code = reply.payload.get("code", 0)
        if code:
            self._world.stats.refused += 1
        else:
            self._lose(request, path)
        # Not the path: a custom bot's address is its password.
        self._tell(request.method, f"/{name.partition(' ')[2]}", reply.status, code, body, reply.payload)
        text, media_type = (reply.page, "text/html; charset=utf-8") if reply.page else (dump(reply.payload), JSON_TYPE)
        headers = {"X-Tt-Logid": self._world.ids.hex("log"), "Content-Type": media_type}
        return web.Response(body=text.encode(), status=reply.status, headers=headers)

    def _lose(self, request: web.BaseRequest, path: str) -> None:
        if self._world.faults.active:
            self._world.faults.cut_answer(request, path)

    def _owner(self, authorization: str, path: str, name: str) -> tuple[App, UserToken | None]:
        world = self._world
        if not authorization:
            world.violation("no_token", f"{path} was asked without an Authorization header")
            raise ApiError(99991661)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.startswith(("t-", "a-", *user_access.PREFIXES)):
            world.violation("malformed_token", f"{path} was asked with a malformed Authorization header")
            raise ApiError(99991671)
        if token.startswith(user_access.PREFIXES):
            user_token = user_access.admit(world, token, name)
            return user_token.app, user_token
        app = world.tokens.owner(token)
        if app is None:
            raise ApiError(99991663)
        return app, None

    async def _fault(self, method: str, path: str) -> web.Response | None:
        await self._world.faults.delay_request(path, method)
        failure = self._world.faults.failure(path, method)
        if failure is not None:
            self._tell(method, path, failure.status, None)
        return failure

    def _tell(
        self,
        method: str,
        path: str,
        status: int,
        code: int | None,
        body: bytes = b"",
        payload: dict[str, Any] | None = None,
    ) -> None:
        if not self._world.wire:
            return
        facts: dict[str, Any] = {"method": method, "path": path, "status": status, "code": code}
        if body[:1] == b"{":
            facts["request"] = readable_body(body)
        if payload is not None:
            facts["response"] = payload
        self._world.wire.tell("in", "http", facts)
