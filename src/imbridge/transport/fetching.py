"""Files from addresses that somebody else chose: fetched without leading into a network of ours.

An address is checked when it is read, each of its host's addresses when it is looked up, and the one that is connected
to once more when its socket is made: there is no second look-up in which it could become another (DNS rebinding). The
same holds for each place that an answer leads on to. Nothing that tells who we are is sent along.
"""

import asyncio
import socket
from typing import Any, BinaryIO

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from imbridge.transport.bodies import WriteError, copy_bounded
from imbridge.transport.egress import Egress
from imbridge.transport.errors import HttpError, as_http_error
from imbridge.transport.http import MEBIBYTE, HttpPool
from imbridge.transport.reach import FetchRefusedError, Reach
from imbridge.transport.response import HttpResponse

MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONNECT_TIMEOUT = 5.0
_SILENCE = 20.0
"""Seconds in which nothing comes, after which a download has broken off."""

_AddrInfo = tuple[Any, ...]


async def fetch(
    pool: HttpPool,
    url: str | URL,
    file: BinaryIO,
    *,
    max_bytes: int = 100 * MEBIBYTE,
    timeout: float = 60.0,
    reach: Reach | None = None,
) -> HttpResponse:
    """Fetch what is at an address into an open file, from the open network only; it is never whole in memory.

    The file is written to only when the status is 2xx; after an error it may hold a part.

    Args:
        pool: Says how requests leave, and which hosts of our own may be fetched from.
        url: The address; not in any error, for its path and query may be a credential.
        file: Where to write.
        max_bytes: Longest body to accept.
        timeout: Seconds for all of it, with all redirects.
        reach: What may be fetched from besides what the pool says.

    Returns:
        Status and headers of the last answer, and the address that it came from. No body.

    Raises:
        FetchRefusedError: it, or what it leads on to, is not fetched from.
        HttpError: no usable answer, or one that is too long.
        OSError: the file cannot be written.
        ConfigError: as `HttpPool.request`.
    """
    egress = await pool.egress()
    allowed = egress.reach if reach is None else egress.reach.also(reach)
    place = _parsed(url)
    failure: BaseException
    try:
        async with asyncio.timeout(timeout):
            for _ in range(MOST_REDIRECTS + 1):
                allowed.check(place)
                answer, after = await _hop(egress, allowed, place, file, max_bytes)
                if after is None:
                    return answer
                place = after
    except WriteError as error:
        raise error.cause from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        failure = error
    else:
        failure = HttpError(f"{place.host}: more than {MOST_REDIRECTS} redirects", sent=True)
    raise as_http_error(failure, "GET", place.origin())


async def _hop(
    egress: Egress, reach: Reach, url: URL, file: BinaryIO, max_bytes: int
) -> tuple[HttpResponse, URL | None]:
    """One request; the answer, and where it leads on to."""
    proxy = None if egress.proxies is None else egress.proxies.proxy_for(url)
    if proxy is not None:
        await _check_behind_proxy(egress, reach, url)
    connector = _plain(egress) if proxy is not None else _guarded(egress, reach, url.host or "")
    async with aiohttp.ClientSession(
        connector=connector,
        headers={"User-Agent": egress.user_agent, "Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_TIMEOUT, sock_read=_SILENCE),
        raise_for_status=False,
    ) as session:
        session._retry_connection = False  # as in `HttpPool`: what is tried again is said by who calls
        async with session.get(url, allow_redirects=False, proxy=proxy) as response:
            if response.status in _REDIRECTS:
                return HttpResponse(response.status, response.headers, b"", "GET", url), _next(url, response)
            if 200 <= response.status < 300:
                await copy_bounded(response, file, max_bytes, what=f"GET {url.origin()}")
            return HttpResponse(response.status, response.headers, b"", "GET", url), None


def _next(url: URL, response: aiohttp.ClientResponse) -> URL:
    target = url.join(_parsed(response.headers.get("Location", "")))
    if url.scheme == "https" and target.scheme == "http":
        raise FetchRefusedError(f"{url.host}: it leads on to an address without encryption")
    return target


def _parsed(url: str | URL) -> URL:
    if isinstance(url, URL):
        return url
    try:
        parsed = URL(url, encoded=True) if url.isascii() and " " not in url else URL(url)
        _ = parsed.port  # one that is no port is seen when it is read
    except (ValueError, TypeError):
        raise FetchRefusedError("this is no address that can be fetched from") from None
    return parsed


async def _check_behind_proxy(egress: Egress, reach: Reach, url: URL) -> None:
    """See what can be seen from here: it is the proxy that connects, and what it may reach is for its owner to say."""
    host = url.host or ""
    resolver = _Checked(egress.resolver(), reach)
    try:
        await resolver.resolve(host, url.port or 443)
    except OSError:
        return  # a network whose names only the proxy knows
    finally:
        await resolver.close()


def _plain(egress: Egress) -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(ssl=egress.context, force_close=True)


def _guarded(egress: Egress, reach: Reach, host: str) -> aiohttp.TCPConnector:
    """Connections to one host, to addresses that it may have."""

    def made(info: _AddrInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        reach.check_address(host, str(address[0]), int(address[1]))
        return socket.socket(family=family, type=kind, proto=protocol)

    # One address after another: an error of the check is not one of the network's, which would let the next one try.
    return aiohttp.TCPConnector(
        ssl=egress.context,
        resolver=_Checked(egress.resolver(), reach),
        use_dns_cache=False,
        happy_eyeballs_delay=None,
        force_close=True,
        socket_factory=made,
    )


class _Checked(AbstractResolver):
    """Addresses of hosts, if all of them may be fetched from."""

    def __init__(self, inner: AbstractResolver, reach: Reach) -> None:
        self._inner = inner
        self._reach = reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for entry in found:
            self._reach.check_address(host, entry["host"], port)
        return found

    async def close(self) -> None:
        await self._inner.close()
