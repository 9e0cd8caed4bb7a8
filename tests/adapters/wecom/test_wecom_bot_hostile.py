"""Frames and callbacks that the platform would not send: each is counted, none ends anything."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from contract import until
from served import served
from wecom_bot_rig import BotRig, text

from imbridge.adapters.base import Health, Verdict
from imbridge.adapters.taking import Taking
from imbridge.adapters.wecom.bot import webhook as webhook_module
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.adapters.wecom.bot.callback_adapter import BotCallbackAdapter
from imbridge.emulators.wecom.bot import Forged
from imbridge.protocol import Message, UnknownEvent
from imbridge.transport import WebhookApp

JUNK: list[Any] = [
    b"\x00\x01", "", "null", "[]", "{}", "not json", '{"headers":{}}', '{"headers":{"req_id":1}}',
    '{"headers":{"req_id":"x"},"cmd":7}', '{"headers":{"req_id":"x"},"errcode":"0"}',
    '{"headers":{"req_id":"x"},"errcode":NaN}', "[" * 100_000, '{"a":' * 50_000, '"\\ud83d"',
    '{"headers":{"req_id":"x"},"cmd":"aibot_conquer"}', '{"headers":{"req_id":"x"},"errcode":0}',
    '{"headers":{"req_id":"ping_1"},"errcode":0,"body":[]}',
]  # fmt: skip
CALLBACKS: list[Any] = [
    {}, {"msgtype": "text"}, {"msgtype": 7, "msgid": "a"}, {"msgtype": "event"}, {"msgtype": "event", "event": []},
    {"msgtype": "text", "msgid": "b", "from": "alice", "text": []},
    {"msgtype": "event", "msgid": "c", "event": {"eventtype": {"x": 1}}},
    {"msgtype": "mixed", "msgid": "d", "from": {"userid": "alice"}, "mixed": {"msg_item": "x"}},
    {"msgtype": "text", "msgid": "e", "from": {"userid": "alice"}, "text": {"content": "fine"}, "quote": [1]},
]  # fmt: skip


async def test_junk_frames_are_counted_and_end_nothing(
    bots: BotRig, bot: BotAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    for frame in JUNK:
        bots.platform.faults.send_raw(bots.bot, frame)
    await bots.asked("still there?")
    counters = bot.counters()
    assert counters["bad_frame"] >= 10
    assert counters["bad_binary_frame"] == counters["bad_cmd"] == counters["acks_unexpected"] == 1
    assert counters["bad_frames"] == 0
    assert bot.health is Health.UP
    assert bots.platform.stats.subscribes == 1
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 3


@pytest.mark.parametrize("body", CALLBACKS)
async def test_callbacks_of_any_shape_are_kept(bots: BotRig, bot: BotAdapter, body: dict[str, Any]) -> None:
    frame = {"cmd": "aibot_msg_callback", "headers": {"req_id": "r1"}, "body": body}
    bots.platform.faults.send_raw(bots.bot, json.dumps(frame))
    await until(lambda: bots.intake.offered)
    item = bots.intake.items[0]
    assert isinstance(item, UnknownEvent | Message)
    assert item.payload == body


async def test_a_forged_ack_answers_nothing(bots: BotRig, bot: BotAdapter) -> None:
    """One that names no command of ours; the real one still counts."""
    target = await bots.asked()
    bots.platform.faults.send_raw(bots.bot, '{"headers":{"req_id":"aibot_send_msg_1"},"errcode":93006}')
    await bot.send(target, text("hi"), "key")
    assert bots.shown() == ["hi"]


async def test_a_refused_ping_opens_the_connection_anew(bots: BotRig, bot: BotAdapter) -> None:
    bots.platform.faults.send_raw(bots.bot, '{"headers":{"req_id":"ping_1"},"errcode":846609,"errmsg":"gone"}')
    await until(lambda: bots.platform.stats.subscribes == 2)
    await until(lambda: bot.health is Health.UP)


async def test_a_connection_that_is_not_subscribed_in_time(bots: BotRig) -> None:
    bot = bots.make()
    bots.platform.faults.cut_after_accept("aibot_subscribe", times=2)
    await bot.start()
    assert bot.health is Health.UP


async def test_the_secret_is_in_no_error(bots: BotRig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    bots.bot.secret = "another"
    bot = bots.make(bot_secret="canary-wrong-secret")
    with pytest.raises(Exception, match="853000") as caught:
        await bot.start()
    shown = str(caught.value) + repr(caught.value) + caplog.text + str(bots.health) + repr(bot.config)
    assert "canary" not in shown


async def test_too_many_that_wait_for_the_inbox_are_told(bots: BotRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imbridge.adapters.taking.MOST_WAITING", 3)
    bots.intake.hold = True
    bot = await bots.start()
    assert isinstance(bot._taking, Taking)
    for number in range(6):
        await bots.alice.says(f"m{number}", bot=bots.bot)
    await until(lambda: bot.counters().get("lost"))
    bots.intake.hold = False
    for pending in bots.intake.pending:
        pending.set_result(Verdict.ACCEPTED)
    await until(lambda: bot.counters().get("accepted", 0) + bot.counters()["lost"] == 6)


# -- HTTP --------------------------------------------------------------------------------------------------------------


class Door:
    """The callback adapter behind a web server."""

    def __init__(self, bots: BotRig, adapter: BotCallbackAdapter, app: WebhookApp, url: str) -> None:
        self.bots = bots
        self.adapter = adapter
        self.app = app
        self.url = url

    async def forged(self, forged: Forged, body: Any = None) -> int:
        """The status that a request of somebody else gets."""
        message = {"msgid": "m1", "msgtype": "text", "text": {"content": "forged"}, "from": {"userid": "mallory"}}
        answer = await self.bots.platform.callbacks.send(self.bots.bot, message if body is None else body, forged)
        return answer.status


@pytest.fixture
async def door(bots: BotRig) -> AsyncIterator[Door]:
    adapter = bots.make_callback()
    await adapter.start()
    app = WebhookApp(adapter.routes())
    async with served(app) as url:
        await bots.platform.set_callback(bots.bot, f"{url}/wecom/bot")
        yield Door(bots, adapter, app, f"{url}/wecom/bot")
        await adapter.webhook.close()


OTHER_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@pytest.mark.parametrize(
    ("forged", "status"),
    [
        (Forged(signature="wrong"), 403),
        (Forged(signature="missing"), 400),
        (Forged(without="timestamp"), 400),
        (Forged(without="nonce"), 400),
        (Forged(token="other token"), 403),
        (Forged(aes_key=OTHER_KEY), 403),
        (Forged(receiveid="wwother"), 403),
        (Forged(age=3600), 403),
        (Forged(age=-3600), 403),
        (Forged(encrypt=""), 400),
        (Forged(encrypt="!!!!"), 400),
        (Forged(encrypt="AAAA"), 403),
        (Forged(body=b""), 400),
        (Forged(body=b"{}"), 400),
        (Forged(body=b"[" * 60_000), 400),
        (Forged(body=b'{"encrypt":' * 3000), 400),
        (Forged(body=b'{"encrypt":"AAAA","encrypt":"BBBB"}'), 400),
        (Forged(body=b'{"encrypt":{"a":1}}'), 400),
        (Forged(body=b"<xml><Encrypt>AAAA</Encrypt></xml>"), 400),
    ],
)
async def test_forged_callbacks(door: Door, forged: Forged, status: int) -> None:
    assert await door.forged(forged) == status
    assert door.bots.intake.offered == []
    assert [code for (_, code, _), count in door.app.counts.items() if code == status and count == 1]


async def test_a_replay(door: Door) -> None:
    await door.bots.platform.callbacks.send(door.bots.bot, {"msgtype": "event", "msgid": "e", "event": {}})
    assert (await door.bots.platform.callbacks.replay(door.bots.bot)).status == 403
    assert len(door.bots.intake.offered) == 1


async def test_a_huge_body(door: Door) -> None:
    async with aiohttp.ClientSession() as session, session.post(door.url, data=b"x" * (1 << 20)) as response:
        assert response.status == 413


async def test_nothing_is_parsed_before_the_signature(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """However deep it is: the cipher text is cut out of the body, and only a signed one gets to the parser."""
    parsed: list[bytes] = []
    real = webhook_module.from_json

    def noting(data: bytes, **options: Any) -> Any:
        parsed.append(data)
        return real(data, **options)

    monkeypatch.setattr(webhook_module, "from_json", noting)
    await door.forged(Forged(body=b'{"encrypt":"AAAA","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}"))
    await door.forged(Forged(signature="wrong"))
    assert parsed == []
    await door.forged(Forged(), {"msgtype": "event", "msgid": "e", "event": {}})
    assert len(parsed) == 1


@pytest.mark.parametrize(
    "body", ["", "not json", "[]", "null", "[" * 5000, *[json.dumps(one) for one in CALLBACKS[:8]]]
)
async def test_signed_callbacks_of_any_shape_are_kept(door: Door, body: str) -> None:
    answering = asyncio.create_task(door.forged(Forged(), body))
    await until(lambda: door.bots.intake.offered)
    inbound = door.bots.intake.offered[0]
    if inbound.answer is not None:
        inbound.answer.release()
    assert await answering == 200
    assert inbound.item.payload is not None


@pytest.mark.parametrize("stream", [None, [], {"id": 7}, {"id": "unknown"}])
async def test_questions_for_streams_that_are_none(door: Door, stream: Any) -> None:
    status = await door.forged(Forged(), {"msgtype": "stream", "msgid": "s", "stream": stream})
    assert status == 200
    assert door.bots.intake.offered == []


async def test_a_wrong_verification(door: Door) -> None:
    async with aiohttp.ClientSession() as session:
        for query in ("", "?echostr=x", "?echostr=x&msg_signature=a&timestamp=1&nonce=2"):
            async with session.get(door.url + query) as response:
                assert response.status in (400, 403)
                assert await response.read() == b""
