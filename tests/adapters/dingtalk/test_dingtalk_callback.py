"""Robot messages over HTTP: what is let in, once; what is not; and what becomes of it."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from contract import until
from dingtalk_callbacks import CallbackRig, callback_settings, called_back
from dingtalk_rig import SECRET, Rig
from rigs import text
from served import served

from imbridge.adapters import taking
from imbridge.adapters.base import Health, Verdict
from imbridge.adapters.dingtalk.crypto import robot_signature
from imbridge.emulators.dingtalk import Forged, Group
from imbridge.protocol import AuthError, ChannelKind, Message, UnknownEvent
from imbridge.transport import WebhookApp
from leap import Leap

SIGNED = "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="
"""By openssl: `dgst -sha256 -hmac SECRET -binary | base64` of the timestamp, a line feed and the secret."""
DEEP = b'{"msgId":"m","msgtype":"text","text":' + b"[" * 50_000 + b"]" * 50_000 + b"}"


@pytest.fixture
async def http(rig: Rig) -> AsyncIterator[CallbackRig]:
    async with called_back(rig) as made:
        yield made


class TestIn:
    async def test_a_message_and_its_answer(self, http: CallbackRig) -> None:
        rig = http.rig
        sent = await rig.alice.says("hello")
        await rig.intake.has("hello")
        assert await sent.taken()
        item = rig.intake.items[0]
        assert isinstance(item, Message)
        assert (item.id, item.channel.kind, item.channel.id) == (sent.msg_id, ChannelKind.PRIVATE, rig.alice.userid)
        await http.adapter.send(rig.target(), text("hi"), "key")
        answer = await rig.alice.receives("hi")
        assert answer.way == "session"
        assert rig.ding.connections(rig.app) == 0
        assert rig.ding.violations == []

    async def test_of_a_group(self, http: CallbackRig, team: Group) -> None:
        rig = http.rig
        await rig.alice.says("all of you", chat=team, mentions=[rig.app])
        await until(lambda: rig.intake.texts, "a message")
        assert rig.intake.items[0].channel.id == team.open_conversation_id

    async def test_many_at_once(self, http: CallbackRig) -> None:
        """Requests run side by side: all of them come, each once; the platform gives each a millisecond of its own."""
        said = [f"m{number}" for number in range(50)]
        for said_text in said:
            await http.rig.alice.says(said_text)
            await asyncio.sleep(0.002)
        await until(lambda: len(http.rig.intake.texts) == len(said), "all of them")
        assert sorted(http.rig.intake.texts) == sorted(said)

    async def test_what_cannot_be_read_is_passed_on_whole(self, http: CallbackRig) -> None:
        ding, app = http.rig.ding, http.rig.app
        for body in (b"no JSON", b"[]", b'{"msgtype":"text"}', DEEP):
            answer = await ding.callbacks.send_message(app, {}, Forged(body=body))
            assert answer.status == 200
            await asyncio.sleep(0.002)  # each signature counts once, and the signature is the millisecond's
        await until(lambda: len(http.rig.intake.items) == 4)
        assert all(isinstance(item, UnknownEvent) for item in http.rig.intake.items)
        assert http.rig.intake.items[0].payload == "no JSON"


BAD: dict[str, Forged] = {
    "wrong signature": Forged(signature="wrong"),
    "no signature": Forged(signature="missing"),
    "an empty signature": Forged(signature=""),
    "no timestamp": Forged(without=("timestamp",)),
    "more than an hour old": Forged(age=3605),
    "more than an hour ahead": Forged(age=-3605),
    "another secret": Forged(secret="another"),
    "junk for a timestamp": Forged(timestamp="now"),
    "an empty timestamp": Forged(timestamp=""),
    "a huge timestamp": Forged(timestamp="9" * 40),
    "a signature that is no ASCII": Forged(signature="ü"),
    "no UTF-8": Forged(body=b'{"msgId":"\xff"}'),
}


class TestRefused:
    @pytest.mark.parametrize("forged", BAD.values(), ids=BAD.keys())
    async def test_with_one_answer_for_all(self, http: CallbackRig, forged: Forged) -> None:
        answer = await http.rig.ding.callbacks.send_message(http.rig.app, http.message(), forged)
        assert (answer.status, answer.body) == (403, "")
        await http.rig.alice.says("after")
        await http.rig.intake.has("after")
        assert http.rig.intake.texts == ["after"]

    @pytest.mark.parametrize("age", [3590, -3590])
    async def test_an_hour_is_let_in(self, http: CallbackRig, age: float) -> None:
        answer = await http.rig.ding.callbacks.send_message(http.rig.app, http.message(), Forged(age=age))
        assert answer.status == 200
        assert http.rig.intake.texts == ["hello"]

    async def test_played_back(self, http: CallbackRig) -> None:
        await http.rig.alice.says("once")
        await http.rig.intake.has("once")
        answer = await http.rig.ding.callbacks.replay_message(http.rig.app)
        assert (answer.status, answer.body) == (403, "")
        assert http.rig.intake.texts == ["once"]

    async def test_the_headers_of_one_message_carry_no_other(
        self, http: CallbackRig, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The signature covers the time alone, so it counts once, whatever is said with it."""
        callbacks, app = http.rig.ding.callbacks, http.rig.app
        stamped = Forged(timestamp=str(int(time.time() * 1000)))
        assert (await callbacks.send_message(app, http.message("mine"), stamped)).status == 200
        for _ in range(3):
            assert (await callbacks.send_message(app, http.message("pay me"), stamped)).status == 403
        assert http.rig.intake.texts == ["mine"]
        assert http.adapter.counters()["refused_once_signed"] == 3
        assert caplog.text.count("(replayed)") == 1
        assert SECRET not in caplog.text

    async def test_only_posts(self, http: CallbackRig) -> None:
        for method in ("GET", "PUT", "DELETE"):
            answer = await http.rig.ding.callbacks.send_message(http.rig.app, {}, Forged(method=method))
            assert answer.status == 405

    async def test_too_large(self, http: CallbackRig) -> None:
        body = json.dumps(http.message("x" * 300_000)).encode()
        async with aiohttp.ClientSession() as session, session.post(f"{http.url}/dingtalk/work", data=body) as answer:
            assert answer.status == 413
        assert http.rig.intake.items == []

    async def test_the_signature_is_the_documents(self) -> None:
        """What the documents say, computed by another program."""
        assert robot_signature("1577262236757", "this is a secret") == SIGNED


class TestSessionWebhooks:
    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/robot/sendBySession?session=x",
            "https://oapi.dingtalk.com.evil.example/robot/sendBySession?session=x",
            "https://user@oapi.dingtalk.com/robot/sendBySession?session=x",
            "http://oapi.dingtalk.com/robot/sendBySession?session=x",
        ],
    )
    async def test_only_dingtalks_are_posted_to(
        self, http: CallbackRig, url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        data = http.message(sessionWebhook=url, sessionWebhookExpiredTime=4_000_000_000_000)
        assert (await http.rig.ding.callbacks.send_message(http.rig.app, data)).status == 200
        await http.adapter.send(http.rig.target(), text("hi"), "key")
        assert (await http.rig.alice.receives("hi")).way == "api"
        assert http.adapter.counters()["session_webhooks_refused"] == 1
        assert "is not DingTalk's" in caplog.text


class TestInbox:
    async def test_a_full_inbox_loses_nothing(self, http: CallbackRig) -> None:
        """The platform does not send a message again, so it is told that it is taken, and offered again."""
        rig = http.rig
        rig.intake.answers.extend((Verdict.OVERLOADED, Verdict.OVERLOADED))
        sent = await rig.alice.says("patient")
        assert await sent.taken()
        await until(lambda: rig.intake.texts == ["patient"] * 3, "further offers")
        await until(lambda: http.adapter.counters().get("accepted") == 1)

    async def test_no_room_at_all_is_said(self, http: CallbackRig, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(taking, "MOST_WAITING", 1)
        rig = http.rig
        rig.intake.hold = True
        # Not on disk, so not acknowledged; but in the row, and it stays there.
        assert (await rig.ding.callbacks.send_message(rig.app, http.message("one"))).status == 503
        await asyncio.sleep(0.002)  # each signature counts once, and it is the millisecond's
        answer = await rig.ding.callbacks.send_message(rig.app, http.message("two"))
        assert answer.status == 503
        assert http.adapter.counters()["lost"] == 1
        rig.intake.hold = False
        rig.intake.pending[0].set_result(Verdict.ACCEPTED)
        await until(lambda: http.adapter.counters().get("accepted") == 1, "room")
        assert (await rig.ding.callbacks.replay_message(rig.app)).status == 200  # whoever was told so may come again
        await rig.intake.has("two")

    async def test_a_request_whose_own_time_is_over_at_once_may_come_again(self, http: CallbackRig, leap: Leap) -> None:
        """A process that stood still: the time for the inbox and that of the request are over in the same moment."""
        rig = http.rig
        rig.intake.hold = True
        sending = asyncio.create_task(rig.ding.callbacks.send_message(rig.app, http.message("one")))
        await until(lambda: rig.intake.pending, "an offer")
        leap(5)
        assert (await sending).status == 503
        rig.intake.hold = False
        assert (await rig.ding.callbacks.replay_message(rig.app)).status == 200

    async def test_nothing_is_taken_while_it_stops(self, http: CallbackRig) -> None:
        rig = http.rig
        await http.adapter.stop_reading()
        assert (await rig.ding.callbacks.send_message(rig.app, http.message())).status == 503
        assert rig.intake.items == []
        assert http.adapter.counters()["after_stop"] == 1
        await http.adapter.send(rig.target(), text("last words"), "key")
        await rig.alice.receives("last words")


class TestStart:
    async def test_its_weakness_is_told(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
        adapter = await rig.start(**callback_settings(rig))
        assert "Mode stream has no such weakness" in caplog.text
        assert adapter.health is Health.UP
        assert rig.health == [(Health.UP, "waiting for callbacks")]

    async def test_it_is_off_unless_asked_for(self, rig: Rig) -> None:
        assert (await rig.start()).routes() == ()

    async def test_without_the_event_callback(self, rig: Rig) -> None:
        async with called_back(rig, token=None, aes_key=None) as http:
            assert [route.path for route in http.adapter.routes()] == ["/dingtalk/work"]
            await rig.alice.says("hello")
            await rig.intake.has("hello")

    async def test_wrong_credentials(self, rig: Rig) -> None:
        adapter = rig.make(**callback_settings(rig, client_secret="canary-wrong"))
        with pytest.raises(AuthError) as caught:
            await adapter.start()
        assert adapter.health is Health.FAILED
        assert "canary" not in str(caught.value)

    async def test_a_platform_that_is_down_comes_back(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.WARNING)
        rig.ding.faults.refuse("/v1.0/oauth2/accessToken", "ServiceUnavailable", times=2, status=503)
        adapter = rig.make(**callback_settings(rig))
        await asyncio.wait_for(adapter.start(), 20)
        assert adapter.health is Health.UP

    async def test_callbacks_before_the_start_are_taken(self, rig: Rig) -> None:
        adapter = rig.make(**callback_settings(rig))
        app = WebhookApp(adapter.routes())
        async with served(app) as url:
            await rig.ding.set_callback(rig.app, f"{url}/dingtalk/work")
            rig.intake.answers.append(Verdict.OVERLOADED)
            await rig.alice.says("early")
            await until(lambda: rig.intake.texts == ["early"])
            await adapter.start()
            await until(lambda: rig.intake.texts == ["early", "early"])


def test_a_hostile_header_is_no_error() -> None:
    """Lone surrogates come from some servers' headers."""
    assert isinstance(robot_signature("\udcff", "secret"), str)
