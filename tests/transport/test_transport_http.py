import asyncio
import gzip
import io
import logging
import socket
import struct
import traceback

import pytest
from aiohttp import web

from imbridge.protocol.errors import ImbridgeError
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


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_nothing_is_repeated_behind_our_back(pool, serve, method: str):
    """aiohttp would: that the first attempt may have been acted on must not get lost."""
    seen = []

    async def cut(request: web.Request) -> web.Response:
        seen.append(request.method)
        if len(seen) == 2 and request.transport is not None:
            request.transport.abort()
        return web.json_response({})

    url = await serve(cut)
    await pool.request(method, url)  # so that there is a connection that is used again
    with pytest.raises(HttpError) as caught:
        await pool.request(method, url)
    assert caught.value.ambiguous
    assert seen == [method] * 2


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


async def test_no_free_connection_surely_was_not_sent(serve, leap):
    arrived, release = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        arrived.set()
        await release.wait()
        return web.Response()

    url = await serve(slow)
    async with HttpPool(trust_env=False, limit=1, connect_timeout=20, timeout=600) as pool:
        first = asyncio.create_task(pool.request("GET", url))
        await arrived.wait()
        second = asyncio.create_task(pool.request("GET", url))
        await asyncio.sleep(0.05)
        leap(20)
        with pytest.raises(HttpError) as caught:
            await second
        release.set()
        assert (await first).status == 200
    assert caught.value.sent is False


async def test_an_answer_that_never_comes_is_ambiguous(pool, serve, leap):
    arrived = asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        arrived.set()
        await asyncio.sleep(30)
        return web.Response()

    asking = pool.request("POST", await serve(silent), json={}, params={"key": SECRET}, timeout=5)
    with pytest.raises(HttpError, match="in time") as caught:
        await leap.over(5, asking, arrived.is_set)
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


async def test_nothing_secret_is_logged(pool, serve, caplog: pytest.LogCaptureFixture):
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=500)

    caplog.set_level(logging.DEBUG)
    await pool.request(
        "POST", await serve(handler), json={}, params={"access_token": SECRET}, headers={"Authorization": SECRET}
    )
    own = [record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp.access")]
    assert SECRET not in "".join(own)
