"""Requests that carry no access token: user authorisation and the addresses of custom bots."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World


@dataclass(slots=True)
class Knock:
    """One such request."""

    world: "World"
    args: list[str]
    raw_query: str
    headers: Mapping[str, str]
    raw_body: bytes

    def query(self) -> dict[str, str]:
        """The query's parameters; the last of a repeated one."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    def fields(self) -> dict[str, Any] | None:
        """The body, a JSON object or a form; None when it is neither."""
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.raw_body.decode(errors="replace"), keep_blank_values=True))
        try:
            parsed = json.loads(self.raw_body)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None

    def basic(self) -> tuple[str, str] | None:
        """User and password of HTTP's basic authentication, decoded as RFC 6749, 2.3.1 has it."""
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return unquote(user), unquote(password)


@dataclass(slots=True)
class Reply:
    """What is answered: a JSON object, or a page."""

    payload: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    page: str = ""


Door = Callable[[Knock], Reply]
