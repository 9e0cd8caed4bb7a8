"""The load: a process that posts signed, encrypted events, each with its own ids and nonce, over open connections.

Usage: python -m benchmarks.load PORT REQUESTS CONNECTIONS

Everything is built before it is sent. Prints `ready` after a warm-up, begins when a line comes on its input, and prints
one JSON line: seconds and latencies.
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

from benchmarks.events import message_event
from benchmarks.loops import run
from benchmarks.servers.serve import ENCRYPT_KEY, VERIFICATION_TOKEN

PATH = "/feishu/bench"
WARM_UP = 1000
PATIENCE = 30.0


def requests(kind: str, count: int) -> deque[bytes]:
    """Whole HTTP requests, as the platform posts events of an app with an encrypt key."""
    key = algorithms.AES(hashlib.sha256(ENCRYPT_KEY.encode()).digest())
    made: deque[bytes] = deque()
    for number in range(count):
        now = int(time.time() * 1000)
        event_id = f"{kind}{number:030d}"
        event = message_event(event_id, f"om_{event_id}", now, chat=number % 50, token=VERIFICATION_TOKEN)
        plain = json.dumps(event, ensure_ascii=False).encode()
        plain += bytes([16 - len(plain) % 16]) * (16 - len(plain) % 16)
        iv = os.urandom(16)
        encryptor = Cipher(key, modes.CBC(iv)).encryptor()
        encrypted = iv + encryptor.update(plain) + encryptor.finalize()
        body = json.dumps({"encrypt": base64.b64encode(encrypted).decode()}).encode()
        timestamp, nonce = str(now // 1000), os.urandom(8).hex()
        signature = hashlib.sha256(f"{timestamp}{nonce}{ENCRYPT_KEY}".encode() + body).hexdigest()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"User-Agent: bench\r\nX-Request-Id: {event_id}\r\nX-Lark-Request-Timestamp: {timestamp}\r\n"
            f"X-Lark-Request-Nonce: {nonce}\r\nX-Lark-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


class Poster(asyncio.Protocol):
    """One connection: sends a request, waits for its answer, sends the next."""

    def __init__(self) -> None:
        self.work: deque[bytes] = deque()
        self.latencies: list[float] = []
        self.done = asyncio.get_running_loop().create_future()
        self._buffer = b""
        self._sent = 0.0
        self._transport: Any = None  # uvloop's is no asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def begin(self, work: deque[bytes]) -> "asyncio.Future[None]":
        """Post from the common heap until it is used up."""
        self.work, self.latencies = work, []
        self.done = asyncio.get_running_loop().create_future()
        self._next()
        return self.done

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(rest) < int(fields[b"content-length"]):
            return
        self._buffer = b""
        self.latencies.append(time.perf_counter() - self._sent)
        if head.split(b" ", 2)[1] != b"200":
            self.done.set_exception(RuntimeError(f"answered {head!r}"))
            return
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError("the server closed the connection"))

    def _next(self) -> None:
        if not self.work:
            self.done.set_result(None)
            return
        request = self.work.popleft()
        self._sent = time.perf_counter()
        self._transport.write(request)


async def connect(port: int) -> Poster:
    """A connection, as soon as the server listens."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return (await loop.create_connection(Poster, "127.0.0.1", port))[1]
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)


async def main(port: int, count: int, connections: int) -> None:
    posters = [await connect(port) for _ in range(connections)]
    warm = requests("w", WARM_UP)
    await asyncio.gather(*(poster.begin(warm) for poster in posters))
    work = requests("r", count)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    started = time.perf_counter()
    await asyncio.gather(*(poster.begin(work) for poster in posters))
    seconds = time.perf_counter() - started
    latencies = [latency for poster in posters for latency in poster.latencies]
    print(json.dumps({"seconds": seconds, "latencies": latencies}), flush=True)


if __name__ == "__main__":
    run(main(*(int(argument) for argument in sys.argv[1:])))
