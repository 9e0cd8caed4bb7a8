"""What a webhook handler sees of HTTP: a request, a response, a refusal."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from imbridge.protocol.errors import ImbridgeError

KIBIBYTE = 1024


class Refused(ImbridgeError):  # noqa: N818 - reads as what it is: `raise Refused(403, ...)`
    """A request is not let in; answered with the status and an empty body.

    Attributes:
        status: HTTP status to answer with.
        reason: A few fixed words for the log and the counters; never anything out of the request.
    """

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(f"Refused with {status}: {reason}")


class Headers(Mapping[str, str]):
    """HTTP headers; names in any case, a repeated header's values joined by a comma (RFC 9110, 5.3)."""

    __slots__ = ("_values",)

    def __init__(self, pairs: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
            key = name.lower()
            self._values[key] = f"{self._values[key]}, {value}" if key in self._values else value

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._values)})"


@dataclass(slots=True)  # one per callback: not frozen, which would triple the cost of making it
class WebhookRequest:
    """A request that is small enough and complete, but not yet known to be genuine.

    Attributes:
        method: HTTP method, in capitals.
        path: Path below the place where the app is mounted.
        query: Query parameters; a request that repeats one is refused before it gets here.
        headers: Headers, by name in any case.
        body: The raw bytes, as signed.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=Headers, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(slots=True)  # as above
class WebhookResponse:
    """What to answer.

    Attributes:
        status: HTTP status.
        body: The bytes to send.
        headers: Headers; `Content-Length` is added.
    """

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class WebhookRoute:
    """One path and who handles it.

    Attributes:
        path: Path below the place where the app is mounted, like `/feishu/work`.
        methods: HTTP methods that are let through.
        handle: Verifies and handles a request; raises `Refused` for one that is not genuine.
        max_body: Longest body, in bytes.
        body_timeout: Seconds that the client may take to send the body.
        timeout: Seconds that `handle` may take; it is cancelled then.
        while_stopping: `handle` gets requests also while the bridge stops, and takes nothing new then: for platforms
            that come back for the rest of an answer.
    """

    path: str
    methods: frozenset[str]
    handle: Callable[[WebhookRequest], Awaitable[WebhookResponse]]
    max_body: int = 1024 * KIBIBYTE
    body_timeout: float = 5.0
    timeout: float = 10.0
    while_stopping: bool = False

    def __init__(
        self,
        path: str,
        methods: Iterable[str],
        handle: Callable[[WebhookRequest], Awaitable[WebhookResponse]],
        *,
        max_body: int = 1024 * KIBIBYTE,
        body_timeout: float = 5.0,
        timeout: float = 10.0,
        while_stopping: bool = False,
    ) -> None:
        if not path.startswith("/"):
            raise ValueError(f"The path of a webhook starts with a slash, got {path!r}")
        for name, value in (
            ("path", path),
            ("methods", frozenset(method.upper() for method in methods)),
            ("handle", handle),
            ("max_body", max_body),
            ("body_timeout", body_timeout),
            ("timeout", timeout),
            ("while_stopping", while_stopping),
        ):
            object.__setattr__(self, name, value)
