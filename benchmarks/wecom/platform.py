"""The platform's side: posts encrypted messages, takes `message/send`, and waits for the answer to each.

Usage: python -m benchmarks.wecom.platform send|passive REQUESTS PEOPLE

Prints the port of its API; reads the server's port; posts a warm-up, prints `ready`, begins when a line comes, and
prints one JSON line: seconds and latencies. Each person writes the next message when the answer to the last one is
there: with the callback (`passive`) or by a call (`send`).
"""

import asyncio
import base64
import hashlib
import json
import os
import sys
import time
from collections import deque
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from benchmarks.loops import run
from benchmarks.wecom.settings import AES_KEY, CORP_ID, PATH, TOKEN, WARM_UP

PATIENCE = 30.0
KEY = base64.b64decode(AES_KEY + "=")
CIPHER = Cipher(algorithms.AES(KEY), modes.CBC(KEY[:16]))
ANSWERS = {
    b"/cgi-bin/gettoken": {"errcode": 0, "errmsg": "ok", "access_token": "t" * 64, "expires_in": 7200},
    b"/cgi-bin/agent/get": {"errcode": 0, "errmsg": "ok", "name": "bench"},
    b"/cgi-bin/message/send": {"errcode": 0, "errmsg": "ok", "msgid": "m" * 40},
}


def callback(kind: str, number: int, person: int) -> bytes:
    """A whole HTTP request, as the platform posts a text to an app."""
    now = int(time.time())
    content = (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName><FromUserName><![CDATA[u{person}]]></FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[今天天气怎么样？]]></Content>"
        f"<MsgId>{kind}{number:018d}</MsgId><AgentID>1000002</AgentID></xml>"
    ).encode()
    plain = os.urandom(16) + len(content).to_bytes(4, "big") + content + CORP_ID.encode()
    padding = 32 - len(plain) % 32
    encryptor = CIPHER.encryptor()
    sealed = base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()
    nonce = os.urandom(8).hex()
    signature = hashlib.sha1("".join(sorted((TOKEN, str(now), nonce, sealed))).encode()).hexdigest()  # noqa: S324
    body = (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName><AgentID><![CDATA[1000002]]></AgentID>"
        f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    )
    return (
        f"POST {PATH}?msg_signature={signature}&timestamp={now}&nonce={nonce} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: text/xml\r\nUser-Agent: Mozilla/4.0\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Http(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self.transport: Any = None  # uvloop's is no asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if len(rest) < length:
            return
        self._buffer = b""
        self.whole(head, rest)

    def whole(self, head: bytes, body: bytes) -> None:
        """A request or an answer is complete."""
        raise NotImplementedError


class Person(Http):
    """One member: a message, its answer, the next message."""

    def __init__(self, number: int, *, passive: bool) -> None:
        super().__init__()
        self.number = number
        self.passive = passive
        self.work: deque[int] = deque()
        self.kind = ""
        self.latencies: list[float] = []
        self.done = asyncio.get_running_loop().create_future()
        self._open = 0
        self._started = 0.0

    def begin(self, kind: str, work: deque[int]) -> "asyncio.Future[None]":
        """Write from the common heap until it is used up."""
        self.kind, self.work, self.latencies = kind, work, []
        self.done = asyncio.get_running_loop().create_future()
        self._next()
        return self.done

    def whole(self, head: bytes, body: bytes) -> None:
        if head.split(b" ", 2)[1] != b"200" or bool(body) != self.passive:
            self.done.set_exception(RuntimeError(f"answered {head!r} {body[:200]!r}"))
            return
        self.settled()

    def settled(self) -> None:
        """One of the things that belong to an answer is there."""
        self._open -= 1
        if not self._open:
            self.latencies.append(time.perf_counter() - self._started)
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError("the server closed the connection"))

    def _next(self) -> None:
        if not self.work:
            self.done.set_result(None)
            return
        request = callback(self.kind, self.work.popleft(), self.number)
        self._open = 1 if self.passive else 2
        self._started = time.perf_counter()
        self.transport.write(request)


class Api(Http):
    """The API: takes everything."""

    def __init__(self, people: dict[str, Person]) -> None:
        super().__init__()
        self.people = people

    def whole(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1].partition(b"?")[0]
        answer = json.dumps(ANSWERS[path]).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
        self.transport.write(head + answer)
        if path.endswith(b"send"):
            self.people[json.loads(body)["touser"]].settled()


async def main(mode: str, count: int, size: int) -> None:
    loop = asyncio.get_running_loop()
    people: dict[str, Person] = {}
    server = await loop.create_server(lambda: Api(people), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    port = int(await asyncio.to_thread(sys.stdin.readline))
    for number in range(size):
        person = Person(number, passive=mode == "passive")
        people[f"u{number}"] = person
        await _connect(person, port)
    await asyncio.gather(*_begin(people, "1", WARM_UP))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    started = time.perf_counter()
    await asyncio.gather(*_begin(people, "2", count))
    seconds = time.perf_counter() - started
    latencies = [latency for person in people.values() for latency in person.latencies]
    print(json.dumps({"seconds": seconds, "latencies": latencies}), flush=True)


def _begin(people: dict[str, Person], kind: str, count: int) -> list["asyncio.Future[None]"]:
    work = deque(range(count))
    return [person.begin(kind, work) for person in people.values()]


async def _connect(person: Person, port: int) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await loop.create_connection(lambda: person, "127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                return


if __name__ == "__main__":
    run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
