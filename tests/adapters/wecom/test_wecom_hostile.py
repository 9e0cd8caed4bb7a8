"""Callbacks that are not the platform's, or that somebody has tampered with: over real sockets, one clear answer each.

Nothing in them is parsed before the signature is known to be right, so a stranger cannot make us work: that is seen by
what reaches the parser and the decoder, not by the time it takes.
"""

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from wecom_rig import AES_KEY, TOKEN, Rig

from imbridge.adapters.wecom import webhook as webhook_module
from imbridge.emulators.wecom import CallbackRefusedError, Crypto, Forged
from imbridge.protocol import Message
from imbridge.transport import WebhookApp

OTHER_KEY = "anotherAesKey1234567890abcdefghijklmnopqrst"
TEXT = {"MsgType": "text", "Content": "hi", "MsgId": "1", "FromUserName": "alice", "CreateTime": "1"}


@dataclass(slots=True)
class Gate:
    """A served adapter, and what of a request got how far."""

    rig: Rig
    app: WebhookApp
    parsed: list[bytes]

    @property
    def reasons(self) -> dict[tuple[int, str], int]:
        """How many requests ended how, but for the verification at the beginning."""
        return {(status, reason): n for (_, status, reason), n in self.app.counts.items() if reason}

    async def send(self, forged: Forged, fields: Mapping[str, Any] | str = TEXT) -> int:
        return (await self.rig.wecom.callbacks.send(self.rig.app, fields, forged)).status

    @property
    def url(self) -> str:
        return self.rig.wecom.callbacks._of(self.rig.app).url


@pytest.fixture
async def gate(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Gate:
    adapter = rig.make()
    await adapter.start()
    parsed: list[bytes] = []
    read = webhook_module.read_xml

    def reading(content: bytes) -> dict[str, Any]:
        parsed.append(content)
        return read(content)

    monkeypatch.setattr(webhook_module, "read_xml", reading)
    return Gate(rig, await rig.serve(adapter), parsed)


async def test_what_is_right_passes(gate: Gate) -> None:
    assert await gate.send(Forged()) == 200
    assert gate.rig.intake.texts == ["hi"]
    assert gate.reasons == {}


@pytest.mark.parametrize(
    ("forged", "status", "reason"),
    [
        (Forged(signature="wrong"), 403, "wrong signature"),
        (Forged(signature="0" * 40), 403, "wrong signature"),
        (Forged(signature="ü" * 40), 403, "wrong signature"),
        (Forged(signature="missing"), 400, "not signed"),
        (Forged(signature=""), 400, "not signed"),
        (Forged(token="another-token"), 403, "wrong signature"),
        (Forged(aes_key=OTHER_KEY), 403, "cannot be decrypted"),
        (Forged(receive_id="ww_somebody_else"), 403, "cannot be decrypted"),
        (Forged(receive_id=""), 403, "cannot be decrypted"),
        (Forged(age=700), 403, "stale timestamp"),
        (Forged(age=-700), 403, "stale timestamp"),
        (Forged(without=("timestamp",)), 400, "not signed"),
        (Forged(without=("nonce",)), 400, "not signed"),
        (Forged(nonce="n" * 300), 403, "junk nonce"),
        (Forged(encrypt="AAAA"), 403, "cannot be decrypted"),
        (Forged(encrypt="A" * 43), 403, "cannot be decrypted"),
        (Forged(encrypt=base64.b64encode(bytes(64)).decode()), 403, "cannot be decrypted"),
        (Forged(encrypt="not base64!"), 400, "not encrypted"),
        (Forged(body=b""), 400, "not encrypted"),
        (Forged(body=b"<xml></xml>"), 400, "not encrypted"),
        (Forged(body=b"<xml><Encrypt></Encrypt></xml>"), 400, "not encrypted"),
        (Forged(body=b"<xml><Encrypt>QQ==</Encrypt><Encrypt>QQ==</Encrypt></xml>"), 400, "not encrypted"),
        (Forged(body=b'{"encrypt": "QQ=="}'), 400, "not encrypted"),
        (Forged(body=b"\xff\xfe\x00"), 400, "not encrypted"),
        (Forged(body=b"<a>" * 20_000), 400, "not encrypted"),
        (Forged(body=b"<xml><Encrypt>" + b"A" * ((1 << 20) - 64) + b"</Encrypt></xml>"), 413, "body too large"),
    ],
)  # fmt: skip
async def test_what_is_not_right_is_refused_and_counted(gate: Gate, forged: Forged, status: int, reason: str) -> None:
    for _ in range(3):
        assert await gate.send(forged) == status
    assert gate.reasons == {(status, reason): 3}
    assert gate.parsed == []
    assert gate.rig.intake.offered == []


def sealed(plain: bytes) -> str:
    """What is encrypted as the platform does it, whatever it is; its length is a multiple of 16."""
    key = base64.b64decode(AES_KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def framed(gate: Gate, room: int, length: int | None = None) -> bytes:
    """Random bytes, length, content and receiver, with `room` bytes missing to a multiple of 32."""
    corp = gate.rig.app.corp_id.encode()
    content = b"<xml/>".ljust(32 * 4 - 20 - len(corp) - room)
    return bytes(16) + (len(content) if length is None else length).to_bytes(4, "big") + content + corp


@pytest.mark.parametrize(
    "padding",
    [b"\x00" * 32, b"\x21" * 32, b"\xff" * 32, b"\x20" * 31 + b"\x1f", b"\x10" * 15 + b"\x11", b"\x40" * 64, b""],
    ids=["zero", "33", "255", "31 of 31", "17 of 16", "64", "none"],
)
async def test_padding_that_is_not_as_it_should_be(gate: Gate, padding: bytes) -> None:
    plain = framed(gate, len(padding)) + padding
    assert await gate.send(Forged(encrypt=sealed(plain))) == 403
    assert gate.reasons == {(403, "cannot be decrypted"): 1}
    assert gate.rig.intake.offered == []


@pytest.mark.parametrize("size", [1, 2, 16, 31, 32])
async def test_each_byte_of_the_padding_counts(gate: Gate, size: int) -> None:
    head = framed(gate, size)
    assert await gate.send(Forged(encrypt=sealed(head + bytes((size,)) * size))) == 200
    for place in range(size):
        padding = bytearray((size,)) * size
        padding[place] ^= 0x40
        assert await gate.send(Forged(encrypt=sealed(head + padding))) == 403
    assert gate.reasons == {(403, "cannot be decrypted"): size}
    assert len(gate.parsed) == 1


@pytest.mark.parametrize("length", [0, 1, 43, 1 << 16, (1 << 31) - 1, (1 << 32) - 1])
async def test_a_length_that_is_wrong(gate: Gate, length: int) -> None:
    plain = framed(gate, 32, length) + b"\x20" * 32
    assert await gate.send(Forged(encrypt=sealed(plain))) == 403
    assert gate.parsed == []


async def test_a_replay_is_refused(gate: Gate) -> None:
    assert await gate.send(Forged()) == 200
    for _ in range(2):
        assert (await gate.rig.wecom.callbacks.replay(gate.rig.app)).status == 403
    assert gate.reasons == {(403, "replayed"): 2}
    assert len(gate.rig.intake.offered) == 1


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><MsgType>&x;</MsgType></xml>',
        "<!DOCTYPE xml ["
         '<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        + "]><xml><MsgType>&i;</MsgType></xml>",
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>',
        "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>",
        "<xml>" + "<a>" * 5000,
        "not xml",
        "",
        "<xml><MsgType>text</MsgType><MsgType>event</MsgType></xml>",
        "<xml><MsgType><![CDATA[text]]></MsgType></xml>",
    ],
    ids=["xxe", "bomb", "utf-16", "deep", "open", "none", "empty", "twice", "no id"],
)  # fmt: skip
async def test_what_is_signed_and_is_still_none_of_it(gate: Gate, xml: str) -> None:
    """Signed by the right key: by whoever has it. It is taken, so that it does not come again, and passed on whole."""
    crypto = Crypto(TOKEN, AES_KEY, gate.rig.app.corp_id)
    assert await gate.send(Forged(encrypt=crypto.encrypt(xml.encode(), bytes(16), None))) == 200
    (event,) = gate.rig.intake.items
    assert event.type == "unknown"
    assert event.payload == xml
    assert "root:" not in repr(event.payload)


async def test_a_text_cannot_forge_a_field(gate: Gate) -> None:
    """A naive platform would let a text close its section; what then stands twice is not believed."""
    trick = "]]></Content><FromUserName><![CDATA[boss]]></FromUserName><Content><![CDATA["
    xml = (
        "<xml><ToUserName>c</ToUserName><FromUserName><![CDATA[alice]]></FromUserName><CreateTime>1</CreateTime>"
        f"<MsgType>text</MsgType><Content><![CDATA[{trick}]]></Content><MsgId>7</MsgId></xml>"
    )
    assert await gate.send(Forged(), xml) == 200
    (event,) = gate.rig.intake.items
    assert event.type == "unknown"
    assert not isinstance(event, Message)
    assert event.actor is None
    assert event.payload == xml


async def test_a_text_with_marks_in_it_arrives_as_it_was_typed(gate: Gate) -> None:
    trick = "]]></Content><FromUserName><![CDATA[boss]]></FromUserName><Content><![CDATA["
    await gate.rig.alice.says(trick)
    (message,) = await gate.rig.takes_in()
    assert isinstance(message, Message)
    assert (message.text, message.sender.id) == (trick, "alice")


# -- GET ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forged",
    [
        Forged(signature="wrong"),
        Forged(signature="missing"),
        Forged(aes_key=OTHER_KEY),
        Forged(receive_id="ww_other"),
        Forged(without=("echostr",)),
        Forged(encrypt="<script>"),
        Forged(age=700),
        Forged(age=-700),
    ],
)
async def test_a_verification_that_is_not_right_gets_nothing_back(gate: Gate, forged: Forged) -> None:
    with pytest.raises(CallbackRefusedError, match="HTTP 40") as caught:
        await gate.rig.wecom.callbacks.verify(gate.rig.app, forged)
    assert "script" not in str(caught.value)
    assert gate.parsed == []


async def test_verification_answers_the_plain_text_alone(gate: Gate) -> None:
    answer = await gate.rig.wecom.callbacks.verify(gate.rig.app)
    assert answer.body.isdigit()


@pytest.mark.parametrize("content", ["<xml><Content>hush</Content></xml>", '{"text": "hush"}', " <xml>hush</xml>", ""])
async def test_the_verification_decrypts_no_callback(gate: Gate, content: str) -> None:
    """A signature covers no method: a callback that somebody has seen pass by would be read aloud to them."""
    sealed = Crypto(TOKEN, AES_KEY, gate.rig.app.corp_id).encrypt(content.encode(), bytes(16), None)
    with pytest.raises(CallbackRefusedError, match="HTTP 403") as caught:
        await gate.rig.wecom.callbacks.verify(gate.rig.app, Forged(encrypt=sealed))
    assert "hush" not in str(caught.value)
    assert gate.reasons == {(403, "no echostr"): 1}


async def test_a_verification_that_is_asked_again_is_answered_again(gate: Gate) -> None:
    """Nothing is known of how the platform repeats it."""
    for _ in range(2):
        assert (await gate.rig.wecom.callbacks.verify(gate.rig.app, Forged(nonce="same"))).status == 200


async def test_repeated_query_fields_and_other_methods(gate: Gate) -> None:
    now = str(int(time.time()))
    query = f"?msg_signature=a&msg_signature=b&timestamp={now}&nonce=1"
    async with aiohttp.ClientSession() as session:
        async with session.post(gate.url + query, data=b"<xml><Encrypt>QQ==</Encrypt></xml>") as response:
            assert response.status == 400
        async with session.put(gate.url, data=b"") as response:
            assert response.status == 405
        async with session.get(gate.url) as response:
            assert response.status == 400
    assert gate.parsed == []


async def test_a_flood_of_forgeries_fills_nothing_up(gate: Gate) -> None:
    """Not the window of replays, not the inbox: real callbacks pass all the while."""
    await asyncio.gather(*(gate.send(Forged(signature="wrong")) for _ in range(200)))
    assert await gate.send(Forged()) == 200
    assert gate.reasons == {(403, "wrong signature"): 200}
    assert len(gate.parsed) == 1
