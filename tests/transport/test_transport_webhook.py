import asyncio
import contextlib
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from imbridge.transport import (
    Headers,
    HttpPool,
    Refused,
    WebhookApp,
    WebhookRequest,
    WebhookResponse,
    WebhookRoute,
)

SECRET = "body-canary"


@pytest.fixture
async def run() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """`await run(asgi_app)` serves it under uvicorn and returns `http://127.0.0.1:port`."""
    running: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []

    async def start(app: Any, **options: Any) -> str:
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1, **options)
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign] # pytest keeps its signals
        task = asyncio.create_task(server.serve())
        running.append((server, task))
        while not server.started:
            assert not task.done(), task
            await asyncio.sleep(0.005)
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield start
    for server, task in running:
        server.should_exit = True
        await task


def echo_app(**options: Any) -> WebhookApp:
    async def echo(request: WebhookRequest) -> WebhookResponse:
        seen = {
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "signature": request.headers.get("X-SIGNATURE"),
            "body": request.body.decode("latin-1"),
        }
        return WebhookResponse(200, json.dumps(seen).encode(), {"Content-Type": "application/json"})

    return WebhookApp([WebhookRoute("/feishu/work", ["GET", "post"], echo, **options)])


async def raw(url: str, data: bytes, *, then: bytes | None = None) -> tuple[bytes, bool]:
    """Send bytes as they are; returns the answer and whether the server hung up."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    await writer.drain()
    answer = b""
    closed = False
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(3):
            while part := await reader.read(65536):
                answer += part
            closed = True
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer, closed


@pytest.mark.parametrize("mount", ["alone", "starlette", "fastapi", "nested"])
async def test_answers_alone_and_mounted(run, pool, mount):
    app: Any = echo_app()
    prefix = {"alone": "", "starlette": "/im", "fastapi": "/im", "nested": "/api/im"}[mount]
    if mount == "starlette":
        app = Starlette(routes=[Mount("/im", app=app)])
    elif mount == "fastapi":
        outer = FastAPI()
        outer.mount("/im", app)
        app = outer
    elif mount == "nested":
        app = Starlette(routes=[Mount("/api", routes=[Mount("/im", app=app)])])
    url = await run(app)
    answer = await pool.request(
        "POST",
        f"{url}{prefix}/feishu/work",
        data=b"\x00\xff raw",
        params={"timestamp": "1", "echo": "a+b/c="},
        headers={"x-Signature": "sig"},
    )
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "method": "POST",
        "path": "/feishu/work",
        "query": {"timestamp": "1", "echo": "a+b/c="},
        "signature": "sig",
        "body": "\x00ÿ raw",
    }
    assert (await pool.request("GET", f"{url}{prefix}/feishu/work")).json()["method"] == "GET"
    assert (await pool.request("GET", f"{url}{prefix}/other")).status == 404


async def test_a_root_path_of_the_server_is_taken_off(run, pool):
    url = await run(echo_app(), root_path="/behind/proxy")
    assert (await pool.request("GET", f"{url}/feishu/work")).json()["path"] == "/feishu/work"


async def test_refusals_are_empty_and_counted(run, pool):
    async def verify(_: WebhookRequest) -> WebhookResponse:
        raise Refused(403, "bad signature")

    app = WebhookApp([WebhookRoute("/x", ["POST"], verify)])
    url = await run(app)
    for _ in range(3):
        answer = await pool.request("POST", f"{url}/x", data=SECRET)
        assert (answer.status, answer.body) == (403, b"")
    answer = await pool.request("PUT", f"{url}/x")
    assert (answer.status, answer.body, answer.headers["Allow"]) == (405, b"", "POST")
    for path in ("/", "/x/", "/X", "//x", "/unknown"):
        answer = await pool.request("POST", url + path)
        assert (answer.status, answer.body) == (404, b"")
    assert dict(app.counts) == {
        ("/x", 403, "bad signature"): 3,
        ("/x", 405, "method not allowed"): 1,
        ("*", 404, "unknown path"): 5,
    }


async def test_refusals_do_not_fill_the_log_and_show_no_body(run, pool, caplog):
    async def verify(_: WebhookRequest) -> WebhookResponse:
        raise Refused(403, "bad signature")

    url = await run(WebhookApp([WebhookRoute("/x", ["POST"], verify)]), access_log=False)
    for _ in range(120):
        await pool.request("POST", f"{url}/x", data=SECRET, params={"sign": SECRET})
    own = [record.getMessage() for record in caplog.records if record.name.startswith("imbridge")]
    assert [re.search(r"\((\d+) so far", line).group(1) for line in own] == ["1", "10", "100"]
    assert SECRET not in caplog.text


async def test_a_failing_handler_answers_with_an_id_that_is_in_the_log(run, pool, caplog):
    async def fail(_: WebhookRequest) -> WebhookResponse:
        raise RuntimeError("bug")

    app = WebhookApp([WebhookRoute("/x", ["POST"], fail)])
    answer = await pool.request("POST", f"{await run(app)}/x", data=SECRET)
    assert answer.status == 500
    (error_id,) = re.findall(r"[0-9a-f]{16}", answer.body.decode())
    (record,) = [record for record in caplog.records if error_id in record.getMessage()]
    assert record.levelno == logging.ERROR
    assert "RuntimeError: bug" in caplog.text
    assert "bug" not in answer.body.decode()
    assert SECRET not in caplog.text
    assert app.counts["/x", 500, "handler failed"] == 1


async def test_a_slow_handler_is_cancelled(run, pool):
    cancelled = asyncio.Event()

    async def slow(_: WebhookRequest) -> WebhookResponse:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return WebhookResponse()

    app = WebhookApp([WebhookRoute("/x", ["POST"], slow, timeout=0.05)])
    answer = await pool.request("POST", f"{await run(app)}/x")
    assert (answer.status, answer.body) == (503, b"")
    assert cancelled.is_set()


async def test_a_timeout_inside_the_handler_is_its_own_failure(run, pool):
    async def fail(_: WebhookRequest) -> WebhookResponse:
        raise TimeoutError("database")

    app = WebhookApp([WebhookRoute("/x", ["POST"], fail)])
    assert (await pool.request("POST", f"{await run(app)}/x")).status == 500


async def test_an_announced_body_that_is_too_large_is_not_read(run):
    app = echo_app(max_body=1000)
    url = await run(app)
    head = b"POST /feishu/work HTTP/1.1\r\nHost: x\r\nContent-Length: 300000000\r\n\r\n"
    answer, closed = await raw(url, head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.endswith(b"\r\n\r\n")
    assert closed
    assert app.counts["/feishu/work", 413, "body too large"] == 1


async def test_a_streamed_body_that_is_too_large_is_cut_off(run):
    url = await run(echo_app(max_body=1000))
    head = b"POST /feishu/work HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer, closed = await raw(url, head + b"200\r\n" + b"x" * 512 + b"\r\n200\r\n" + b"x" * 512 + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    assert closed


async def test_a_body_of_exactly_the_limit_is_taken(run, pool):
    url = await run(echo_app(max_body=1000))
    assert (await pool.request("POST", f"{url}/feishu/work", data=b"x" * 1000)).status == 200
    assert (await pool.request("POST", f"{url}/feishu/work", data=b"x" * 1001)).status == 413


async def test_a_body_that_trickles_in_is_given_up(run):
    app = echo_app(body_timeout=0.1)
    url = await run(app)
    head = b"POST /feishu/work HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n1234567890"
    answer, closed = await raw(url, head)
    assert answer.startswith(b"HTTP/1.1 408")
    assert closed
    assert app.counts["/feishu/work", 408, "body too slow"] == 1


async def test_a_client_that_goes_away_is_counted_and_not_an_error(run, caplog):
    app = echo_app()
    url = await run(app)
    host, port = url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /feishu/work HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n123")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await writer.wait_closed()
    while not app.counts:
        await asyncio.sleep(0.005)
    assert dict(app.counts) == {("/feishu/work", 499, "client went away"): 1}
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    ("query", "status"),
    [("a=1&a=2", 400), ("a=%ff", 400), ("&".join(f"k{n}=1" for n in range(65)), 400), ("a=" + "x" * 17_000, 414),
     ("a=&b", 200), ("a=%E4%BD%A0", 200)],
)  # fmt: skip
async def test_queries_that_can_be_read_two_ways_are_refused(run, query, status):
    url = await run(echo_app())
    answer, _ = await raw(url, f"GET /feishu/work?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(f"HTTP/1.1 {status}".encode())


@pytest.mark.parametrize("length", [b"abc", b"-1", b"+5", b"\xc2\xb2", b"9" * 13])
async def test_a_senseless_content_length_is_refused(length):
    """Servers check this themselves; an ASGI server that does not must not get past us."""
    app = echo_app()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/feishu/work", "query_string": b"", "http_version": "1.1",
        "headers": [(b"content-length", length)],
    }  # fmt: skip
    await app(scope, receive, send)
    assert sent[0]["status"] == 400


async def test_head_is_answered_without_a_body(run):
    async def page(_: WebhookRequest) -> WebhookResponse:
        return WebhookResponse(200, b"12345")

    url = await run(WebhookApp([WebhookRoute("/x", ["HEAD"], page)]))
    answer, _ = await raw(url, b"HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"content-length: 5" in answer
    assert answer.endswith(b"\r\n\r\n")


async def test_a_websocket_is_turned_away(run, pool):
    url = await run(echo_app())
    with pytest.raises(Exception, match="handshake refused"):
        await pool.ws_connect(url.replace("http", "ws") + "/feishu/work")


async def test_start_and_stop_of_the_server_are_passed_on(run):
    calls: list[str] = []

    async def startup() -> None:
        calls.append("start")

    async def shutdown() -> None:
        calls.append("stop")

    app = WebhookApp([], startup=startup, shutdown=shutdown)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="on")
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign] # pytest keeps its signals
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    assert calls == ["start"]
    server.should_exit = True
    await task
    assert calls == ["start", "stop"]


async def test_a_failing_start_is_told_to_the_server():
    sent: list[Any] = []

    async def startup() -> None:
        raise RuntimeError("no database")

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    await WebhookApp([], startup=startup)({"type": "lifespan"}, receive, send)
    assert sent == [{"type": "lifespan.startup.failed", "message": "RuntimeError: no database"}]


async def test_counters_are_bounded(run, pool):
    number = 0

    async def chatty(_: WebhookRequest) -> WebhookResponse:
        nonlocal number
        number += 1
        raise Refused(403, f"reason {number}")

    app = WebhookApp([WebhookRoute("/x", ["POST"], chatty)])
    url = await run(app, access_log=False)
    for _ in range(1100):
        await pool.request("POST", f"{url}/x")
    assert len(app.counts) <= 1001
    assert sum(app.counts.values()) == 1100


async def test_many_requests_at_once(run, pool: HttpPool):
    app = echo_app()
    url = await run(app)
    answers = await asyncio.gather(*(pool.request("POST", f"{url}/feishu/work", json={"n": n}) for n in range(300)))
    assert [json.loads(answer.json()["body"])["n"] for answer in answers] == list(range(300))
    assert dict(app.counts) == {("/feishu/work", 200, ""): 300}


def test_one_path_for_two_routes_is_refused():
    app = echo_app()
    with pytest.raises(ValueError, match="used twice"):
        app.add(WebhookRoute("/feishu/work", ["GET"], lambda _: None))
    with pytest.raises(ValueError, match="slash"):
        WebhookRoute("feishu", ["GET"], lambda _: None)


def test_headers():
    headers = Headers([("X-A", "1"), ("x-a", "2"), ("B", "3")])
    assert headers["x-A"] == "1, 2"
    assert headers.get("b") == "3"
    assert "X-a" in headers
    assert "c" not in headers
    assert 5 not in headers
    assert sorted(headers) == ["b", "x-a"]
    assert len(headers) == 2
    assert Headers({"K": SECRET})["k"] == SECRET
    assert SECRET not in repr(Headers({"K": SECRET}))


def test_requests_and_responses_do_not_show_their_content():
    request = WebhookRequest("POST", "/x", {"sign": SECRET}, Headers({"k": SECRET}), SECRET.encode())
    assert SECRET not in repr(request) + repr(WebhookResponse(200, SECRET.encode(), {"k": SECRET}))
