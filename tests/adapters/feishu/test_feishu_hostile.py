"""Frames that nobody should send: refused or passed on, counted, told once, and the link stays up."""

import json
import logging
import tracemalloc
from typing import Any

import pytest
from contract import until
from feishu_rig import SECRET, Rig, event_payload, raw_frame

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu import link as link_module
from imbridge.adapters.feishu.frames import frame_type
from imbridge.protocol import Message, UnknownEvent

CANARY = "canary-content"
EVENT = {"type": "event", "message_id": "f1", "trace_id": "t1", "sum": "1", "seq": "0"}


def incomplete() -> bytes:
    """A frame without three of its required fields."""
    wire = frame_type()(SeqID=1, payload=CANARY.encode())
    data: bytes = wire.SerializePartialToString()
    return data


def not_utf8() -> bytes:
    """A header whose value is no UTF-8."""
    data = raw_frame(event_payload("ev1", CANARY), **EVENT)
    return data.replace(b"event", b"\xff\xfe\xfd\xfc\xfb", 1)


FRAMES: dict[str, tuple[bytes, str]] = {
    "noise": (b"\x07\xff" + CANARY.encode(), "bad_frame"),
    "empty": (b"", "bad_frame"),
    "truncated": (raw_frame(event_payload("ev1", CANARY), **EVENT)[:-7], "bad_frame"),
    "missing fields": (incomplete(), "bad_frame"),
    "method 7": (raw_frame(CANARY.encode(), method=7, **EVENT), "bad_method"),
    "method -1": (raw_frame(CANARY.encode(), method=-1, **EVENT), "bad_method"),
    "sum of 2**31": (raw_frame(CANARY.encode(), **EVENT | {"sum": "2147483648"}), "bad_split"),
    "huge seq": (raw_frame(CANARY.encode(), **EVENT | {"sum": "2", "seq": "9" * 30}), "bad_split"),
    "number of 10,000 digits": (raw_frame(CANARY.encode(), **EVENT | {"sum": "9" * 10_000}), "bad_split"),
    "negative seq": (raw_frame(CANARY.encode(), **EVENT | {"sum": "2", "seq": "-1"}), "bad_split"),
    "words for numbers": (raw_frame(CANARY.encode(), **EVENT | {"sum": CANARY}), "bad_split"),
    "invalid pong": (raw_frame(CANARY.encode(), method=0, type="pong"), "bad_pong"),
}
PAYLOADS: dict[str, bytes] = {
    "empty": b"",
    "not JSON": CANARY.encode(),
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep and closed": b'{"header":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "not UTF-8": b'{"header": "\xff\xfe' + CANARY.encode() + b'"}',
    "lone surrogate": b'{"header": "\\ud800", "x": "' + CANARY.encode() + b'"}',
    "a number": b"5",
    "a list": b"[1,2]",
    "null": b"null",
    "no header": b'{"event": {}, "x": "canary-content"}',
    "no event": b'{"header": {"event_id": "e", "event_type": "t"}}',
    "no event id": b'{"header": {"event_type": "t"}, "event": {}}',
    "empty event id": b'{"header": {"event_type": "t", "event_id": ""}, "event": {}}',
    "odd event id": b'{"header": {"event_type": "t", "event_id": [1]}, "event": {}}',
    "old schema, no uuid": b'{"type": "event_callback", "event": {"type": "message"}}',
    "old schema, no type": b'{"uuid": "u", "type": "event_callback", "event": {}}',
    "old click, no token": b'{"open_message_id": "om_1", "action": {"tag": "button"}}',
}
MALFORMED: dict[str, Any] = {
    "no message": {"sender": {}},
    "message is a list": {"message": []},
    "no chat": {"sender": {}, "message": {"message_id": "om_1", "message_type": "text", "create_time": "1"}},
    "odd time": {"message": {"message_id": "om_1", "chat_id": "oc", "message_type": "text", "create_time": "soon"}},
    "time beyond the calendar": {
        "sender": {},
        "message": {"message_id": "o", "chat_id": "oc", "message_type": "text", "create_time": "9" * 30},
    },
    "no sender": {"message": {"message_id": "om_1", "chat_id": "oc", "message_type": "text", "create_time": "1"}},
    "odd thread": {
        "sender": {},
        "message": {
            "message_id": "o", "chat_id": "oc", "message_type": "text", "create_time": "1", "thread_id": [CANARY]
        },
    },
}  # fmt: skip


def no_leak(caplog: pytest.LogCaptureFixture) -> None:
    assert "canary" not in caplog.text
    assert SECRET not in caplog.text


async def still_works(rig: Rig, adapter: FeishuAdapter) -> None:
    await rig.alice.says("a good one")
    await rig.intake.has("a good one")
    assert rig.feishu.stats.connects == 1, "the link stayed up"


@pytest.mark.parametrize("name", FRAMES)
async def test_frames_are_counted_and_told_once(
    rig: Rig, adapter: FeishuAdapter, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    data, counter = FRAMES[name]
    before = adapter.counters().get(counter, 0)
    for _ in range(3):
        assert rig.feishu.faults.send_raw(rig.app, data) == 1
    await still_works(rig, adapter)
    assert adapter.counters()[counter] == before + 3
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "counted, not logged" in warnings[0].getMessage()
    no_leak(caplog)


@pytest.mark.parametrize("name", PAYLOADS)
async def test_payloads_are_passed_on_whole_and_acknowledged(
    rig: Rig, adapter: FeishuAdapter, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    payload = PAYLOADS[name]
    for _ in range(3):
        rig.send_frame(payload, **EVENT)
    await still_works(rig, adapter)
    unknown = rig.intake.offered[:3]
    assert [type(inbound.item) for inbound in unknown] == [UnknownEvent] * 3
    assert len({inbound.dedup_keys for inbound in unknown}) == 1, "the same bytes are the same event"
    assert all(unknown[0].dedup_keys)
    unknown[0].item.model_dump_json()
    kept = unknown[0].item.payload
    assert kept == payload.decode("utf-8", "replace") or kept == json.loads(payload)
    assert adapter.counters()["bad_event"] == 3
    assert caplog.text.count("counted, not logged") == 1
    await until(lambda: adapter.counters()["accepted"] == 4)
    no_leak(caplog)


@pytest.mark.parametrize("name", MALFORMED)
async def test_events_that_lack_what_their_kind_has_are_passed_on(
    rig: Rig, adapter: FeishuAdapter, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    rig.feishu.push_event(rig.app, "im.message.receive_v1", MALFORMED[name])
    await still_works(rig, adapter)
    first = rig.intake.items[0]
    assert isinstance(first, UnknownEvent)
    assert first.kind == "im.message.receive_v1"
    await until(lambda: rig.feishu.stats.acks_ok == 2)
    no_leak(caplog)


async def test_a_header_that_is_not_utf_8_takes_nothing_else_down(rig: Rig, adapter: FeishuAdapter) -> None:
    """Whether protobuf accepts it depends on its implementation; if it does, the event is a good one."""
    rig.feishu.faults.send_raw(rig.app, not_utf8())
    await still_works(rig, adapter)
    assert adapter.counters().get("bad_frame", 0) + rig.intake.texts.count(CANARY) == 1


async def test_a_decoder_that_fails_loses_nothing(
    rig: Rig, adapter: FeishuAdapter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(payload: Any, me: Any) -> Any:
        raise ZeroDivisionError(CANARY)

    monkeypatch.setattr(link_module, "decode", broken)
    await rig.alice.says("unlucky")
    await until(lambda: rig.feishu.stats.acks_ok == 1)
    monkeypatch.undo()
    await still_works(rig, adapter)
    (item, _) = rig.intake.items
    assert isinstance(item, UnknownEvent)
    assert "unlucky" in item.payload
    assert adapter.counters()["bad_decoder"] == 1
    no_leak(caplog)


async def test_text_frames_are_counted(rig: Rig, adapter: FeishuAdapter, caplog: pytest.LogCaptureFixture) -> None:
    (connection,) = rig.feishu.world.faults._connections(rig.app)
    for _ in range(3):
        await connection._socket.send_str(CANARY)
    await still_works(rig, adapter)
    assert adapter.counters()["bad_text_frame"] == 3
    assert caplog.text.count("counted, not logged") == 1
    no_leak(caplog)


async def test_a_frame_of_10_mb_costs_the_connection_and_nothing_else(
    rig: Rig, adapter: FeishuAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    rig.feishu.faults.send_raw(rig.app, raw_frame(CANARY.encode() * 800_000, **EVENT))
    await until(lambda: rig.feishu.stats.connects == 2, "a new connection")
    await rig.alice.says("a good one")
    await rig.intake.has("a good one")
    assert all(isinstance(item, Message) for item in rig.intake.items)
    no_leak(caplog)


async def test_unfinished_events_take_bounded_memory(rig: Rig, adapter: FeishuAdapter) -> None:
    """400 MB of parts that never become whole; the assembler keeps 32 MB of them at most."""
    part = b"x" * 1_000_000
    tracemalloc.start()
    for number in range(400):
        rig.send_frame(part, **EVENT | {"message_id": f"f{number}", "sum": "3", "seq": "1"})
        if number % 20 == 19:
            frames = adapter.counters()["frames"]
            await until(lambda frames=frames, number=number: adapter.counters()["frames"] > number or frames > number)
    await still_works(rig, adapter)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert adapter._driver._assembler._bytes <= 32 << 20
    assert held < 60 << 20


async def test_mixed_rubbish_and_good_messages(rig: Rig, adapter: FeishuAdapter) -> None:
    for number, (data, _) in enumerate(FRAMES.values()):
        rig.feishu.faults.send_raw(rig.app, data)
        await rig.alice.says(f"good {number}")
    await rig.intake.has(f"good {len(FRAMES) - 1}")
    assert rig.intake.texts == [f"good {number}" for number in range(len(FRAMES))]
    assert adapter.counters()["bad_frames"] == 0, "none of them reached the generic link's own net"
