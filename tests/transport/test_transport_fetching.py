"""Fetching from addresses that somebody else chose: names by a resolver of the test, servers on this machine."""

import asyncio
import gzip
import io
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from imbridge.transport import HttpError, HttpPool
from imbridge.transport.fetching import MOST_REDIRECTS, fetch
from imbridge.transport.reach import FetchRefusedError
from leap import Leap

Serve = Callable[..., Awaitable[str]]
ServeRaw = Callable[..., Awaitable[str]]


class Names(AbstractResolver):
    """Names of the test: each look-up takes the next answer, the last one again and again."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self.answers.get(host.split(".", 1)[0])
        if answers is None:
            raise OSError(f"no {host}")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in found
        ]

    async def close(self) -> None:
        return


def pool_with(names: Names, *hosts: str) -> HttpPool:
    return HttpPool(trust_env=False, media_hosts=hosts, resolver=lambda: names)


def port_of(place: str) -> str:
    return place.rpartition(":")[2]


async def body_of(pool: HttpPool, url: str, **options: Any) -> bytes:
    file = io.BytesIO()
    await fetch(pool, url, file, **options)
    return file.getvalue()


async def hello(request: web.Request) -> web.Response:
    return web.Response(body=b"hello", headers={"Content-Disposition": 'attachment; filename="a.txt"'})


async def test_a_network_of_ours_that_is_named(serve: Serve) -> None:
    port = port_of(await serve(hello))
    names = Names(files=[["127.0.0.1"]])
    async with pool_with(names, "files.corp") as pool:
        file = io.BytesIO()
        answer = await fetch(pool, f"http://files.corp:{port}/a?b=c", file)
        assert (answer.status, file.getvalue()) == (200, b"hello")
        assert "a.txt" in answer.headers["Content-Disposition"]
    assert names.asked == ["files.corp"]


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["::1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"]])
async def test_a_name_of_which_one_address_is_ours(addresses: list[str]) -> None:
    names = Names(evil=[addresses])
    async with pool_with(names) as pool:
        with pytest.raises(FetchRefusedError, match=r"evil\.example: it is not in the open network"):
            await body_of(pool, "http://evil.example/secret?token=1")


async def test_looked_up_once(serve: Serve) -> None:
    """A name that is another address at the next look-up (DNS rebinding): what is checked is what is connected to."""
    port = port_of(await serve(hello))
    names = Names(rebinding=[["127.0.0.1"], ["127.0.0.2"]])
    async with pool_with(names, "127.0.0.1") as pool:
        assert await body_of(pool, f"http://rebinding.example:{port}/") == b"hello"
        assert names.asked == ["rebinding.example"]
        with pytest.raises(FetchRefusedError, match="not in the open network"):
            await body_of(pool, f"http://rebinding.example:{port}/")
    assert names.asked == ["rebinding.example", "rebinding.example"]


async def test_what_is_connected_to_is_checked_whoever_looked_it_up(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the check of the look-up passed by, no socket would be made all the same."""
    connected: list[str] = []

    async def counted(request: web.Request) -> web.Response:
        connected.append(request.path)
        return web.Response()

    port = port_of(await serve(counted))
    names = Names(evil=[["127.0.0.1"]])
    monkeypatch.setattr("imbridge.transport.fetching._Checked", lambda inner, reach: inner)
    async with pool_with(names, "127.0.0.2") as pool:
        with pytest.raises(FetchRefusedError, match="not in the open network"):
            await body_of(pool, f"http://evil.example:{port}/")
    assert connected == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"])
async def test_this_machine_in_any_form(serve: Serve, host: str) -> None:
    """With the system's own resolver."""
    port = port_of(await serve(hello))
    async with HttpPool(trust_env=False, media_hosts=("10.0.0.0/8",)) as pool:
        with pytest.raises(FetchRefusedError):
            await body_of(pool, f"http://{host}:{port}/")


# -- redirects ---------------------------------------------------------------------------------------------------------


async def test_what_it_leads_on_to_is_checked_anew(serve: Serve) -> None:
    asked: list[str] = []

    async def inside(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=b"secret")

    port = port_of(await serve(inside))

    async def leads(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"http://inside.example:{port}/latest/meta-data"})

    names = Names(files=[["127.0.0.1"]], inside=[["127.0.0.1"]])
    first = port_of(await serve(leads))
    async with pool_with(names, "files.corp", "192.0.2.0/24") as pool:
        with pytest.raises(FetchRefusedError, match=r"inside\.example"):
            await body_of(pool, f"http://files.corp:{first}/")
    assert asked == []
    async with pool_with(names, "files.corp", "inside.example") as pool:
        assert await body_of(pool, f"http://files.corp:{first}/") == b"secret"


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "http://u:p@files.corp/",
        "http://[::1",
        "http://169.254.169.254/",
        "ftp://x.y/",
        "http://files.corp:99999/",
    ],
)
async def test_leads_on_to_what_is_not_fetched(serve: Serve, target: str) -> None:
    async def leads(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": target})

    port = port_of(await serve(leads))
    async with pool_with(Names(files=[["127.0.0.1"]]), "files.corp") as pool:
        with pytest.raises(FetchRefusedError):
            await body_of(pool, f"http://files.corp:{port}/")


async def test_redirects_are_counted(serve: Serve) -> None:
    hops: list[str] = []

    async def leads(request: web.Request) -> web.Response:
        hops.append(request.path)
        return web.Response(status=302, headers={"Location": f"/{len(hops)}"})

    port = port_of(await serve(leads))
    async with pool_with(Names(files=[["127.0.0.1"]]), "files.corp") as pool:
        with pytest.raises(HttpError, match="more than 5 redirects"):
            await body_of(pool, f"http://files.corp:{port}/")
    assert len(hops) == MOST_REDIRECTS + 1


async def test_nothing_of_ours_is_sent_along(serve: Serve) -> None:
    seen: list[dict[str, str]] = []

    async def looks(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        if request.path == "/":
            return web.Response(status=302, headers={"Location": "/next", "Set-Cookie": "a=b"})
        return web.Response(body=b"x")

    port = port_of(await serve(looks))
    async with pool_with(Names(files=[["127.0.0.1"]]), "files.corp") as pool:
        assert await body_of(pool, f"http://files.corp:{port}/") == b"x"
    for headers in seen:
        assert headers.keys() == {"Host", "User-Agent", "Accept-Encoding", "Accept", "Connection"}
        assert headers["User-Agent"] == "imbridge"
    assert len(seen) == 2


# -- bounds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [True, False])
async def test_larger_than_allowed(serve: Serve, told: bool) -> None:
    async def large(request: web.Request) -> web.StreamResponse:
        if told:
            return web.Response(body=bytes(2000))
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(bytes(2000))
        return response

    port = port_of(await serve(large))
    async with pool_with(Names(files=[["127.0.0.1"]]), "files.corp") as pool:
        file = io.BytesIO()
        with pytest.raises(HttpError, match="longer than 1000 bytes") as caught:
            await fetch(pool, f"http://files.corp:{port}/path?token=1", file, max_bytes=1000)
    assert "token" not in str(caught.value)
    assert "path" not in str(caught.value)
    assert len(file.getvalue()) <= 1000


async def test_a_bomb_is_bounded(serve: Serve) -> None:
    """Compressed although we did not ask for it: what counts is what comes out."""

    async def bomb(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})

    port = port_of(await serve(bomb))
    async with pool_with(Names(files=[["127.0.0.1"]]), "files.corp") as pool:
        with pytest.raises(HttpError, match="longer than 100000 bytes"):
            await body_of(pool, f"http://files.corp:{port}/", max_bytes=100_000)


async def test_cut_short(serve_raw: ServeRaw) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    port = port_of(await serve_raw(cut))
    async with pool_with(Names(files=[["127.0.0.1"]]), "files.corp") as pool:
        with pytest.raises(HttpError) as caught:
            await body_of(pool, f"http://files.corp:{port}/")
    assert caught.value.ambiguous


@pytest.mark.timeout(10)  # silence alone is noticed after 20 s
async def test_all_of_it_takes_too_long(serve: Serve, leap: Leap) -> None:
    """Redirects that each answer in time: it is the whole that is bounded."""
    arrived, never = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        if request.path == "/":
            return web.Response(status=302, headers={"Location": "/slow"})
        arrived.set()
        await never.wait()
        return web.Response()

    port = port_of(await serve(slow))
    async with pool_with(Names(files=[["127.0.0.1"]]), "files.corp") as pool:
        with pytest.raises(HttpError, match="no complete answer in time"):
            await leap.over(5, body_of(pool, f"http://files.corp:{port}/", timeout=5), arrived.is_set)
    never.set()


async def test_a_name_that_nobody_knows() -> None:
    async with pool_with(Names()) as pool:
        with pytest.raises(HttpError) as caught:
            await body_of(pool, "https://nobody.example/")
    assert not caught.value.ambiguous


async def test_a_status_that_is_no_file(serve: Serve) -> None:
    async def gone(request: web.Request) -> web.Response:
        return web.Response(status=404, body=b"not here")

    port = port_of(await serve(gone))
    file = io.BytesIO()
    async with pool_with(Names(files=[["127.0.0.1"]]), "files.corp") as pool:
        assert (await fetch(pool, f"http://files.corp:{port}/", file)).status == 404
    assert file.getvalue() == b""


async def test_behind_a_proxy(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy connects; what is known here to be ours is refused all the same."""
    asked: list[str] = []

    async def proxy(request: web.Request) -> web.Response:
        asked.append(str(request.url))
        return web.Response(body=b"by the proxy")

    monkeypatch.setenv("http_proxy", await serve(proxy))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    names = Names(evil=[["10.0.0.1"]], files=[["8.8.8.8"]])
    async with HttpPool(resolver=lambda: names) as pool:
        assert await body_of(pool, "http://files.example/a") == b"by the proxy"
        assert await body_of(pool, "http://unknown.example/a") == b"by the proxy"
        for refused in ("http://evil.example/a", "http://10.0.0.1/", "http://127.1/"):
            with pytest.raises(FetchRefusedError):
                await body_of(pool, refused)
    assert asked == ["http://files.example/a", "http://unknown.example/a"]
