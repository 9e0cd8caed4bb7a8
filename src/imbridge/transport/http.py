import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from pydantic_core import to_json
from yarl import URL

from imbridge.protocol.errors import ConfigError
from imbridge.transport.bodies import WriteError, copy_bounded, read_bounded
from imbridge.transport.egress import Egress
from imbridge.transport.errors import HttpError, as_http_error, place
from imbridge.transport.proxies import EnvironmentProxies
from imbridge.transport.reach import Reach
from imbridge.transport.response import HttpResponse
from imbridge.transport.tls import verified_context

MEBIBYTE = 1024 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_JSON = "application/json; charset=utf-8"


class HttpPool:
    """One pooled, verified HTTP client for a whole process; opened on first use.

    Nothing is retried here, no redirect is followed, no cookie is kept, and every body is bounded.

    Args:
        extra_ca: A PEM file with further certificate authorities.
        trust_env: Use the proxies named by the environment.
        limit: Connections open to one host at the same time; one that hangs takes none from the others.
        timeout: Seconds for a whole request, unless the call says otherwise.
        connect_timeout: Seconds for getting a connection, waiting for a free one included.
        user_agent: `User-Agent` where a call sets none.
        media_hosts: Hosts and networks of our own that `fetch` may fetch from, as `Reach.of` reads them.
        resolver: Finds the addresses of hosts for `fetch`; the system when left out.

    Raises:
        ConfigError: one of `media_hosts` is none.
    """

    def __init__(
        self,
        *,
        extra_ca: Path | str | None = None,
        trust_env: bool = True,
        limit: int = 100,
        timeout: float = 10.0,
        connect_timeout: float = 3.0,
        user_agent: str = "imbridge",
        media_hosts: Iterable[str] = (),
        resolver: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver,
    ) -> None:
        self._extra_ca = extra_ca
        self._trust_env = trust_env
        self._limit = limit
        self._connect_timeout = connect_timeout
        self._timeout = self._client_timeout(timeout)
        self._user_agent = user_agent
        self.reach = Reach.of(media_hosts)
        self._resolver = resolver
        self._context: ssl.SSLContext | None = None
        self._opening: asyncio.Task[aiohttp.ClientSession] | None = None
        self._session: aiohttp.ClientSession | None = None
        self._ws_session: aiohttp.ClientSession | None = None
        self._proxies: EnvironmentProxies | None = None
        self._closed = False

    async def request(
        self,
        method: str,
        url: str | URL,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        params: Mapping[str, str] | None = None,
        timeout: float | None = None,
        max_bytes: int = 8 * MEBIBYTE,
    ) -> HttpResponse:
        """Send one request and read the whole answer, whatever its status.

        Args:
            method: HTTP method.
            url: Absolute URL; secrets belong in `params` or `headers`, which no error ever shows.
            headers: Request headers.
            json: Body to serialise; `bytes` are taken as JSON that is already serialised.
            data: Any other body that aiohttp takes (bytes, `aiohttp.FormData`, a file).
            params: Query parameters.
            timeout: Seconds for the whole exchange.
            max_bytes: Longest body to accept, after decompression.

        Raises:
            HttpError: No usable answer; `sent` tells whether the server may have acted on the request.
            ConfigError: The file of extra certificate authorities cannot be used.
        """
        session = self._session or await self._open()
        if json is not None:
            # A ready payload: aiohttp would find out by a row of isinstance checks that bytes are bytes.
            data = aiohttp.BytesPayload(json if isinstance(json, bytes) else to_json(json), content_type=_JSON)
        proxies = self._proxies
        failure: BaseException
        try:
            response = await session.request(
                method,
                url,
                headers=headers,
                data=data,
                params=params,
                timeout=self._timeout if timeout is None else self._client_timeout(timeout),
                allow_redirects=False,
                proxy=None if proxies is None else proxies.proxy_for(URL(url)),
            )
            try:
                body = await read_bounded(response, max_bytes)
            except BaseException:
                response.close()
                raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = error
        else:
            if response.status in _REDIRECTS:
                _check_no_redirect(method, url, response)
            return HttpResponse(response.status, response.headers, body, method, url)
        # Outside the except block: aiohttp's own error, which can hold the URL with its tokens, is not kept as context.
        raise as_http_error(failure, method, url)

    async def stream_to(
        self,
        file: BinaryIO,
        url: str | URL,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        max_bytes: int = 100 * MEBIBYTE,
        wanted: Callable[[Mapping[str, str]], bool] | None = None,
    ) -> HttpResponse:
        """Download a body into an open binary file without holding it in memory.

        The file is written to only when the status is 2xx and the answer is wanted; otherwise the answer's body (at
        most 1 MiB) is in the response, as platforms explain a refused download in JSON. After an error the file may
        hold a part.

        Args:
            file: Where to write.
            url: As in `request`, with the arguments that follow.
            method: HTTP method.
            headers: Request headers.
            params: Query parameters.
            timeout: Seconds for the whole exchange.
            max_bytes: Longest body to accept.
            wanted: Tells by the answer's headers whether it is the download: some platforms refuse with a status of
                200. Left out, every 2xx is.

        Raises:
            HttpError: The download failed, broke off, or is longer than `max_bytes`.
            OSError: The file could not be written.
        """
        session = self._session or await self._open()
        proxy = None if self._proxies is None else self._proxies.proxy_for(URL(url))
        failure: BaseException
        try:
            response = await session.request(
                method,
                url,
                headers=headers,
                params=params,
                timeout=self._client_timeout(timeout),
                allow_redirects=False,
                proxy=proxy,
            )
            try:
                _check_no_redirect(method, url, response)
                body = b""
                if 200 <= response.status < 300 and (wanted is None or wanted(response.headers)):
                    await copy_bounded(response, file, max_bytes)
                else:
                    body = await read_bounded(response, MEBIBYTE)
            except BaseException:
                response.close()
                raise
        except WriteError as error:
            raise error.cause from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = error
        else:
            return HttpResponse(response.status, response.headers, body, method, url)
        raise as_http_error(failure, method, url)

    async def egress(self) -> Egress:
        """What a request needs that does not go over the pool's own connections: see `transport.fetching`.

        Raises:
            HttpError: the pool is closed.
            ConfigError: as `request`.
        """
        await self._open()
        if self._context is None:
            raise _closed()
        return Egress(self._context, self._proxies, self._resolver, self.reach, self._user_agent)

    async def ws_connect(
        self,
        url: str | URL,
        *,
        headers: Mapping[str, str] | None = None,
        heartbeat: float | None = None,
        autoping: bool = True,
        max_msg_size: int = 4 * MEBIBYTE,
        timeout: float = 10.0,
        close_timeout: float = 2.0,
    ) -> "aiohttp.ClientWebSocketResponse[bool]":
        """Open a websocket.

        Args:
            url: `ws` or `wss` URL.
            headers: Headers of the handshake.
            heartbeat: Seconds between aiohttp's own pings, None for none. It cannot tell a dead peer from a reader that
                is busy, so `Link` pings by itself.
            autoping: Let aiohttp answer pings and hide pongs.
            max_msg_size: Longest message to accept, in bytes; a longer one ends the connection.
            timeout: Seconds for connection and handshake.
            close_timeout: Seconds to wait for the peer's close frame.

        Raises:
            HttpError: Not connected; a refused handshake has `status` and `headers`.
        """
        if self._session is None:
            await self._open()
        session = self._ws_session
        if session is None:
            raise _closed()
        failure: BaseException
        try:
            async with asyncio.timeout(timeout):
                return await session.ws_connect(
                    url,
                    headers=headers,
                    heartbeat=heartbeat,
                    autoping=autoping,
                    max_msg_size=max_msg_size,
                    timeout=aiohttp.ClientWSTimeout(ws_close=close_timeout),
                    proxy=None if self._proxies is None else self._proxies.proxy_for(URL(url)),
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = error
        raise as_http_error(failure, "GET", url)

    async def close(self) -> None:
        """Close every connection. The pool cannot be used again."""
        self._closed = True
        if self._opening is not None:
            await asyncio.wait((self._opening,))
        sessions = (self._ws_session, self._session)
        self._session = self._ws_session = None
        for session in sessions:
            if session is not None:
                await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise _closed()
        if self._session is not None:
            return self._session
        # One task for all who wait: a caller that gives up must not make the next one build the context again.
        task = self._opening
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._opening = asyncio.create_task(self._build(), name="http:open")
        await asyncio.wait((task,))
        if self._closed:
            raise _closed()
        return task.result()

    async def _build(self) -> aiohttp.ClientSession:
        try:
            context = await asyncio.to_thread(verified_context, self._extra_ca)
        except OSError as error:
            message = f"The certificate authorities in {self._extra_ca} cannot be used ({error}); give a PEM file"
            raise ConfigError(message) from error
        self._context = context
        if self._trust_env:
            self._proxies = EnvironmentProxies.read()
        self._session, self._ws_session = self._sessions(context)
        return self._session

    def _sessions(self, context: ssl.SSLContext) -> tuple[aiohttp.ClientSession, aiohttp.ClientSession]:
        connector = aiohttp.TCPConnector(
            limit=0, limit_per_host=self._limit, ttl_dns_cache=60, keepalive_timeout=60, ssl=context
        )
        headers = {"User-Agent": self._user_agent}
        jar = aiohttp.DummyCookieJar()
        session = aiohttp.ClientSession(
            connector=connector, headers=headers, cookie_jar=jar, timeout=self._timeout, raise_for_status=False
        )
        # Only here is a middleware needed: aiohttp follows redirects of a websocket handshake and offers no switch.
        ws_session = aiohttp.ClientSession(
            connector=connector,
            connector_owner=False,
            headers=headers,
            cookie_jar=jar,
            timeout=self._timeout,
            middlewares=(_refuse_redirects,),
        )
        # aiohttp repeats GET, PUT and DELETE when a connection breaks, without a public switch for it: an attempt
        # that may have been acted on would be hidden from those who have to know.
        session._retry_connection = ws_session._retry_connection = False
        return session, ws_session

    def _client_timeout(self, total: float) -> aiohttp.ClientTimeout:
        # Strictly below the total, so that a connection that never came about is told from an answer that never came.
        return aiohttp.ClientTimeout(total=total, connect=min(self._connect_timeout, total * 0.9))


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    try:
        _check_no_redirect(request.method, request.url, response)
    except HttpError:
        response.close()
        raise
    return response


def _check_no_redirect(method: str, url: str | URL, response: aiohttp.ClientResponse) -> None:
    if response.status not in _REDIRECTS:
        return
    target = place(response.headers.get("Location", ""))
    message = f"{method} {place(url)}: refused to follow a redirect ({response.status}) to {target}"
    raise HttpError(message, sent=True, status=response.status, headers=response.headers)


def _closed() -> HttpError:
    return HttpError("The HTTP pool is closed; no further request can be made with it", sent=False)
