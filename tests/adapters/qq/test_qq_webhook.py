"""The callback address: vectors of the documents, validation, signatures, replays, acknowledgements, forgeries."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from contract import until
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from qq_rig import SECRET, Rig
from qq_webhook import WebhookRig, hooked

from imbridge.adapters.base import Health, Verdict
from imbridge.adapters.qq.crypto import Signer
from imbridge.adapters.qq.hearing.callbacks import Callbacks
from imbridge.adapters.qq.webhook import _TIMEOUT
from imbridge.emulators.qq import CallbackRefusedError, Forged
from imbridge.emulators.qq.signing import sign
from imbridge.protocol import AuthError, UnknownEvent
from leap import Leap

TOKEN, EVENT_TS = "Arq0D5A61EgUu4OxUvOp", "1725442341"
PROOF = (
    "87befc99c42c651b3aac0278e71ada338433ae26fcb24307bdc5ad38c1adc2d0"
    "1bcfcadc0842edac85e85205028a1132afe09280305f13aa6909ffc2d652c706"
)
PRINTED = (
    "865ad13a61752ca65e26bde6676459cd36cf1be609375b37bd62af366e1dc25a"
    "8dc789ba7f14e017ada3d554c671a911bfdf075ba54835b23391d509579ed002"
)
PUBLIC = [
    215, 195, 98, 254, 120, 174, 248, 31, 242, 50, 135, 180, 147, 98, 139, 93,
    176, 42, 60, 79, 227, 11, 33, 94, 77, 25, 96, 155, 93, 118, 103, 58,
]  # fmt: skip


@pytest.fixture
async def http(rig: Rig) -> AsyncIterator[WebhookRig]:
    async with hooked(rig) as made:
        yield made


class TestVectors:
    """Of bot.q.qq.com, "event subscription and notification" and "security and authorisation"."""

    def test_the_proof_of_an_address(self) -> None:
        assert Signer("DG5g3B4j9X2KOErG").prove(TOKEN, EVENT_TS) == PROOF

    def test_the_key_of_a_secret(self) -> None:
        signer = Signer("naOC0ocQE3shWLAfffVLB1rhYPG7")
        assert list(signer._public.public_bytes_raw()) == PUBLIC

    def test_a_body(self) -> None:
        """The signature that is printed there is not that of the body that is printed, however it is spaced."""
        signer = Signer("naOC0ocQE3shWLAfffVLB1rhYPG7")
        body = b'{ "op": 0,"d": {}, "t": "GATEWAY_EVENT_NAME"}'
        assert not signer.is_signed(PRINTED, EVENT_TS, body)
        assert not signer.is_signed(PRINTED, EVENT_TS, json.dumps(json.loads(body), separators=(",", ":")).encode())
        seed = b"naOC0ocQE3shWLAfffVLB1rhYPG7naOC"
        right = Ed25519PrivateKey.from_private_bytes(seed).sign(EVENT_TS.encode() + body).hex()
        assert signer.is_signed(right, EVENT_TS, body)
        assert signer.is_signed(right.upper(), EVENT_TS, body)

    @pytest.mark.parametrize("secret", ["x", "a" * 31, "b" * 32, "c" * 33, "d" * 100, "密" * 5])
    def test_secrets_of_any_length(self, secret: str) -> None:
        assert Signer(secret).is_signed(sign(secret, "1", b"{}"), "1", b"{}")
        assert not Signer("z" + secret).is_signed(sign(secret, "1", b"{}"), "1", b"{}")

    def test_no_secret(self) -> None:
        with pytest.raises(ValueError, match="empty"):
            Signer("")
        assert "naOC" not in repr(Signer("naOC0ocQE3shWLAfffVLB1rhYPG7"))

    @pytest.mark.parametrize("signature", ["", "00" * 64, "zz" * 64, PROOF[:-2], PROOF + "00", " " + PROOF, "Ä" * 128])
    def test_what_is_no_signature(self, signature: str) -> None:
        assert not Signer("DG5g3B4j9X2KOErG").is_signed(signature, EVENT_TS, TOKEN.encode())

    @pytest.mark.parametrize("timestamp", ["", "-1", "1.5", " 1", "1\n", "１", "1" * 17, "1{"])
    def test_what_is_no_time(self, timestamp: str) -> None:
        assert not Signer("s").is_signed(sign("s", timestamp, b"{}"), timestamp, b"{}")


class TestValidation:
    async def test_the_platform_takes_the_address(self, http: WebhookRig) -> None:
        assert (await http.rig.qq.webhooks.verify(http.rig.bot)).status == 200
        assert http.adapter.counters()["validations"] == 2

    async def test_the_question_need_not_be_signed(self, http: WebhookRig) -> None:
        """The documents' example has no signature."""
        body = json.dumps({"d": {"plain_token": TOKEN, "event_ts": EVENT_TS}, "op": 13}).encode()
        status, answer = await http.post(body, {"X-Bot-Appid": "11111111"})
        assert status == 200
        assert json.loads(answer) == {"plain_token": TOKEN, "signature": Signer(SECRET).prove(TOKEN, EVENT_TS)}

    async def test_a_wrong_secret_is_seen_by_the_platform(self, rig: Rig) -> None:
        async with hooked(rig, set_up=False) as http:
            rig.bot.secret = "another"
            with pytest.raises(CallbackRefusedError, match="signature is wrong"):
                await http.set()

    @pytest.mark.parametrize(
        ("token", "event_ts"),
        [
            ("", EVENT_TS), ("{}", EVENT_TS), ('{"op":0}', EVENT_TS), ("a b", EVENT_TS), ("a" * 65, EVENT_TS),
            ("abc\n", EVENT_TS), ("ａ", EVENT_TS), ("a-b", EVENT_TS), (None, EVENT_TS), (7, EVENT_TS),
            ([TOKEN], EVENT_TS), (TOKEN, ""), (TOKEN, "abc"),
            (TOKEN, '17{"op":0}'), (TOKEN, 1725442341), (TOKEN, "1" * 17), (TOKEN, "１"),
            (TOKEN, "1\n"), (TOKEN, None),
        ],
    )  # fmt: skip
    async def test_nothing_is_signed_that_could_be_something_else(
        self, http: WebhookRig, token: Any, event_ts: Any
    ) -> None:
        body = json.dumps({"d": {"plain_token": token, "event_ts": event_ts}, "op": 13}).encode()
        assert await http.post(body) == (403, b"")

    @pytest.mark.parametrize("body", [b'{"op":13}', b'{"op":13,"d":[]}', b'{"op":13,"d":null}'])
    async def test_a_question_without_its_parts(self, http: WebhookRig, body: bytes) -> None:
        assert await http.post(body) == (403, b"")

    async def test_the_address_is_no_oracle(self, http: WebhookRig) -> None:
        """A validation whose token is the body of an event would give the signature that forges the event."""
        assert await http.rig.qq.webhooks.forge_by_validation(http.rig.bot, http.event("forged")) is None
        assert http.rig.intake.offered == []

    @pytest.mark.parametrize("cut", range(1, 11))
    async def test_nor_when_the_seam_lies_elsewhere(self, http: WebhookRig, cut: int) -> None:
        """What was signed as time and token, said to be a time and a body."""
        now = str(int(time.time()))
        proof = Signer(SECRET).prove("123456789", now)
        assert proof is not None
        whole = f"{now}123456789"
        status, _ = await http.post(
            whole[cut:].encode(), {"X-Signature-Timestamp": whole[:cut], "X-Signature-Ed25519": proof}
        )
        assert status in (200, 403)
        assert http.rig.intake.offered == []


class TestEvents:
    async def test_a_message_is_acknowledged_when_the_inbox_has_it(self, http: WebhookRig) -> None:
        http.rig.intake.hold = True
        sent = await http.rig.alice.says("wait", bot=http.rig.bot)
        await until(lambda: http.rig.intake.pending, "an offer")
        assert not (sent.pushed is not None and sent.pushed.outcome.done())
        http.rig.intake.pending[0].set_result(Verdict.ACCEPTED)
        assert await sent.taken()

    @pytest.mark.parametrize("verdict", [Verdict.OVERLOADED, RuntimeError("canary")])
    async def test_what_the_inbox_refuses_comes_again(self, http: WebhookRig, verdict: Any) -> None:
        http.rig.intake.answers.append(verdict)
        sent = await http.rig.alice.says("again", bot=http.rig.bot)
        assert await sent.taken()
        assert http.rig.intake.texts == ["again"] * 2
        assert http.rig.qq.stats.webhook_refused == 1

    async def test_what_is_being_stored_when_time_is_over_is_still_handled(self, rig: Rig, leap: Leap) -> None:
        rig.qq.settings.webhook_timeout = 60.0
        async with hooked(rig) as http:
            rig.intake.hold = True
            answer = await leap.over(_TIMEOUT, rig.qq.webhooks.send(rig.bot, http.event()), lambda: rig.intake.pending)
            assert not answer.acked
            assert not rig.intake.pending[0].cancelled()

    async def test_no_room_is_said_so_that_it_comes_later(self, http: WebhookRig) -> None:
        http.rig.intake.answers.append(Verdict.OVERLOADED)
        answer = await http.rig.qq.webhooks.send(http.rig.bot, http.event())
        assert (answer.status, answer.body, answer.acked) == (503, "", False)

    async def test_an_event_of_a_type_that_nobody_knows(self, http: WebhookRig) -> None:
        pushed = http.rig.qq.push_event(http.rig.bot, "BRAND_NEW", {"a": 1})
        assert await pushed.taken()
        (item,) = http.rig.intake.items
        assert isinstance(item, UnknownEvent)
        assert item.payload["a"] == 1 or item.payload["d"]["a"] == 1

    @pytest.mark.parametrize("payload", [{"op": 7}, {"op": None}, {}, {"op": 12}])
    async def test_ops_that_nobody_knows(
        self, http: WebhookRig, payload: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(3):
            assert (await http.rig.qq.webhooks.send(http.rig.bot, payload | {"n": number})).acked
        assert http.adapter.counters()["bad_op"] == 3
        assert caplog.text.count("counted, not logged") == 1

    @pytest.mark.parametrize("body", [b"", b"canary", b"[]", b"null", b'{"op":0', b"\xff\xfe", b"NaN", b"[" * 100_000])
    async def test_signed_and_no_object(self, http: WebhookRig, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
        answer = await http.rig.qq.webhooks.send(http.rig.bot, {}, Forged(body=body or b" "))
        assert answer.acked
        assert http.adapter.counters()["bad_frame"] == 1
        assert "canary" not in caplog.text
        assert http.rig.intake.offered == []

    async def test_whose_app_it_is_said_to_be_does_not_matter(self, http: WebhookRig) -> None:
        answer = await http.rig.qq.webhooks.send(http.rig.bot, http.event(), Forged(app_id="666"))
        assert answer.acked
        answer = await http.rig.qq.webhooks.send(
            http.rig.bot, http.event("forged"), Forged(app_id=http.rig.bot.app_id, signature="missing")
        )
        assert answer.status == 403
        assert http.rig.intake.texts == ["hello"]

    async def test_after_the_stop_it_is_to_come_later(self, http: WebhookRig) -> None:
        await http.adapter.stop_reading()
        answer = await http.rig.qq.webhooks.send(http.rig.bot, http.event())
        assert answer.status == 503
        assert http.rig.intake.offered == []


FORGED = {
    "no signature": Forged(signature="missing"),
    "a wrong signature": Forged(signature="wrong"),
    "another secret": Forged(secret="another"),
    "another body": Forged(tampered=b'{"op":0,"t":"C2C_MESSAGE_CREATE","d":{}}'),
    "no time": Forged(without=("X-Signature-Timestamp",)),
    "a time that is none": Forged(timestamp="soon"),
    "half an hour ago": Forged(age=1800),
    "in half an hour": Forged(age=-1800),
    "just too old": Forged(age=302),
    "nothing": Forged(signature="missing", without=("X-Signature-Timestamp", "X-Bot-Appid"), tampered=b""),
    "a large body": Forged(
        signature="missing",
        tampered=b'{"op":13,"d":{"plain_token":"a","event_ts":"1","x":"' + b"x" * 10_000 + b'"}}',
    ),
}


class TestRefusals:
    @pytest.mark.parametrize("name", FORGED)
    async def test_one_answer_for_all(self, http: WebhookRig, name: str) -> None:
        answer = await http.rig.qq.webhooks.send(http.rig.bot, http.event("forged"), FORGED[name])
        assert (answer.status, answer.body) == (403, "")
        assert http.rig.intake.offered == []

    async def test_almost_too_old_is_taken(self, http: WebhookRig) -> None:
        assert (await http.rig.qq.webhooks.send(http.rig.bot, http.event(), Forged(age=290))).acked

    async def test_a_body_that_is_too_long(self, http: WebhookRig) -> None:
        answer = await http.rig.qq.webhooks.send(http.rig.bot, http.event("x" * 300_000))
        assert answer.status == 413
        assert http.rig.intake.offered == []

    async def test_other_methods(self, http: WebhookRig) -> None:
        assert (await http.post(b"", method="GET"))[0] == 405

    async def test_a_replay_is_answered_and_does_nothing(self, http: WebhookRig) -> None:
        """Our answer may have got lost, so it is given again; whoever plays it back gains nothing."""
        assert (await http.rig.qq.webhooks.send(http.rig.bot, http.event())).acked
        for _ in range(3):
            assert (await http.rig.qq.webhooks.replay(http.rig.bot)).acked
        assert http.rig.intake.texts == ["hello"]
        assert http.adapter.counters()["repeated"] == 3

    async def test_what_was_acknowledged_is_forgotten_in_time(
        self, http: WebhookRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("imbridge.adapters.qq.webhook._WINDOW", -1.0)
        for number in range(3):
            assert (await http.rig.qq.webhooks.send(http.rig.bot, http.event(str(number)))).acked
        assert isinstance(http.adapter._hearing, Callbacks)
        assert len(http.adapter._hearing._webhook._taken) == 0

    async def test_a_repetition_under_way_is_not_taken_twice(self, http: WebhookRig) -> None:
        http.rig.intake.hold = True
        sending = asyncio.create_task(http.rig.qq.webhooks.send(http.rig.bot, http.event()))
        await until(lambda: http.rig.intake.pending, "an offer")
        assert (await http.rig.qq.webhooks.replay(http.rig.bot)).status == 403
        http.rig.intake.pending[0].set_result(Verdict.ACCEPTED)
        assert (await sending).acked
        assert http.rig.intake.texts == ["hello"]

    async def test_what_was_not_taken_may_come_again_byte_by_byte(self, http: WebhookRig) -> None:
        http.rig.intake.answers.append(Verdict.OVERLOADED)
        assert (await http.rig.qq.webhooks.send(http.rig.bot, http.event())).status == 503
        assert (await http.rig.qq.webhooks.replay(http.rig.bot)).acked
        assert http.rig.intake.texts == ["hello"] * 2


class TestStart:
    async def test_wrong_credentials_are_final(self, rig: Rig) -> None:
        adapter = rig.make(mode="webhook", secret="canary-wrong")
        with pytest.raises(AuthError):
            await adapter.start()
        assert adapter.health is Health.FAILED

    async def test_passing_trouble_passes(self, rig: Rig) -> None:
        rig.qq.faults.http_fail("/app/*", 502, times=1)
        adapter = rig.make(mode="webhook")
        await adapter.start()
        assert (adapter.health, adapter.me.bot_id) == (Health.UP, rig.bot.bot_id)
        assert rig.qq.stats.connects == 0

    async def test_who_we_are_need_not_be_known(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
        rig.qq.faults.refuse("/users/@me", 11253)
        adapter = rig.make(mode="webhook")
        await adapter.start()
        assert adapter.health is Health.UP
        assert "cannot be asked" in caplog.text

    async def test_over_the_gateway_there_is_no_address(self, adapter: Any) -> None:
        assert list(adapter.routes()) == []
