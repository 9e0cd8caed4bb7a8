"""Calls of the API and who answers them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.qq.world import World


@dataclass(slots=True)
class Call:
    """One call.

    Attributes:
        world: The state.
        request: The HTTP request.
        path: Its path, decoded.
        query: Its query.
        raw_body: Its body; empty of a multipart one, which the handler reads.
        asked_by: Whose token it has.
        places: What stands in the path where the route has `{name}`.
    """

    world: "World"
    request: web.BaseRequest
    path: str
    query: Mapping[str, str] = field(repr=False)
    raw_body: bytes = field(repr=False)
    asked_by: Bot | None = None
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def bot(self) -> Bot:
        """Whose token it is."""
        if self.asked_by is None:
            raise RuntimeError(f"{self.path} asks for no token")
        return self.asked_by

    @property
    def is_v2(self) -> bool:
        """Whether it is a call of single chats or groups."""
        return self.path.startswith("/v2/")

    def json(self) -> dict[str, Any]:
        """The body; an empty one is an empty object.

        Raises:
            ApiError: It is not a JSON object.
        """
        try:
            body = json.loads(self.raw_body or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ApiError(12002, "request invalid: the body is not a JSON object")
        return body


@dataclass(slots=True)
class Raw:
    """An answer that is no JSON object: a file, a list, or nothing with HTTP 204."""

    body: bytes = b""
    media_type: str = ""
    status: int = 200


NOTHING = 204


def no_content() -> Raw:
    """The answer of what has nothing to say."""
    return Raw(status=NOTHING)


def listed(items: list[Any]) -> Raw:
    """The answer that is a list."""
    return Raw(json.dumps(items, ensure_ascii=False).encode(), "application/json")


Handler = Callable[[Call], Any]
"""Returns the answer's fields, or a Raw; may be a coroutine function."""


@dataclass(frozen=True, slots=True)
class Route:
    """A handler, and whether it asks for no token."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    public: bool


class Routes:
    """Handlers by path."""

    def __init__(self) -> None:
        self._all: list[Route] = []

    def add(self, method: str, path: str, handler: Handler, *, public: bool = False) -> None:
        """Adds a path; `{name}` in it stands for one part of it, which is in `Call.places`."""
        parts = re.split(r"\{(\w+)\}", path)
        pattern = re.escape(parts[0])
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            pattern += f"(?P<{name}>[^/]+)" + re.escape(text)
        self._all.append(Route(method, re.compile(pattern), handler, public))

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The handler and the path's places; None: the path is unknown.

        Raises:
            ApiError: The path wants another method: HTTP 405.
        """
        other = False
        for route in self._all:
            matched = route.pattern.fullmatch(path)
            if matched is not None:
                if route.method == method:
                    return route, matched.groupdict()
                other = True
        if other:
            raise ApiError(12002, f"{method} is not allowed here", status=405)
        return None
