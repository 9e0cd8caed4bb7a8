import asyncio
import gzip
import io
import logging
import socket
import ssl
import struct
import threading
import traceback
from pathlib import Path

import pytest
from aiohttp import web

from imbridge.protocol.errors import ConfigError, ImbridgeError
from imbridge.transport import HttpError, HttpPool

SECRET = "s3cr3t-canary"


def text_of(error: BaseException) -> str:
    """All that a log could show of an error, its causes and contexts included."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__) + repr(error.__cause__)


async def test_posts_json_and_reads_json(pool, serve):
    async def echo(request: web.Request) -> web.Response:
        assert request.content_type == "application/json"
        return web.json_response({"got": await request.json(), "query": dict(request.query)})

    url = await serve(echo)
    answer = await pool.request("POST", url + "/x", json={"text": "你好"}, params={"a": "1 &2"})
    assert answer.status == 200
    assert answer.json() == {"got": {"text": "你好"}, "query": {"a": "1 &2"}}


async def test_bytes_given_as_json_are_sent_untouched_and_headers_of_the_call_win(pool, serve):
    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read(), headers={"X-Type": request.headers["Content-Type"]})

    url = await serve(echo)
    answer = await pool.request("POST", url, json=b'{"a" : 1}', headers={"Content-Type": "application/x-own"})
    assert answer.body == b'{"a" : 1}'
    assert answer.headers["x-type"] == "application/x-own"


async def test_error_statuses_are_answers(pool, serve):
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"code": 99991663}, status=400)

    answer = await pool.request("GET", await serve(refuse))
    assert (answer.status, answer.json()) == (400, {"code": 99991663})


@pytest.mark.parametrize("body", [b"<html>502</html>", b"", b'{"a": NaN}', b"[" * 100_000, b"\xff\xfe{}"])
async def test_garbage_instead_of_json_is_a_library_error_without_the_body(pool, serve, body):
    async def gateway(_: web.Request) -> web.Response:
        return web.Response(status=502, body=body, content_type="text/html")

    answer = await pool.request("GET", await serve(gateway), params={"access_token": SECRET})
    with pytest.raises(HttpError) as caught:
        answer.json()
    assert caught.value.status == 502
    assert caught.value.sent is True
    assert "text/html" in str(caught.value)
    assert "502</html" not in text_of(caught.value)
    assert SECRET not in text_of(caught.value) + repr(answer)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_refused(pool, serve, status):
    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": f"http://127.0.0.1:1/?ticket={SECRET}"})

    url = await serve(elsewhere)
    for call in (
        pool.request("POST", url, json={}),
        pool.stream_to(io.BytesIO(), url),
        pool.ws_connect(url.replace("http", "ws")),
    ):
        with pytest.raises(HttpError, match="redirect") as caught:
            await call
        assert caught.value.status == status
        assert caught.value.sent is True
        assert SECRET not in text_of(caught.value)


async def test_a_body_longer_than_announced_as_allowed_is_refused(pool, serve):
    async def big(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 2000)

    url = await serve(big)
    assert len((await pool.request("GET", url, max_bytes=2000)).body) == 2000
    with pytest.raises(HttpError, match="longer than 1999") as caught:
        await pool.request("GET", url, max_bytes=1999)
    assert caught.value.sent is True


async def test_an_endless_body_is_cut_off(pool, serve):
    sent = 0
    gone = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
                sent += 65536
        except ConnectionError:
            gone.set()
        return response

    with pytest.raises(HttpError, match="longer than"):
        await pool.request("GET", await serve(endless), max_bytes=100_000)
    await gone.wait()
    assert sent < 64 * 1024 * 1024


async def test_a_gzip_bomb_is_counted_unpacked(pool, serve):
    bomb = gzip.compress(b"\0" * 20_000_000)

    async def explode(_: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    assert len(bomb) < 100_000
    with pytest.raises(HttpError, match="longer than"):
        await pool.request("GET", await serve(explode), max_bytes=1_000_000)


async def test_a_compressed_answer_is_unpacked(pool, serve):
    async def packed(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})

    assert (await pool.request("GET", await serve(packed))).json() == {"a": 1}


async def test_refused_connection_surely_was_not_sent(pool):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/path"
        with pytest.raises(HttpError, match="cannot connect") as caught:
            await pool.request("POST", url, json={}, params={"access_token": SECRET})
    assert caught.value.sent is False
    assert not caught.value.ambiguous
    assert "/path" in str(caught.value)
    assert SECRET not in text_of(caught.value)
    assert isinstance(caught.value, ImbridgeError)


async def test_unknown_host_surely_was_not_sent(pool):
    with pytest.raises(HttpError) as caught:
        await pool.request("POST", "http://no-such-host.invalid/", json={})
    assert caught.value.sent is False


@pytest.mark.parametrize("url", ["not a url", "ftp://127.0.0.1/x", "http://[::1", "/relative"])
async def test_a_url_that_cannot_be_requested_is_a_library_error(pool, url):
    with pytest.raises(HttpError):
        await pool.request("GET", url)


async def test_no_free_connection_surely_was_not_sent(serve):
    release = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await release.wait()
        return web.Response()

    url = await serve(slow)
    async with HttpPool(trust_env=False, limit=1, connect_timeout=0.05) as pool:
        first = asyncio.create_task(pool.request("GET", url))
        await asyncio.sleep(0.02)
        with pytest.raises(HttpError) as caught:
            await pool.request("GET", url)
        release.set()
        assert (await first).status == 200
    assert caught.value.sent is False


async def test_an_answer_that_never_comes_is_ambiguous(pool, serve):
    arrived = asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        arrived.set()
        await asyncio.sleep(30)
        return web.Response()

    with pytest.raises(HttpError, match="in time") as caught:
        await pool.request("POST", await serve(silent), json={}, params={"key": SECRET}, timeout=0.3)
    assert arrived.is_set()
    assert caught.value.sent is None
    assert caught.value.ambiguous
    assert SECRET not in text_of(caught.value)


async def test_a_reset_after_the_request_left_is_ambiguous(pool, serve_raw):
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    with pytest.raises(HttpError) as caught:
        await pool.request("POST", await serve_raw(reset), json={}, params={"key": SECRET})
    assert caught.value.sent is None
    assert SECRET not in text_of(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nA b\x00c: x\r\n\r\n",
    ],
)
async def test_an_answer_that_is_not_http_means_it_may_have_been_acted_on(pool, serve_raw, answer):
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    with pytest.raises(HttpError) as caught:
        await pool.request("POST", await serve_raw(babble), json={}, params={"key": SECRET})
    assert caught.value.ambiguous
    assert SECRET not in text_of(caught.value)


async def test_a_header_with_a_line_break_is_refused(pool, serve):
    async def never(_: web.Request) -> web.Response:
        raise AssertionError("must not be requested")

    with pytest.raises(HttpError) as caught:
        await pool.request("GET", await serve(never), headers={"Authorization": f"{SECRET}\r\nX: y"})
    assert SECRET not in str(caught.value) + repr(caught.value.__context__)


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


async def test_nothing_secret_is_logged(pool, serve, caplog: pytest.LogCaptureFixture):
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=500)

    caplog.set_level(logging.DEBUG)
    await pool.request(
        "POST", await serve(handler), json={}, params={"access_token": SECRET}, headers={"Authorization": SECRET}
    )
    own = [record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp.access")]
    assert SECRET not in "".join(own)
