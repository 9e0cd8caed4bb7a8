"""Callbacks that are not the platform's: each a clear refusal and a counter, at a small cost; nothing is taken in."""

import base64
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from served import served
from wechat_rig import TOKEN, Rig

from imbridge.adapters.envelope import Envelope, signature
from imbridge.adapters.wechat import webhook as webhook_module
from imbridge.adapters.xml import cdata
from imbridge.emulators.wechat.requests import Forged
from imbridge.protocol import Message, UnknownEvent
from imbridge.transport import WebhookApp

OTHER_KEY = "b" * 42 + "0"
FIELDS = {"ToUserName": "gh_x", "FromUserName": "o_x", "CreateTime": 1, "MsgType": "text", "Content": "hi", "MsgId": 7}
BOMB = b'<!DOCTYPE xml [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><xml><MsgType>&b;</MsgType></xml>'
FILE = b'<!DOCTYPE xml [<!ENTITY f SYSTEM "file:///etc/hostname">]><xml><MsgType>&f;</MsgType></xml>'
DEEP = b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</xml>"


class Door:
    """The account's callback address, and the counters of the web server behind it."""

    def __init__(self, rig: Rig, url: str, app: WebhookApp) -> None:
        self.rig = rig
        self.url = url
        self.app = app

    def counted(self, status: int) -> dict[str, int]:
        return {reason: n for (_, code, reason), n in self.app.counts.items() if code == status}

    async def forged(self, **how: Any) -> int:
        answer = await self.rig.wechat.callback(self.rig.account).send(FIELDS, Forged(**how))
        assert answer.status == 200 or answer.body == b""
        return answer.status

    async def post(self, query: dict[str, str] | str, body: bytes) -> int:
        async with aiohttp.ClientSession() as http, http.post(f"{self.url}", params=query, data=body) as answer:
            assert answer.status == 200 or await answer.read() == b""
            return answer.status


@pytest.fixture
async def door(rig: Rig, more: dict[str, Any]) -> AsyncIterator[Door]:
    adapter = await rig.start(passive_reply=0, **more)
    app = WebhookApp(adapter.routes())
    async with served(app) as base:
        url = f"{base}/wechat/work"
        await rig.wechat.set_callback(rig.account, url)
        yield Door(rig, url, app)


@pytest.fixture
def more() -> dict[str, Any]:
    return {}


def signed(body: bytes, timestamp: str, nonce: str = "n1") -> tuple[dict[str, str], bytes]:
    """A plain callback with a right signature."""
    return {"signature": signature(TOKEN, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}, body


def sealed(rig: Rig, content: bytes, nonce: str = "n2") -> tuple[dict[str, str], bytes]:
    """An encrypted callback with whatever in it, by somebody who has the keys."""
    envelope = Envelope(TOKEN, rig.account.aes_key, rig.account.app_id)
    now = _now()
    text = envelope.seal(content)
    query = {"encrypt_type": "aes", "timestamp": now, "nonce": nonce, "msg_signature": envelope.sign(now, nonce, text)}
    return query, f"<xml><Encrypt><![CDATA[{text}]]></Encrypt></xml>".encode()


def _now() -> str:
    return str(int(time.time()))


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ({"msg_signature": "wrong"}, 403, "wrong signature"),
        ({"msg_signature": "missing"}, 400, "not signed"),
        ({"without": "timestamp"}, 400, "not signed"),
        ({"without": "nonce"}, 400, "not signed"),
        ({"token": "another"}, 403, "wrong signature"),
        ({"aes_key": OTHER_KEY}, 403, "cannot be decrypted"),
        ({"app_id": "wx_another"}, 403, "cannot be decrypted"),
        ({"encrypt": "AAAA"}, 403, "cannot be decrypted"),
        ({"encrypt": base64.b64encode(b"x" * 64).decode()}, 403, "cannot be decrypted"),
        ({"encrypt": "%%%%"}, 400, "no envelope"),
        ({"encrypt": ""}, 400, "no envelope"),
        ({"mode": "plain"}, 403, "not encrypted"),
        ({"age": 700.0}, 403, "stale timestamp"),
        ({"age": -700.0}, 403, "stale timestamp"),
        ({"timestamp": "yesterday"}, 403, "junk timestamp"),
        ({"body": b""}, 400, "no envelope"),
        ({"body": b"<xml>"}, 400, "no envelope"),
        ({"body": BOMB}, 400, "no envelope"),
        ({"body": DEEP}, 400, "no envelope"),
        ({"body": b"\xff\xfe" * 100}, 400, "no envelope"),
        ({"body": b"<Encrypt>" * 5000}, 400, "no envelope"),
        ({"body": b"<Encrypt>AAAA</Encrypt>" * 2000}, 403, "wrong signature"),
        ({"body": b"x" * (1 << 20)}, 413, "body too large"),
    ],
)
async def test_refused(door: Door, how: dict[str, Any], status: int, reason: str) -> None:
    assert await door.forged(**how) == status
    assert door.counted(status) == {reason: 1}
    assert door.rig.intake.offered == []


@pytest.mark.parametrize("mode", ["compatible"])
async def test_what_stands_beside_the_envelope_is_not_read(rig: Rig, door: Door) -> None:
    """In compatible mode the plain message stands there, too; a person's text may even look like an envelope."""
    sent = await rig.alice.says("<Encrypt>AAAA</Encrypt> <Encrypt>BBBB</Encrypt>")
    assert await sent.settled() == "taken"
    assert rig.intake.texts == ["<Encrypt>AAAA</Encrypt> <Encrypt>BBBB</Encrypt>"]


async def test_replayed(door: Door, rig: Rig) -> None:
    """Later than the platform tries again; before that it is a repetition, which is known and no second message."""
    webhook = rig.adapters[0]._webhook
    assert webhook is not None
    webhook._stamps._lasts = 0.0
    await rig.alice.says("once")
    await rig.intake.has("once")
    assert (await rig.wechat.callback(rig.account).replay()).status == 403
    assert door.counted(403) == {"replayed": 1}
    assert len(rig.intake.offered) == 1


async def test_a_query_parameter_twice(door: Door) -> None:
    assert await door.post("signature=a&signature=b&timestamp=1&nonce=1", b"<xml/>") == 400
    assert door.counted(400) == {"query parameter repeated": 1}


@pytest.mark.parametrize("content", [BOMB, FILE, DEEP, b"", b"no xml", b"<xml><MsgType></MsgType></xml>", b"\xff"])
async def test_by_somebody_who_has_the_keys(door: Door, rig: Rig, content: bytes) -> None:
    """It is the platform's by all signs: passed on whole as unknown, and no entity is ever read."""
    assert await door.post(*sealed(rig, content)) == 200
    (item,) = rig.intake.items
    assert isinstance(item, UnknownEvent)
    assert item.payload == content.decode("utf-8", "replace")


async def test_nothing_is_parsed_before_it_is_authenticated(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    monkeypatch.setattr(webhook_module, "read_xml", parsed.append)
    for how in ({"msg_signature": "wrong"}, {"mode": "plain"}, {"age": 700.0}, {"aes_key": OTHER_KEY}):
        await door.forged(**how)
    assert parsed == []


@pytest.mark.parametrize("how", ["split", "raw"])
async def test_a_text_forges_no_field(door: Door, rig: Rig, how: Any) -> None:
    """Whether the platform escapes what a person writes or not: they never become somebody else."""
    rig.wechat.settings.cdata = how
    trick = "hi]]></Content><FromUserName><![CDATA[boss]]></FromUserName><Content><![CDATA["
    await rig.alice.says(trick)
    await rig.intake_has(1)
    (item,) = rig.intake.items
    if how == "split":
        assert isinstance(item, Message)
        assert (item.sender.id, item.text) == (rig.alice.openid, trick)
    else:
        assert isinstance(item, UnknownEvent)
        assert item.actor is None


class TestVerification:
    async def get(self, door: Door, query: dict[str, str]) -> tuple[int, bytes, str]:
        async with aiohttp.ClientSession() as http, http.get(door.url, params=query) as answer:
            return answer.status, await answer.read(), answer.headers.get("Content-Type", "")

    async def test_the_echo(self, door: Door) -> None:
        query, _ = signed(b"", _now())
        status, body, kind = await self.get(door, {**query, "echostr": "<script>alert(1)</script>"})
        assert (status, body) == (200, b"<script>alert(1)</script>")
        assert kind.startswith("text/plain"), "what is echoed is never a page"

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"signature": "0" * 40}, 403),
            ({"signature": ""}, 400),
            ({"nonce": "other"}, 403),
            ({"echostr": ""}, 400),
            ({"echostr": "x" * 2000}, 400),
        ],
    )
    async def test_refused(self, door: Door, change: dict[str, str], status: int) -> None:
        query, _ = signed(b"", _now())
        answer = await self.get(door, {**query, "echostr": "42"} | change)
        assert answer[:2] == (status, b"")


@pytest.mark.parametrize("mode", ["plain"])
class TestPlainMode:
    @pytest.mark.parametrize(
        ("how", "status", "reason"),
        [
            ({"signature": "wrong"}, 403, "wrong signature"),
            ({"signature": "missing"}, 400, "not signed"),
            ({"token": "another"}, 403, "wrong signature"),
            ({"age": 700.0}, 403, "stale timestamp"),
            ({"body": b"x" * (1 << 20)}, 413, "body too large"),
        ],
    )
    async def test_refused(self, door: Door, how: dict[str, Any], status: int, reason: str) -> None:
        assert await door.forged(**how) == status
        assert door.counted(status) == {reason: 1}
        assert door.rig.intake.offered == []

    async def test_a_signature_is_good_for_one_body(self, door: Door) -> None:
        """Plain bodies are not signed: who has seen one request cannot send another with its signature."""
        query, body = signed(
            b"<xml><MsgType>text</MsgType><FromUserName>o</FromUserName><MsgId>1</MsgId></xml>", _now()
        )
        assert await door.post(query, body) == 200
        assert await door.post(query, body.replace(b">1<", b">2<")) == 403
        assert len(door.rig.intake.offered) == 1

    @pytest.mark.parametrize("body", [BOMB, FILE, DEEP])
    async def test_bombs(self, door: Door, body: bytes) -> None:
        assert await door.post(*signed(body, _now())) == 200
        assert [type(item) for item in door.rig.intake.items] == [UnknownEvent]

    async def test_an_encrypted_one_without_the_key(self, door: Door) -> None:
        """The account was switched to safe mode, and the key is not set: it says so, and nothing is lost silently."""
        assert await door.forged(mode="encrypted") == 400
        assert door.counted(400) == {"encrypted, and there is no aes_key": 1}

    async def test_compatible_mode_without_the_key(self, door: Door, rig: Rig) -> None:
        rig.account.mode = "compatible"
        await rig.alice.says("both forms are there")
        await rig.intake.has("both forms are there")


class TestWhileTheModeIsChanged:
    @pytest.fixture
    def more(self) -> dict[str, Any]:
        return {"allow_plain": True}

    async def test_both_are_taken(self, door: Door, rig: Rig) -> None:
        await rig.alice.says("encrypted")
        await rig.intake.has("encrypted")
        rig.account.mode = "plain"
        await rig.alice.says("plain")
        await rig.intake.has("plain")
        assert await door.forged(mode="plain", signature="wrong") == 403


def test_what_the_texts_are_wrapped_in() -> None:
    assert cdata("]]>") == "<![CDATA[]]]]><![CDATA[>]]>"
