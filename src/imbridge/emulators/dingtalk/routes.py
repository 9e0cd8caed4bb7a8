"""Calls of the API and who answers them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.errors import ApiError, OapiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.world import World

NEW_API = re.compile(r"/v\d+\.\d+/")
"""How paths of api.dingtalk.com begin; all others are of oapi.dingtalk.com."""


@dataclass(slots=True)
class Call:
    """One call.

    Attributes:
        world: The state.
        request: The HTTP request.
        path: Its path, decoded.
        query: Its query.
        raw_body: Its body; empty of a multipart one, which the upload reads.
        route: Who answers it.
        asked_by: Whose token it has.
        places: What stands in the path where the route has `{name}`.
    """

    world: "World"
    request: web.BaseRequest
    path: str
    query: Mapping[str, str] = field(repr=False)
    raw_body: bytes = field(repr=False)
    route: "Route | None" = None
    asked_by: App | None = None
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def app(self) -> App:
        """Whose token it is."""
        if self.asked_by is None:
            raise RuntimeError(f"{self.path} asks for no token")
        return self.asked_by

    @property
    def is_new(self) -> bool:
        """Whether it is a call of api.dingtalk.com."""
        return NEW_API.match(self.path) is not None

    @property
    def address(self) -> str:
        """Where the call comes from."""
        return self.request.remote or "127.0.0.1"

    def json(self) -> dict[str, Any]:
        """The body.

        Raises:
            ApiError: It is not a JSON object, in a call of api.dingtalk.com.
            OapiError: The same in a call of oapi.dingtalk.com.
        """
        try:
            body = json.loads(self.raw_body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            if self.is_new:
                raise ApiError("InvalidParameter.Body", "the body is not a JSON object")
            raise OapiError(40035, "不合法的参数: body is not a JSON object")
        return body


@dataclass(slots=True)
class Raw:
    """An answer that is no envelope: a file, a page, a redirection."""

    body: bytes
    media_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Any]
"""Returns the answer's fields, or a Raw; may be a coroutine function."""


@dataclass(frozen=True, slots=True)
class Route:
    """A handler.

    Attributes:
        method: The HTTP method.
        name: The path as it was added; the API whose rate it counts for.
        handler: Who answers.
        public: Whether no access token is asked for.
        billed: Whether the call counts against the monthly budget.
    """

    method: str
    name: str
    handler: Handler
    public: bool = False
    billed: bool = True


class Routes:
    """Handlers by path."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: list[tuple[re.Pattern[str], Route]] = []

    def add(self, method: str, path: str, handler: Handler, *, public: bool = False, billed: bool = True) -> None:
        """Adds a path; `{name}` in it stands for one part (`Call.places`), `{name...}` at its end for the rest.

        Args:
            method: The HTTP method.
            path: The path.
            handler: Who answers.
            public: Whether no access token is asked for; such calls are never billed.
            billed: Whether the call counts against the monthly budget: tokens, login and contacts do not.
        """
        route = Route(method, path, handler, public, billed and not public)
        if "{" not in path:
            self._exact.setdefault(path, {})[method] = route
            return
        parts = re.split(r"\{(\w+)(\.\.\.)?\}", path)
        pattern = re.escape(parts[0])
        for name, rest, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            pattern += f"(?P<{name}>{'.+' if rest else '[^/]+'})" + re.escape(text)
        self._patterns.append((re.compile(pattern), route))

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The handler and the path's places; None: the path is unknown.

        Raises:
            ApiError: The path of api.dingtalk.com wants another method.
            OapiError: The same of oapi.dingtalk.com: 43001 or 43002.
        """
        routes = self._exact.get(path)
        if routes is None:
            for pattern, route in self._patterns:
                matched = pattern.fullmatch(path)
                if matched is not None and route.method == method:
                    return route, matched.groupdict()
            return None
        if method in routes:
            return routes[method], {}
        if NEW_API.match(path):
            raise ApiError(
                "InvalidAction.NotFound", "Specified api is not found, please check your url and method.", status=404
            )
        raise OapiError(43001 if "GET" in routes else 43002)
