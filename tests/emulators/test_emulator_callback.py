"""HTTP callback mode, received by a plain aiohttp server."""

import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from feishu_raw_client import until

from imbridge.emulators.feishu import EmulatorSettings, FeishuEmulator, Forged
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


async def test_old_event_encrypted(feishu: FeishuEmulator, receiver: Receiver) -> None:
    app = feishu.add_app(encrypt_key="ek", verification_token="vt")
    receiver.key = "ek"
    await feishu.set_callback(app, receiver.url)
    uuid = feishu.push_old_event(app, "approval_instance", {"status": "APPROVED"})
    await until(lambda: feishu.stats.acks_ok == 1)
    [(headers, body)] = receiver.requests
    assert {"X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature"} <= set(headers)
    payload = receiver.plain(body)
    assert (payload["uuid"], payload["token"], payload["type"]) == (uuid, "vt", "event_callback")
    assert payload["event"]["status"] == "APPROVED"


def proper_signature(headers: dict[str, str], body: bytes, key: str) -> bool:
    signed = headers["X-Lark-Request-Timestamp"] + headers["X-Lark-Request-Nonce"] + key
    return headers["X-Lark-Signature"] == hashlib.sha256(signed.encode() + body).hexdigest()


async def test_forged_requests(feishu: FeishuEmulator, receiver: Receiver) -> None:
    app = feishu.add_app(encrypt_key="ek", verification_token="vt")
    receiver.key = "ek"
    await feishu.set_callback(app, receiver.url)

    async def sent(forged: Forged) -> tuple[dict[str, str], bytes]:
        await feishu.callbacks.send(app, "im.message.recalled_v1", {"message_id": "om_1"}, forged)
        return receiver.requests[-1]

    headers, body = await sent(Forged())
    assert proper_signature(headers, body, "ek")
    headers, body = await sent(Forged(signature="wrong"))
    assert not proper_signature(headers, body, "ek")
    headers, _ = await sent(Forged(signature="missing"))
    assert not any(name.startswith("X-Lark-") for name in headers)
    headers, _ = await sent(Forged(without="X-Lark-Request-Nonce"))
    assert "X-Lark-Signature" in headers
    assert "X-Lark-Request-Nonce" not in headers
    headers, body = await sent(Forged(age=7200))
    assert proper_signature(headers, body, "ek")
    assert 7100 < time.time() - int(headers["X-Lark-Request-Timestamp"]) < 7300
    headers, body = await sent(Forged(token="other"))
    assert receiver.plain(body)["header"]["token"] == "other"
    receiver.key = ""
    _, body = await sent(Forged(encrypted=False, signature="missing"))
    assert json.loads(body)["header"]["token"] == "vt"
    receiver.key = "other key"
    headers, body = await sent(Forged(key="other key"))
    assert proper_signature(headers, body, "other key")
    # Nothing of this was a delivery.
    assert (feishu.stats.events_pushed, feishu.stats.callbacks, feishu.violations) == (0, 0, [])


async def test_answers_and_replays_of_single_requests(feishu: FeishuEmulator, receiver: Receiver) -> None:
    app = feishu.add_app()
    with pytest.raises(RuntimeError, match="set_callback"):
        await feishu.callbacks.replay(app)
    await feishu.set_callback(app, receiver.url, verify=False)
    receiver.statuses = [200, 401]
    assert (await feishu.callbacks.send(app, "message", {"text": "hi"}, old=True, event_id="u1")).status == 200
    answer = await feishu.callbacks.replay(app)
    assert (answer.status, answer.body) == (401, {})
    assert receiver.requests[0] == receiver.requests[1]
    assert json.loads(receiver.requests[0][1])["uuid"] == "u1"
    assert (await feishu.callbacks.challenge(app)).status == 200
    with pytest.raises(CallbackRefusedError):  # encrypted with a key that this app does not have
        await feishu.callbacks.challenge(app, Forged(encrypted=True, key="ek"))
