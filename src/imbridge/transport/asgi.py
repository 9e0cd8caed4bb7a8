import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from imbridge.transport.prompt import OverdueError, promptly
from imbridge.transport.webhook import Headers, Refused, WebhookRequest, WebhookResponse, WebhookRoute

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger(__name__)
_ANY_PATH = "*"
_MAX_COUNTERS = 1000
_MAX_QUERY_FIELDS = 64
_MAX_QUERY_BYTES = 16 * 1024


class _Disconnected(Exception):  # noqa: N818 - not an error: the client went away
    """The client went away before its request was complete."""


class WebhookApp:
    """An ASGI 3 application for platform callbacks: alone under uvicorn, or mounted in FastAPI or Starlette.

    It bounds what strangers can cost: the size of a body (413), the time it takes to arrive (408), the time a handler
    takes (503). It cannot bound the time that request heads take: that is the server's or the reverse proxy's part.

    Args:
        routes: The paths; no two the same.
        startup: Awaited when the app is top-level and the server starts. A mounted app gets no such call.
        shutdown: Awaited when the server stops.
    """

    def __init__(
        self,
        routes: Iterable[WebhookRoute],
        *,
        startup: Callable[[], Awaitable[None]] | None = None,
        shutdown: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._routes: dict[str, WebhookRoute] = {}
        self._startup = startup
        self._shutdown = shutdown
        self._counts: Counter[tuple[str, int, str]] = Counter()
        for route in routes:
            self.add(route)

    @property
    def counts(self) -> Mapping[tuple[str, int, str], int]:
        """How many requests ended how: (path or `*` for an unknown one, status, reason or empty) -> count."""
        return MappingProxyType(self._counts)

    def add(self, route: WebhookRoute) -> None:
        """Add a route.

        Raises:
            ValueError: The path is taken.
        """
        if route.path in self._routes:
            raise ValueError(f"The webhook path {route.path} is used twice; give each account its own")
        self._routes[route.path] = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, as ASGI has it."""
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _path(scope)
        route = self._routes.get(path)
        reason = ""
        try:
            response = await self._answer(route, path, scope, receive)
        except _Disconnected:
            self._count(path if route else _ANY_PATH, 499, "client went away")
            return
        except Refused as refusal:
            reason = refusal.reason
            response = _refusal(refusal.status, route, scope)
        except Exception:  # noqa: BLE001 - logged with an id, and the client is given the id
            error_id = secrets.token_hex(8)
            _log.exception("Webhook %s failed, error %s", path, error_id)
            reason = "handler failed"
            body = f"internal error {error_id}\n".encode()
            response = WebhookResponse(500, body, {"Content-Type": "text/plain; charset=utf-8"})
        self._count(path if route else _ANY_PATH, response.status, reason)
        await _respond(send, response, bodyless=scope["method"] == "HEAD")

    async def _answer(self, route: WebhookRoute | None, path: str, scope: Scope, receive: Receive) -> WebhookResponse:
        if route is None:
            raise Refused(404, "unknown path")
        method = str(scope["method"]).upper()
        if method not in route.methods:
            raise Refused(405, "method not allowed")
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
        query = _query(scope.get("query_string", b""))
        try:
            body = await promptly(_body(receive, headers, route), route.body_timeout)
        except OverdueError:
            raise Refused(408, "body too slow") from None
        request = WebhookRequest(method, path, query, headers, body)
        try:
            return await promptly(_handled(route, request), route.timeout)
        except OverdueError:
            raise Refused(503, "handler took too long") from None

    def _count(self, path: str, status: int, reason: str) -> None:
        key = (path, status, reason)
        if key not in self._counts and len(self._counts) >= _MAX_COUNTERS:
            key = (_ANY_PATH, status, "other")
        self._counts[key] += 1
        count = self._counts[key]
        # The 1st, 10th, 100th ...: strangers can make any number of these, and must not be able to fill the log.
        if reason and str(count).strip("0") == "1":
            _log.warning("Webhook %s answered %d: %s (%d so far)", path, status, reason, count)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            starting = message["type"] == "lifespan.startup"
            step, hook = ("startup", self._startup) if starting else ("shutdown", self._shutdown)
            try:
                if hook is not None:
                    await hook()
            except Exception as error:  # noqa: BLE001 - the server is told, and logs it
                _log.exception("Webhook %s failed", step)
                await send({"type": f"lifespan.{step}.failed", "message": f"{type(error).__name__}: {error}"})
                return
            await send({"type": f"lifespan.{step}.complete"})
            if not starting:
                return


async def _handled(route: WebhookRoute, request: WebhookRequest) -> WebhookResponse:
    """A coroutine, whatever sort of awaitable the handler gives."""
    return await route.handle(request)


def _path(scope: Scope) -> str:
    """The path below the mount: `path` holds the mount's own part in today's servers, and did not in older ones."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    if root and (path == root or path.startswith(root + "/")):
        path = path[len(root) :]
    return path or "/"


def _query(raw: bytes) -> dict[str, str]:
    if not raw:
        return {}
    if len(raw) > _MAX_QUERY_BYTES:
        raise Refused(414, "query too long")
    try:
        text = raw.decode("ascii")
        if "%" not in text and "+" not in text and text.count("&") < _MAX_QUERY_FIELDS:  # nothing to decode in it
            pairs = [(name, value) for name, _, value in (field.partition("=") for field in text.split("&") if field)]
        else:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_QUERY_FIELDS, errors="strict")
    except ValueError:
        raise Refused(400, "query not understood") from None
    query = dict(pairs)
    if len(query) != len(pairs):  # which one is signed, and which one is used? No platform sends such a request.
        raise Refused(400, "query parameter repeated")
    return query


async def _body(receive: Receive, headers: Headers, route: WebhookRoute) -> bytes:
    length = headers.get("content-length")
    if length is not None:
        if not (length.isascii() and length.isdigit() and len(length) <= 12):
            raise Refused(400, "content-length not understood")
        if int(length) > route.max_body:
            raise Refused(413, "body too large")
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Disconnected
        part = message.get("body", b"")
        size += len(part)
        if size > route.max_body:
            raise Refused(413, "body too large")
        parts.append(part)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _refusal(status: int, route: WebhookRoute | None, scope: Scope) -> WebhookResponse:
    headers: dict[str, str] = {}
    if status == 405 and route is not None:
        headers["Allow"] = ", ".join(sorted(route.methods))
    if status in (408, 413) and str(scope.get("http_version", "1.1")).startswith("1"):
        headers["Connection"] = "close"  # the rest of the body is not wanted
    return WebhookResponse(status, b"", headers)


async def _respond(send: Send, response: WebhookResponse, *, bodyless: bool) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
        if name.lower() != "content-length"
    ]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodyless else response.body})
