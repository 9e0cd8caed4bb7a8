"""What would be sent, found out by sending it to nobody: a twin of the adapter speaks to a pool that only takes notes.

So a preview is made by the very code that sends, whatever that code comes to be.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict
from pydantic_core import from_json, to_json
from yarl import URL

from imbridge.protocol import Degradation
from imbridge.rendering import Part
from imbridge.transport import HttpPool, HttpResponse
from imbridge.transport.egress import Egress

if TYPE_CHECKING:
    from imbridge.adapters.base import Adapter, Inbound, Target, Verdict

KEY = "preview"
"""The idempotency key of what is rehearsed."""
UPLOADED = "<upload {}>"
"""Stands for the key that the platform gives for an upload, by its number."""
_HIDDEN = frozenset({"sign", "timestamp"})
"""A custom bot's signature, which is another one each second."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something that would leave.

    Attributes:
        method: HTTP method; `SEND` for a command over the platform's connection, `ANSWER` for the answer to a callback.
        path: The address's path, or the command's name; no host, and nothing secret.
        body: JSON; None for an upload.
    """

    method: str
    path: str
    body: Any = None

    @property
    def is_upload(self) -> bool:
        """It brings a file, which a later request names."""
        return self.body is None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of one part.

    Attributes:
        kind: The platform's message type.
        requests: What would leave, in order.
        degradations: What the adapter would show otherwise than meant.
    """

    kind: str
    requests: tuple[Request, ...]
    degradations: tuple[Degradation, ...] = ()


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of account, by an imagined one.

    Attributes:
        settings: Of the account, without its name.
        to: A conversation that it speaks in, as kind and id: `private/alice`.
    """

    settings: Mapping[str, Any]
    to: str


@dataclass(frozen=True, slots=True)
class Script:
    """How a platform answers a rehearsal: it takes everything.

    Attributes:
        answer: The JSON of every answer. `UPLOADED` in a text stands for the key of an upload.
        tokens: Paths that are asked for a token, which are not told.
        uploads: Ends of paths that are given a file inside of JSON.
        contents: Names in JSON that hold a file.
        credential: Part of a path behind which everything is a credential.
    """

    answer: Mapping[str, Any]
    tokens: frozenset[str] = frozenset()
    uploads: tuple[str, ...] = ()
    contents: frozenset[str] = frozenset()
    credential: str = "/hook/"


class RehearsalPool(HttpPool):
    """Takes notes of requests, and answers each as the platform would that takes it. Nothing leaves.

    Attributes:
        requests: What would have left.
    """

    def __init__(self, script: Script) -> None:
        """`script` says how the platform answers."""
        super().__init__()
        self.requests: list[Request] = []
        self._script = script
        self._uploads = 0

    def note(self, method: str, path: str, body: Any) -> None:
        """Something would leave."""
        self.requests.append(Request(method, path, _without_contents(body, self._script.contents)))

    def uploaded(self, method: str, path: str) -> str:
        """A file would be uploaded; what stands for its key."""
        self._uploads += 1
        self.requests.append(Request(method, path))
        return UPLOADED.format(self._uploads)

    async def request(  # noqa: D102 - inherited
        self,
        method: str,
        url: str | URL,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        params: Mapping[str, str] | None = None,
        timeout: float | None = None,
        max_bytes: int = 0,
    ) -> HttpResponse:
        path = URL(url).path
        if path not in self._script.tokens:
            before, secret, _ = path.partition(self._script.credential)
            self._take(method, f"{before}{secret}…" if secret else path, json, data)
        body = to_json(_filled(self._script.answer, UPLOADED.format(self._uploads)))
        return HttpResponse(200, CIMultiDict({"Content-Type": "application/json"}), body, method, url)

    def _take(self, method: str, path: str, json: Any, data: Any) -> None:
        sent = json if json is not None else data
        if json is None and not isinstance(data, bytes | str):
            self.uploaded(method, path)
            return
        body = from_json(sent) if isinstance(sent, bytes | str) else from_json(to_json(sent))
        if isinstance(body, dict):
            body = {name: value for name, value in body.items() if name not in _HIDDEN}
        if path.endswith(self._script.uploads):
            self.uploaded(method, path)
        else:
            self.note(method, path, body)

    async def egress(self) -> Egress:
        """Nothing is fetched.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("a rehearsal fetches nothing")

    async def _open(self) -> Any:
        raise RuntimeError("a rehearsal connects to nothing")


class NoIntake:
    """Nothing arrives at a twin."""

    def offer(self, inbound: "Inbound") -> "asyncio.Future[Verdict]":
        """Nobody offers it anything.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("a rehearsal hears nothing")


async def rehearse(adapter: "Adapter", target: "Target", part: Part) -> Preview:
    """What an adapter would send for a part.

    Raises:
        ImbridgeError: as `Adapter.send` would, for what never leaves: content that cannot be sent, a wrong address.
    """
    pool = RehearsalPool(adapter.script)
    twin = adapter.rehearsing(pool, target)
    try:
        sent = await twin.send(replace(target, strict=False), part, KEY)
    finally:
        await twin.close()
    return Preview(sent.part.kind, tuple(pool.requests), sent.degradations)


def _filled(answer: Any, key: str) -> Any:
    if isinstance(answer, Mapping):
        return {name: _filled(value, key) for name, value in answer.items()}
    return key if answer == UPLOADED else answer


def _without_contents(body: Any, names: frozenset[str]) -> Any:
    """The body with a file's place in it in words."""
    if isinstance(body, Mapping):
        return {
            name: f"<{len(value)} bytes of Base64>" if name in names and isinstance(value, str)
            else _without_contents(value, names)
            for name, value in body.items()
        }  # fmt: skip
    return [_without_contents(one, names) for one in body] if isinstance(body, list) else body
