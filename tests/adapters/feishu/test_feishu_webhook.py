"""Callbacks: who is let in, who is not, and the whole way over HTTP with the emulator as the platform."""

import asyncio
import hashlib
import json
import time
from typing import Any

import pytest
from contract import until
from feishu_rig import Rig, event_payload

from imbridge.adapters.base import Verdict
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu import webhook as webhook_module
from imbridge.adapters.feishu.crypto import decrypt, signature
from imbridge.emulators.feishu import crypto as platform_crypto
from imbridge.protocol import ButtonClicked, DecodeError, UnknownEvent
from imbridge.transport import Headers, Refused, WebhookRequest, WebhookResponse

KEY, TOKEN = "canary-encrypt-key", "canary-verification"
IV = bytes(range(16))
NAMES = ("X-Lark-Signature", "X-Lark-Request-Timestamp", "X-Lark-Request-Nonce")


def encrypted(plain: bytes, key: str = KEY, iv: bytes = IV) -> bytes:
    return json.dumps({"encrypt": platform_crypto.encrypt(key, plain, iv)}).encode()


def signed(body: bytes, *, timestamp: str | None = None, nonce: str = "n1", key: str = KEY) -> dict[str, str]:
    timestamp = timestamp or str(int(time.time()))
    return dict(zip(NAMES, (platform_crypto.signature(timestamp, nonce, key, body), timestamp, nonce), strict=True))


def event(said: str = "hi", **header: Any) -> bytes:
    return event_payload("ev1", said, **{"token": TOKEN} | header)


@pytest.fixture
def adapter(rig: Rig) -> FeishuAdapter:
    """In webhook mode, not started: the route answers as soon as it is known who we are."""
    return known(rig.make(mode="webhook", encrypt_key=KEY, verification_token=TOKEN))


def known(adapter: FeishuAdapter) -> FeishuAdapter:
    """One that has found out who it is."""
    adapter.me.bot_id = "ou_bot"
    return adapter


async def post(adapter: FeishuAdapter, body: bytes, headers: dict[str, str] | None = None) -> WebhookResponse:
    (route,) = adapter.routes()
    return await route.handle(WebhookRequest("POST", route.path, headers=Headers(headers or {}), body=body))


async def refused(adapter: FeishuAdapter, body: bytes, headers: dict[str, str] | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        await post(adapter, body, headers)
    assert "canary" not in str(caught.value)
    return caught.value


class TestLetIn:
    async def test_signed_and_encrypted(self, rig: Rig, adapter: FeishuAdapter) -> None:
        body = encrypted(event("你好"))
        response = await post(adapter, body, signed(body))
        assert (response.status, response.body) == (200, b"{}")
        assert rig.intake.texts == ["你好"]
        assert rig.intake.offered[0].dedup_keys == ("ev1", "om_ev1")

    async def test_header_names_in_any_case(self, rig: Rig, adapter: FeishuAdapter) -> None:
        body = encrypted(event())
        await post(adapter, body, {name.lower(): value for name, value in signed(body).items()})
        assert rig.intake.texts == ["hi"]

    async def test_url_verification_encrypted(self, adapter: FeishuAdapter) -> None:
        challenge = json.dumps({"type": "url_verification", "challenge": "c1", "token": TOKEN}).encode()
        for headers in ({}, signed(encrypted(challenge))):
            response = await post(adapter, encrypted(challenge), headers)
            assert json.loads(response.body) == {"challenge": "c1"}
            assert response.headers["Content-Type"] == "application/json"

    async def test_url_verification_plain(self, rig: Rig) -> None:
        adapter = known(rig.make(mode="webhook", verification_token=TOKEN))
        body = json.dumps({"type": "url_verification", "challenge": "c1", "token": TOKEN}).encode()
        assert json.loads((await post(adapter, body)).body) == {"challenge": "c1"}
        assert rig.intake.offered == []

    async def test_plain_with_the_token_only(self, rig: Rig) -> None:
        adapter = known(rig.make(mode="webhook", verification_token=TOKEN))
        await post(adapter, event())
        assert rig.intake.texts == ["hi"]

    async def test_key_without_token(self, rig: Rig) -> None:
        adapter = known(rig.make(mode="webhook", encrypt_key=KEY))
        body = encrypted(event(token="whatever"))
        await post(adapter, body, signed(body))
        assert rig.intake.texts == ["hi"]

    async def test_the_old_schema_is_passed_on_whole(self, rig: Rig, adapter: FeishuAdapter) -> None:
        payload = {"uuid": "u1", "token": TOKEN, "type": "event_callback", "event": {"type": "message"}}
        body = encrypted(json.dumps(payload).encode())
        await post(adapter, body, signed(body))
        (item,) = rig.intake.items
        assert isinstance(item, UnknownEvent)
        assert item.payload == payload

    async def test_a_repetition_of_what_cannot_be_read_is_known_though_it_is_encrypted_anew(
        self, rig: Rig, adapter: FeishuAdapter
    ) -> None:
        plain = json.dumps({"token": TOKEN, "type": "event_callback", "event": {"type": "message"}}).encode()
        for number, iv in enumerate((IV, bytes(16))):
            body = encrypted(plain, iv=iv)
            await post(adapter, body, signed(body, nonce=f"n{number}"))
        first, second = (inbound.dedup_keys for inbound in rig.intake.offered)
        assert first == second


class TestOldClicks:
    """The older callback of a card: plain, without a header, and signed with the verification token."""

    BODY = json.dumps(
        {
            "open_id": "ou_1", "open_message_id": "om_1", "open_chat_id": "oc_1", "token": "c-canary-1",
            "action": {"tag": "button", "value": {"imbridge": "yes", "value": 1}},
        }
    ).encode()  # fmt: skip

    def signed(self, body: bytes, *, token: str = TOKEN, age: int = 0) -> dict[str, str]:
        timestamp = str(int(time.time()) - age)
        digest = hashlib.sha1(f"{timestamp}n1{token}".encode() + body).hexdigest()  # noqa: S324 - theirs
        return dict(zip(NAMES, (digest, timestamp, "n1"), strict=True))

    @pytest.fixture
    def adapter(self, rig: Rig) -> FeishuAdapter:
        return known(rig.make(mode="webhook", verification_token=TOKEN))

    async def test_signed(self, rig: Rig, adapter: FeishuAdapter) -> None:
        assert (await post(adapter, self.BODY, self.signed(self.BODY))).status == 200
        (item,) = rig.intake.items
        assert isinstance(item, ButtonClicked)
        assert (item.action, item.value) == ("yes", 1)

    async def test_what_is_not_is_refused(self, rig: Rig, adapter: FeishuAdapter) -> None:
        good = self.signed(self.BODY)
        assert (await refused(adapter, self.BODY)).reason == "not signed"
        for name in NAMES:
            lacking = {key: value for key, value in good.items() if key != name}
            assert (await refused(adapter, self.BODY, lacking)).reason == "not signed"
        assert (await refused(adapter, self.BODY, self.signed(self.BODY, token="x"))).reason == "wrong signature"
        assert (await refused(adapter, self.BODY + b" ", good)).reason == "wrong signature"
        assert (await refused(adapter, self.BODY, self.signed(self.BODY, age=400))).reason == "stale timestamp"
        assert rig.intake.offered == []
        await post(adapter, self.BODY, good)
        assert (await refused(adapter, self.BODY, good)).reason == "replayed"

    async def test_the_token_in_it_opens_nothing(self, rig: Rig, adapter: FeishuAdapter) -> None:
        body = json.dumps(json.loads(self.BODY) | {"token": TOKEN}).encode()
        assert (await refused(adapter, body)).reason == "not signed"

    async def test_with_an_encrypt_key_they_are_refused_as_all_that_is_plain(self, rig: Rig) -> None:
        adapter = known(rig.make(mode="webhook", encrypt_key=KEY, verification_token=TOKEN))
        assert (await refused(adapter, self.BODY, self.signed(self.BODY))).reason == "wrong signature"
        assert (await refused(adapter, self.BODY)).reason == "not encrypted"

    async def test_an_event_with_an_action_in_it_is_none(self, rig: Rig, adapter: FeishuAdapter) -> None:
        body = json.dumps(json.loads(event()) | {"action": {}}).encode()
        await post(adapter, body)
        assert rig.intake.texts == ["hi"]

    async def test_overload(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.intake.answers.append(Verdict.OVERLOADED)
        headers = self.signed(self.BODY)
        assert (await post(adapter, self.BODY, headers)).status == 503
        assert (await post(adapter, self.BODY, headers)).status == 200


class TestRefused:
    @pytest.mark.parametrize("missing", NAMES)
    async def test_a_missing_header(self, rig: Rig, adapter: FeishuAdapter, missing: str) -> None:
        body = encrypted(event())
        headers = signed(body)
        del headers[missing]
        assert (await refused(adapter, body, headers)).status == 403
        assert rig.intake.offered == []

    @pytest.mark.parametrize("part", NAMES)
    async def test_a_changed_header(self, rig: Rig, adapter: FeishuAdapter, part: str) -> None:
        body = encrypted(event())
        headers = signed(body)
        headers[part] = headers[part][:-1] + ("0" if headers[part][-1] != "0" else "1")
        assert (await refused(adapter, body, headers)).reason == "wrong signature"

    @pytest.mark.parametrize("bad", ["", "x", "é" * 64, "0" * 64, "\x00"])
    async def test_a_junk_signature(self, adapter: FeishuAdapter, bad: str) -> None:
        body = encrypted(event())
        assert (await refused(adapter, body, signed(body) | {NAMES[0]: bad})).status == 403

    async def test_a_changed_body(self, adapter: FeishuAdapter) -> None:
        body = encrypted(event())
        other = encrypted(event("other"))
        assert (await refused(adapter, other, signed(body))).reason == "wrong signature"

    async def test_replayed(self, rig: Rig, adapter: FeishuAdapter) -> None:
        body = encrypted(event())
        headers = signed(body)
        await post(adapter, body, headers)
        assert (await refused(adapter, body, headers)).reason == "replayed"
        assert len(rig.intake.offered) == 1

    @pytest.mark.parametrize("age", [-3600, 3600, 301, -310])
    async def test_stale(self, adapter: FeishuAdapter, age: int) -> None:
        body = encrypted(event())
        headers = signed(body, timestamp=str(int(time.time()) - age))
        assert (await refused(adapter, body, headers)).reason == "stale timestamp"

    @pytest.mark.parametrize("timestamp", ["soon", "1e3", "-5", "٣" * 10, "9" * 40, " "])
    async def test_a_junk_timestamp(self, adapter: FeishuAdapter, timestamp: str) -> None:
        body = encrypted(event())
        assert (await refused(adapter, body, signed(body, timestamp=timestamp))).status == 403

    async def test_plain_although_a_key_is_set(self, rig: Rig, adapter: FeishuAdapter) -> None:
        body = event()
        assert (await refused(adapter, body)).reason == "not encrypted"
        assert (await refused(adapter, body, signed(body))).reason == "not encrypted"
        challenge = json.dumps({"type": "url_verification", "challenge": "c", "token": TOKEN}).encode()
        assert (await refused(adapter, challenge)).reason == "not encrypted"
        assert rig.intake.offered == []

    async def test_encrypted_and_not_signed(self, rig: Rig, adapter: FeishuAdapter) -> None:
        assert (await refused(adapter, encrypted(event()))).reason == "not signed"
        assert rig.intake.offered == []

    async def test_encrypted_with_another_key(self, adapter: FeishuAdapter) -> None:
        body = encrypted(event(), key="other")
        assert (await refused(adapter, body, signed(body))).reason == "cannot be decrypted"

    @pytest.mark.parametrize("junk", ["", "AAAA", "not base64!", "A" * 64, "é", "AAAA" * 9, "=" * 8])
    async def test_junk_in_place_of_the_encrypted(self, adapter: FeishuAdapter, junk: str) -> None:
        """One reason for all of them: nothing is told about where the decryption failed."""
        body = json.dumps({"encrypt": junk}).encode()
        assert (await refused(adapter, body, signed(body))).reason == "cannot be decrypted"

    @pytest.mark.parametrize("token", ["wrong", "", None, 5, ["x"]])
    async def test_wrong_token(self, rig: Rig, adapter: FeishuAdapter, token: Any) -> None:
        plain_adapter = known(rig.make(mode="webhook", verification_token=TOKEN))
        body = encrypted(event(token=token))
        assert (await refused(adapter, body, signed(body))).reason == "wrong verification token"
        assert (await refused(plain_adapter, event(token=token))).reason == "wrong verification token"
        challenge = json.dumps({"type": "url_verification", "challenge": "c", "token": token}).encode()
        assert (await refused(plain_adapter, challenge)).reason == "wrong verification token"
        assert rig.intake.offered == []

    @pytest.mark.parametrize(
        "junk", [b"", b"\xff", b"nonsense", b"[" * 100_000, b'"x"', b"5", b"null", b"[1]", b'{"encrypt": 5}', b"{}"]
    )
    async def test_junk(self, rig: Rig, adapter: FeishuAdapter, junk: bytes) -> None:
        assert (await refused(adapter, junk)).status in (400, 403)
        assert (await refused(adapter, junk, signed(junk))).status in (400, 403)
        plain_adapter = known(rig.make(mode="webhook", verification_token=TOKEN))
        assert (await refused(plain_adapter, junk)).status in (400, 403)
        assert rig.intake.offered == []


class TestOverload:
    async def test_until_it_is_known_who_we_are_everything_comes_later(
        self, rig: Rig, adapter: FeishuAdapter
    ) -> None:  # fmt: skip
        """While the platform's API is down at the start, nobody could tell whether we are mentioned."""
        adapter.me.bot_id = ""
        body = encrypted(event())
        headers = signed(body)
        response = await post(adapter, body, headers)
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
        assert rig.intake.offered == []
        adapter.me.bot_id = "ou_bot"
        assert (await post(adapter, body, headers)).status == 200

    async def test_503_and_the_same_request_may_come_again(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.intake.answers.append(Verdict.OVERLOADED)
        body = encrypted(event())
        headers = signed(body)
        response = await post(adapter, body, headers)
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
        assert (await post(adapter, body, headers)).status == 200
        assert (await refused(adapter, body, headers)).reason == "replayed"

    async def test_giving_up_the_answer_does_not_give_up_the_message(
        self, rig: Rig, adapter: FeishuAdapter
    ) -> None:  # fmt: skip
        rig.intake.hold = True
        body = encrypted(event())
        headers = signed(body)
        task = asyncio.create_task(post(adapter, body, headers))
        await until(lambda: rig.intake.pending)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not rig.intake.pending[0].cancelled()
        rig.intake.hold = False
        assert (await post(adapter, body, headers)).status == 200  # no replay: it was not answered

    async def test_what_could_not_be_taken_in_is_no_replay_when_it_comes_again(
        self, rig: Rig, adapter: FeishuAdapter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body = encrypted(event())
        headers = signed(body)
        with monkeypatch.context() as broken:
            broken.setattr(rig.intake, "offer", None)
            with pytest.raises(TypeError):
                await post(adapter, body, headers)
        assert (await post(adapter, body, headers)).status == 200

    async def test_a_decoder_that_fails_loses_nothing(
        self, rig: Rig, adapter: FeishuAdapter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(payload: Any, me: Any) -> Any:
            raise ZeroDivisionError("canary-content")

        monkeypatch.setattr(webhook_module, "decode", broken)
        body = encrypted(event())
        assert (await post(adapter, body, signed(body))).status == 200
        assert isinstance(rig.intake.items[0], UnknownEvent)
        assert "ZeroDivisionError" in caplog.text
        assert "canary" not in caplog.text


class TestCrypto:
    def test_the_platforms_own_example(self) -> None:
        """From open.feishu.cn, "Configure Encrypt Key"."""
        assert decrypt("P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=", "test key") == b"hello world"

    def test_signature(self) -> None:
        assert signature("1", "n", "k", b"body") == platform_crypto.signature("1", "n", "k", b"body")

    @pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1000])
    def test_round_trip(self, size: int) -> None:
        assert decrypt(platform_crypto.encrypt(KEY, b"x" * size, IV), KEY) == b"x" * size

    def test_any_bit_flipped(self) -> None:
        import base64

        data = bytearray(base64.b64decode(platform_crypto.encrypt(KEY, b"x" * 20, IV)))
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 1
            try:
                plain = decrypt(base64.b64encode(bytes(changed)).decode(), KEY)
            except DecodeError:
                continue
            assert plain != b"x" * 20


async def test_long_connection_accounts_have_no_route(rig: Rig) -> None:
    assert rig.make(encrypt_key=KEY).routes() == ()
