"""Frames that nobody should send: counted, told once, passed on whole where they hold something; none ends the link."""

import json
import logging
from typing import Any

import pytest
from contract import until
from dingtalk_rig import SECRET, Rig

from imbridge.adapters.base import Health
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.protocol import Message, UnknownEvent

CANARY = "canary-content"
BOT, CARD = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"


def frame(kind: Any, headers: Any, data: Any) -> str:
    return json.dumps({"specVersion": "1.0", "type": kind, "headers": headers, "data": data})


def callback(data: Any, topic: str = BOT) -> str:
    return frame("CALLBACK", {"topic": topic, "messageId": "f1"}, data)


FRAMES: dict[str, tuple[str, str]] = {
    "empty": ("", "bad_frame"),
    "not JSON": (CANARY, "bad_frame"),
    "a list": (f'["{CANARY}"]', "bad_frame"),
    "null": ("null", "bad_frame"),
    "no headers": (f'{{"type":"EVENT","data":"{CANARY}"}}', "bad_frame"),
    "headers are a list": (frame("EVENT", [CANARY], "{}"), "bad_frame"),
    "no topic": (frame("EVENT", {"messageId": CANARY}, "{}"), "bad_frame"),
    "no message id": (frame("CALLBACK", {"topic": BOT}, "{}"), "bad_frame"),
    "an empty message id": (frame("CALLBACK", {"topic": BOT, "messageId": ""}, "{}"), "bad_frame"),
    "message id is a number": (frame("SYSTEM", {"topic": "ping", "messageId": 7}, "{}"), "bad_frame"),
    "type is a number": (frame(7, {"topic": BOT, "messageId": CANARY}, "{}"), "bad_frame"),
    "not a number": ('{"type":"EVENT","headers":{"topic":"*","messageId":"f1"},"data":NaN}', "bad_frame"),
    "deep arrays": ("[" * 100_000, "bad_frame"),
    "deep objects": ('{"a":' * 100_000, "bad_frame"),
    "half a character": ('{"type":"\\ud83d"}', "bad_frame"),
    "a type that is new": (frame("STREAM", {"topic": "x", "messageId": "f1"}, CANARY), "bad_topic"),
    "a topic that is new": (callback(f'"{CANARY}"', "/v1.0/graph/api/invoke"), "bad_topic"),
    "a system topic that is new": (frame("SYSTEM", {"topic": CANARY, "messageId": "f1"}, "{}"), "bad_system"),
    "a ping without anything": (frame("SYSTEM", {"topic": "ping", "messageId": "f1"}, CANARY), "bad_ping"),
}
DELIVERIES: dict[str, str] = {
    "no data": callback(""),
    "data that are not JSON": callback(CANARY),
    "data that are null": callback("null"),
    "data that are a list": callback(f'["{CANARY}"]'),
    "data in the frame itself": callback({"said": CANARY}),
    "deep data": callback('{"a":' * 50_000),
    "a message without an id": callback(json.dumps({"msgtype": "text", "senderId": "s", "text": {"content": CANARY}})),
    "a message with an odd id": callback(json.dumps({"msgId": [CANARY], "msgtype": "text", "senderId": "s"})),
    "a message without a type": callback(json.dumps({"msgId": "m", "senderId": CANARY})),
    "a message from nobody": callback(json.dumps({"msgId": "m", "msgtype": "text", "text": {"content": CANARY}})),
    "a group without an id": callback(
        json.dumps({"msgId": "m", "msgtype": "text", "senderId": "s", "conversationType": "2"})
    ),
    "an event without an id": frame("EVENT", {"topic": "*", "messageId": "f1", "eventType": CANARY}, "{}"),
    "an event with an odd type": frame(
        "EVENT", {"topic": "*", "messageId": "f1", "eventId": "e", "eventType": 1}, "{}"
    ),
    "a click that is not JSON": callback(CANARY, CARD),
}
MALFORMED: dict[str, dict[str, Any]] = {
    "content is a number": {"msgtype": "picture", "content": 7},
    "content is text": {"msgtype": "richText", "content": CANARY},
    "text is a list": {"msgtype": "text", "text": [CANARY]},
    "a quotation of nothing": {"msgtype": "text", "text": {"isReplyMsg": True, "repliedMsg": [CANARY]}},
    "an endless duration": {"msgtype": "audio", "content": {"downloadCode": "", "duration": 10**40}},
    "a record of numbers": {"msgtype": "chatRecord", "content": {"chatRecord": [1, 2], "summary": 3}},
    "a time beyond the calendar": {"msgtype": "new", "createAt": 10**30},
}


def no_leak(caplog: pytest.LogCaptureFixture) -> None:
    assert "canary" not in caplog.text
    assert SECRET not in caplog.text


async def still_works(rig: Rig, adapter: DingTalkAdapter) -> None:
    sent = await rig.alice.says("a good one")
    await rig.intake.has("a good one")
    assert await sent.taken()
    assert adapter.health is Health.UP
    assert adapter.counters()["connects"] == 1, "the link stayed up"


@pytest.mark.parametrize("name", FRAMES)
async def test_frames_are_counted_and_told_once(
    rig: Rig, adapter: DingTalkAdapter, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    text, counter = FRAMES[name]
    for _ in range(3):
        assert rig.ding.faults.send_raw(rig.app, text) == 1
    await still_works(rig, adapter)
    assert adapter.counters()[counter] == 3
    assert len(rig.intake.offered) == 1
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "counted, not logged" in warnings[0].getMessage()
    no_leak(caplog)


@pytest.mark.parametrize("name", DELIVERIES)
async def test_deliveries_that_cannot_be_read_are_passed_on_whole(
    rig: Rig, adapter: DingTalkAdapter, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A message never comes again, so what cannot be read is kept for whoever can make something of it."""
    for _ in range(3):
        assert rig.ding.faults.send_raw(rig.app, DELIVERIES[name]) == 1
    await still_works(rig, adapter)
    await until(lambda: len(rig.intake.offered) == 4, "all four")
    unknown = [inbound for inbound in rig.intake.offered if not isinstance(inbound.item, Message)]
    assert [type(inbound.item) for inbound in unknown] == [UnknownEvent] * 3
    assert len({inbound.dedup_keys for inbound in unknown}) == 1, "the same delivery is the same event"
    data = json.loads(DELIVERIES[name])["data"]
    kept = unknown[0].item.payload
    assert kept == data or json.loads(kept) == data
    assert adapter.counters()["bad_delivery"] == 3
    assert caplog.text.count("counted, not logged") == 1
    no_leak(caplog)


@pytest.mark.parametrize("name", MALFORMED)
async def test_messages_that_lack_what_their_kind_has_are_passed_on(
    rig: Rig, adapter: DingTalkAdapter, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = await rig.alice.sends(MALFORMED[name])
    await still_works(rig, adapter)
    message = rig.intake.items[0]
    assert isinstance(message, Message)
    assert message.id == sent.msg_id
    assert message.payload == sent.data
    message.model_dump_json()
    assert adapter.counters().get("bad_delivery", 0) == 0
    no_leak(caplog)


async def test_a_disconnect_as_the_documents_have_it_has_no_message_id(rig: Rig, adapter: DingTalkAdapter) -> None:
    rig.ding.faults.send_raw(rig.app, frame("SYSTEM", {"topic": "disconnect"}, '{"reason":"connection is expired"}'))
    await until(lambda: adapter.counters()["connects"] == 2, "another connection")
    assert adapter.counters()["disconnects"] == 1
    assert adapter.counters().get("bad_frame", 0) == 0


async def test_a_ping_without_a_message_id_is_answered(rig: Rig, adapter: DingTalkAdapter) -> None:
    rig.ding.faults.send_raw(rig.app, frame("SYSTEM", {"topic": "ping"}, '{"opaque":"o1"}'))
    await still_works(rig, adapter)
    assert adapter.counters().get("bad_ping", 0) == 0


async def test_a_mistake_of_the_decoder_loses_no_message(
    rig: Rig, adapter: DingTalkAdapter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("imbridge.adapters.dingtalk.received.reading.decode", fails)
    for text in ("one", "two"):
        assert await (await rig.alice.says(text)).taken()
    await until(lambda: len(rig.intake.offered) == 2)
    assert [json.loads(item.payload)["text"]["content"] for item in rig.intake.items] == ["one", "two"]
    assert adapter.counters()["decoder_failed"] == 2
    assert caplog.text.count("RuntimeError") == 1
    no_leak(caplog)
