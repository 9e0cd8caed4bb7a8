"""A minimal hand-written callback address: what imbridge is measured against.

It does what has to be done and nothing else: signature, time window, decryption, XML, the ids it has seen, the answer.
No bounds of sizes and times, no refusal of replayed nonces, no padding looked at, no order of a conversation, no
limits, no retries, nothing that is forgotten again.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import re
import time
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from benchmarks.servers.serve import Counter, answer, body_of, serve
from benchmarks.wecom.settings import AES_KEY, AGENT_ID, CORP_ID, SECRET, TOKEN

COUNTER = Counter()
KEY = base64.b64decode(AES_KEY + "=")
CIPHER = Cipher(algorithms.AES(KEY), modes.CBC(KEY[:16]))
ENCRYPT = re.compile(rb"<Encrypt><!\[CDATA\[([^\]]+)\]\]></Encrypt>")
SEEN: set[str] = set()
TASKS: set[asyncio.Task[None]] = set()
API = os.environ["WECOM_BASE_URL"] + "/cgi-bin/"
PASSIVE = os.environ["BENCH_MODE"] == "passive"


def sign(timestamp: str, nonce: str, sealed: str) -> str:
    return hashlib.sha1("".join(sorted((TOKEN, timestamp, nonce, sealed))).encode()).hexdigest()  # noqa: S324


class App:
    """The address, and the session that it calls the API with."""

    def __init__(self) -> None:
        self.session: aiohttp.ClientSession | None = None
        self.token = ""

    async def lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        self.session = aiohttp.ClientSession()
        async with self.session.get(f"{API}gettoken?corpid={CORP_ID}&corpsecret={SECRET}") as response:
            self.token = (await response.json())["access_token"]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.session.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def reply(self, user: str, text: str) -> None:
        assert self.session is not None
        message = {"touser": user, "msgtype": "text", "agentid": AGENT_ID, "text": {"content": text}}
        async with self.session.post(f"{API}message/send?access_token={self.token}", json=message) as response:
            if (await response.json())["errcode"] != 0:
                raise RuntimeError("not sent")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return await self.lifespan(receive, send)
        body = await body_of(receive)
        query = dict(parse_qsl(scope["query_string"].decode()))
        found = ENCRYPT.search(body)
        assert found is not None
        sealed = found[1].decode()
        if not hmac.compare_digest(query["msg_signature"], sign(query["timestamp"], query["nonce"], sealed)):
            return await answer(send, 403)
        if abs(time.time() - int(query["timestamp"])) > 300:
            return await answer(send, 403)
        decryptor = CIPHER.decryptor()
        plain = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
        length = int.from_bytes(plain[16:20], "big")
        fields = {child.tag: child.text or "" for child in ET.fromstring(plain[20 : 20 + length].decode())}  # noqa: S314
        if fields["MsgId"] in SEEN:
            return await answer(send, 200, b"")
        SEEN.add(fields["MsgId"])
        COUNTER.handled += 1
        user, text = fields["FromUserName"], fields["Content"]
        if PASSIVE:
            return await answer(send, 200, passive(user, text))
        task = asyncio.create_task(self.reply(user, text))
        TASKS.add(task)
        task.add_done_callback(TASKS.discard)
        return await answer(send, 200, b"")


def passive(user: str, text: str) -> bytes:
    """The encrypted answer."""
    now, nonce = str(int(time.time())), os.urandom(8).hex()
    content = (
        f"<xml><ToUserName><![CDATA[{user}]]></ToUserName><FromUserName><![CDATA[{CORP_ID}]]></FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content></xml>"
    ).encode()
    plain = os.urandom(16) + len(content).to_bytes(4, "big") + content + CORP_ID.encode()
    padding = 32 - len(plain) % 32
    encryptor = CIPHER.encryptor()
    sealed = base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()
    return (
        f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt>"
        f"<MsgSignature><![CDATA[{sign(now, nonce, sealed)}]]></MsgSignature>"
        f"<TimeStamp>{now}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    ).encode()


if __name__ == "__main__":
    serve(App(), COUNTER)
