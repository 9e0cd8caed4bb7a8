import asyncio
import io
import ssl
import threading
import traceback
from pathlib import Path

import pytest
from aiohttp import web

from imbridge.protocol.errors import ConfigError
from imbridge.transport import HttpError, HttpPool

SECRET = "s3cr3t-canary"


def text_of(error: BaseException) -> str:
    """All that a log could show of an error, its causes and contexts included."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__) + repr(error.__cause__)


async def test_self_signed_certificate_is_refused_unless_its_authority_is_named(serve, certificate):
    pem, context = certificate
    reached = 0

    async def handler(_: web.Request) -> web.Response:
        nonlocal reached
        reached += 1
        return web.Response()

    url = await serve(handler, ssl_context=context)
    async with HttpPool(trust_env=False) as pool:
        for call in (pool.request("POST", url, json={}), pool.ws_connect(url.replace("https", "wss"))):
            with pytest.raises(HttpError, match="certificate") as caught:
                await call
            assert caught.value.sent is False
    assert reached == 0
    async with HttpPool(trust_env=False, extra_ca=pem) as pool:
        assert (await pool.request("GET", url)).status == 200
        with pytest.raises(HttpError, match="certificate"):  # right authority, wrong name
            await pool.request("GET", url.replace("127.0.0.1", "localhost"))


async def test_tls_1_1_is_refused(serve, certificate):
    pem, context = certificate
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    url = await serve(handler, ssl_context=context)
    async with HttpPool(trust_env=False, extra_ca=pem) as pool:
        with pytest.raises(HttpError) as caught:
            await pool.request("GET", url)
    assert caught.value.sent is False


async def test_connections_are_reused_and_cookies_are_not_kept(pool, serve):
    peers: set[object] = set()

    async def handler(request: web.Request) -> web.Response:
        assert "Cookie" not in request.headers
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        response = web.json_response({})
        response.set_cookie("session", "1")
        return response

    url = await serve(handler)
    for _ in range(20):
        assert (await pool.request("POST", url, json={})).status == 200
    assert len(peers) == 1


async def test_cancelling_a_request_leaves_the_pool_usable(pool, serve):
    arrived = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/slow":
            arrived.set()
            await asyncio.sleep(30)
        return web.Response(text="ok")

    url = await serve(handler)
    task = asyncio.create_task(pool.request("GET", url + "/slow"))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await pool.request("GET", url)).body == b"ok"


async def test_a_closed_pool_says_so():
    pool = HttpPool()
    await pool.close()
    for call in (pool.request("GET", "http://127.0.0.1/"), pool.ws_connect("ws://127.0.0.1/")):
        with pytest.raises(HttpError, match="closed") as caught:
            await call
        assert caught.value.sent is False
    await pool.close()


async def test_concurrent_first_requests_open_one_session(serve):
    connections: set[object] = set()

    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        connections.add(request.transport.get_extra_info("peername"))
        return web.Response()

    url = await serve(handler)
    async with HttpPool(trust_env=False, limit=3) as pool:
        await asyncio.gather(*(pool.request("GET", url) for _ in range(30)))
    assert len(connections) <= 3


async def test_a_first_request_that_is_given_up_does_not_delay_the_next(serve, monkeypatch: pytest.MonkeyPatch):
    from imbridge.transport import http

    built, go = 0, threading.Event()

    def slowly(extra_ca: object) -> ssl.SSLContext:
        nonlocal built
        built += 1
        go.wait(10)
        return ssl.create_default_context()

    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    monkeypatch.setattr(http, "verified_context", slowly)
    url = await serve(handler)
    async with HttpPool(trust_env=False) as pool:
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(pool.request("GET", url), 0.01)
        go.set()
        assert (await pool.request("GET", url)).status == 200
    assert built == 1


async def test_a_ca_file_that_cannot_be_used_is_a_config_error(tmp_path: Path):
    junk = tmp_path / "ca.pem"
    junk.write_text("not a certificate")
    for path in (junk, tmp_path / "missing.pem"):
        async with HttpPool(extra_ca=path) as pool:
            for _ in range(2):
                with pytest.raises(ConfigError, match="PEM"):
                    await pool.request("GET", "https://127.0.0.1:1/")


async def test_closing_while_opening_leaves_nothing_open(serve):
    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    url = await serve(handler)
    pool = HttpPool(trust_env=False)
    task = asyncio.create_task(pool.request("GET", url))
    await asyncio.sleep(0)
    await pool.close()
    results = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(results[0], HttpError)


async def test_downloads_into_a_file_in_pieces(pool, serve, tmp_path: Path):
    content = bytes(range(256)) * 4096

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(content), 50_000):
            await response.write(content[start : start + 50_000])
        return response

    path = tmp_path / "file"
    with path.open("wb") as file:
        answer = await pool.stream_to(file, await serve(handler))
    assert answer.status == 200
    assert path.read_bytes() == content


async def test_a_download_that_is_too_long_is_refused(pool, serve):
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if request.path == "/announced":
            response.content_length = 3000
        await response.prepare(request)
        await response.write(b"x" * 3000)
        return response

    url = await serve(handler)
    for path in ("/announced", "/chunked"):
        with pytest.raises(HttpError, match="longer than 2999"):
            await pool.stream_to(io.BytesIO(), url + path, max_bytes=2999)


async def test_a_refused_download_leaves_the_file_alone_and_gives_the_reason(pool, serve):
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"code": 234003}, status=400)

    file = io.BytesIO()
    answer = await pool.stream_to(file, await serve(handler))
    assert (answer.status, answer.json(), file.getvalue()) == (400, {"code": 234003}, b"")


async def test_a_download_that_breaks_off_is_an_error(pool, serve_raw):
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 10)
        await writer.drain()

    with pytest.raises(HttpError):
        await pool.stream_to(io.BytesIO(), await serve_raw(cut))


async def test_a_full_disk_is_an_oserror_not_a_network_error(pool, serve):
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 1000)

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            assert threading.current_thread() is not threading.main_thread()
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        await pool.stream_to(Full(), await serve(handler))


async def test_a_refused_handshake_has_status_and_headers_but_shows_no_url(pool, serve):
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=403, headers={"handshake-status": "514", "handshake-autherrcode": "1000040350"})

    url = (await serve(handler)).replace("http", "ws")
    with pytest.raises(HttpError, match="403") as caught:
        await pool.ws_connect(f"{url}/ws?ticket={SECRET}", headers={"Authorization": SECRET})
    assert caught.value.status == 403
    assert caught.value.headers["Handshake-AuthErrCode"] == "1000040350"
    assert SECRET not in text_of(caught.value)


async def test_a_handshake_that_is_never_answered_times_out(pool, serve_raw):
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    with pytest.raises(HttpError, match="in time"):
        await pool.ws_connect((await serve_raw(silent)).replace("http", "ws"), timeout=0.1)


async def test_websocket_echo(pool, serve):
    async def echo(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            await ws.send_str(message.data)
        return ws

    ws = await pool.ws_connect((await serve(echo)).replace("http", "ws"))
    await ws.send_str("hello")
    assert (await ws.receive()).data == "hello"
    await ws.close()


async def test_the_environment_s_proxy_is_used(serve, monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[str, str | None]] = []

    async def proxy(request: web.Request) -> web.Response:
        seen.append((str(request.url), request.headers.get("Proxy-Authorization")))
        return web.Response(text="by proxy")

    async def direct(_: web.Request) -> web.Response:
        return web.Response(text="direct")

    address = (await serve(proxy)).replace("http://", "http://user:word@")
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", address)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with HttpPool() as pool:
        assert (await pool.request("GET", "http://platform.invalid/x")).body == b"by proxy"
        assert (await pool.request("GET", await serve(direct))).body == b"direct"
    assert seen == [("http://platform.invalid/x", "Basic dXNlcjp3b3Jk")]
