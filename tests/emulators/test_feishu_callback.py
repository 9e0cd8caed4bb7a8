"""HTTP callback mode, received by a plain aiohttp server."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from feishu_raw_client import until

from imbridge.emulators.feishu import EmulatorSettings, FeishuEmulator
from imbridge.emulators.feishu.callback import CallbackRefusedError


class Receiver:
    """A bot's callback address that remembers what it got."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.key = ""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        payload = self.plain(body)
        if payload.get("type") == "url_verification":
            return web.json_response({"challenge": payload["challenge"]})
        self.requests.append((dict(request.headers), body))
        return web.json_response({}, status=self.statuses.pop(0) if self.statuses else 200)

    def plain(self, body: bytes) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(body)
        if not self.key:
            return parsed
        raw = base64.b64decode(parsed["encrypt"])
        cipher = Cipher(algorithms.AES(hashlib.sha256(self.key.encode()).digest()), modes.CBC(raw[:16])).decryptor()
        padded = cipher.update(raw[16:]) + cipher.finalize()
        decrypted: dict[str, Any] = json.loads(padded[: -padded[-1]])
        return decrypted


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    runner = web.ServerRunner(web.Server(one.handle, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callback"
    yield one
    await runner.cleanup()


async def test_plain_event(feishu: FeishuEmulator, receiver: Receiver) -> None:
    app = feishu.add_app(verification_token="vt")
    await feishu.set_callback(app, receiver.url)
    sent = await feishu.add_user("Alice").says("hi")
    await until(lambda: feishu.stats.acks_ok == 1)
    [(_, body)] = receiver.requests
    payload = json.loads(body)
    assert (payload["header"]["event_id"], payload["header"]["token"]) == (sent.event_id, "vt")
    assert payload["event"]["message"]["message_id"] == sent.message_id
    assert feishu.violations == []


async def test_encrypted_and_signed(feishu: FeishuEmulator, receiver: Receiver) -> None:
    app = feishu.add_app(encrypt_key="ek")
    receiver.key = "ek"
    await feishu.set_callback(app, receiver.url)
    await feishu.add_user("Alice").says("hi")
    await until(lambda: receiver.requests)
    [(headers, body)] = receiver.requests
    assert set(json.loads(body)) == {"encrypt"}
    assert receiver.plain(body)["header"]["event_type"] == "im.message.receive_v1"
    signed = headers["X-Lark-Request-Timestamp"] + headers["X-Lark-Request-Nonce"] + "ek"
    assert headers["X-Lark-Signature"] == hashlib.sha256(signed.encode() + body).hexdigest()


async def test_refused_event_comes_again(feishu: FeishuEmulator, receiver: Receiver) -> None:
    app = feishu.add_app()
    receiver.statuses = [500, 404]
    await feishu.set_callback(app, receiver.url)
    await feishu.add_user("Alice").says("hi")
    await until(lambda: feishu.stats.acks_ok == 1)
    assert len({body for _, body in receiver.requests}) == 1
    assert (len(receiver.requests), feishu.stats.acks_failed, feishu.stats.events_redelivered) == (3, 2, 2)


async def test_unreachable_address(feishu: FeishuEmulator, settings: EmulatorSettings, receiver: Receiver) -> None:
    settings.redelivery = ()
    app = feishu.add_app()
    await feishu.set_callback(app, receiver.url)
    feishu.world.queue(app).callback.url = "http://127.0.0.1:9"  # type: ignore[union-attr]  # it was just set
    await feishu.add_user("Alice").says("hi")
    await until(lambda: feishu.stats.events_given_up == 1)
    assert feishu.stats.ack_timeouts == 1


async def test_challenge_must_be_answered(feishu: FeishuEmulator, receiver: Receiver) -> None:
    app = feishu.add_app(encrypt_key="ek")
    with pytest.raises(CallbackRefusedError, match="HTTP 200"):
        await feishu.set_callback(app, receiver.url)  # the receiver does not know the key
