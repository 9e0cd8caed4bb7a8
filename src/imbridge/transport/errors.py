"""What can go wrong with an HTTP exchange, said without query string, header or body.

A message whose request surely never left may be sent again without thought; one whose answer got lost may have arrived.
The two must never be mixed up, so every `HttpError` says which it is.
"""

import asyncio
from collections.abc import Mapping

import aiohttp
from yarl import URL

from imbridge.protocol.errors import ImbridgeError

_DETAIL_LIMIT = 200


class HttpError(ImbridgeError):
    """An HTTP exchange failed before there was an answer that can be used.

    Attributes:
        sent: False when the request surely never reached the server (refused, DNS, TLS), None when nobody can know
            (time-out or reset after it left), True when the server answered and the answer is unusable.
        status: HTTP status of that answer, when there was one.
        headers: Headers of that answer, when there was one; never part of the text of the error.
    """

    def __init__(
        self,
        message: str,
        *,
        sent: bool | None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.sent = sent
        self.status = status
        self.headers: Mapping[str, str] = {} if headers is None else headers
        super().__init__(message)

    @property
    def ambiguous(self) -> bool:
        """True unless the request surely never reached the server."""
        return self.sent is not False


def place(url: str | URL) -> str:
    """A URL fit for logs and errors: scheme, host, port and path; no user info, no query, no fragment."""
    try:
        parsed = URL(url)
        return str(parsed.with_user(None).with_query(None).with_fragment(None)) if parsed.absolute else parsed.path
    except (ValueError, TypeError):
        return "<invalid URL>"


def as_http_error(error: BaseException, method: str, url: str | URL) -> HttpError:
    """Translate an error of aiohttp or of the socket.

    The text of aiohttp's response errors holds the whole URL with its tokens, so it is used only where it cannot.
    """
    what = f"{method} {place(url)}"
    if isinstance(error, HttpError):
        return error
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return HttpError(f"{what}: no connection in time (or none free in the pool)", sent=False)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return HttpError(f"{what}: certificate refused: {_clip(error.certificate_error)}", sent=False)
    if isinstance(error, aiohttp.ClientConnectorError):
        return HttpError(f"{what}: cannot connect: {_clip(error.os_error)}", sent=False)
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return HttpError(f"{what}: not a URL that can be requested", sent=False)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return HttpError(f"{what}: the proxy refused with status {error.status}", sent=False, status=error.status)
    if isinstance(error, aiohttp.WSServerHandshakeError):
        text = f"{what}: websocket handshake refused with status {error.status} ({_clip(error.message)})"
        return HttpError(text, sent=True, status=error.status, headers=error.headers)
    if isinstance(error, asyncio.TimeoutError):
        return HttpError(f"{what}: no complete answer in time", sent=None)
    if isinstance(error, aiohttp.ClientPayloadError):
        return HttpError(f"{what}: the answer broke off", sent=True)
    if isinstance(error, aiohttp.ClientResponseError):
        return HttpError(f"{what}: the answer is not valid HTTP ({_clip(error.message)})", sent=True)
    if isinstance(error, ValueError):
        return HttpError(f"{what}: the request cannot be built: {type(error).__name__}", sent=None)
    return HttpError(f"{what}: connection lost: {type(error).__name__}", sent=None)


def _clip(detail: object) -> str:
    text = " ".join(str(detail).split())
    return text if len(text) <= _DETAIL_LIMIT else text[:_DETAIL_LIMIT] + "…"
