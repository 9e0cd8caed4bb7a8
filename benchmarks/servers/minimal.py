"""A minimal hand-written callback address: what imbridge is measured against.

It does what has to be done and nothing else: signature, time window, decryption, JSON, the ids it has seen, 200. No
bounds of sizes and times, no refusal of replayed nonces, no queue, no handler, nothing that is forgotten again.
"""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from benchmarks.servers.serve import ENCRYPT_KEY, Counter, answer, body_of, lifespan, serve

COUNTER = Counter()
KEY = algorithms.AES(hashlib.sha256(ENCRYPT_KEY.encode()).digest())
SECRET = ENCRYPT_KEY.encode()
SEEN: set[str] = set()


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    body = await body_of(receive)
    headers = dict(scope["headers"])
    timestamp, nonce = headers[b"x-lark-request-timestamp"], headers[b"x-lark-request-nonce"]
    expected = hashlib.sha256(timestamp + nonce + SECRET + body).hexdigest()
    if not hmac.compare_digest(expected, headers[b"x-lark-signature"].decode()):
        return await answer(send, 403)
    if abs(time.time() - int(timestamp)) > 300:
        return await answer(send, 403)
    data = base64.b64decode(json.loads(body)["encrypt"])
    decryptor = Cipher(KEY, modes.CBC(data[:16])).decryptor()
    padded = decryptor.update(data[16:]) + decryptor.finalize()
    event = json.loads(padded[: -padded[-1]])
    event_id = event["header"]["event_id"]
    if event_id not in SEEN:
        SEEN.add(event_id)
        COUNTER.handled += 1
    return await answer(send, 200)


if __name__ == "__main__":
    serve(app, COUNTER)
