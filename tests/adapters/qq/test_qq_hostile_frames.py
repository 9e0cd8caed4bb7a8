"""Frames that nobody should send: counted, told once; none ends the connection."""

import json
import logging
from typing import Any

import pytest
from contract import until
from qq_rig import SECRET, Rig

from imbridge.adapters.base import Health
from imbridge.adapters.qq import QQAdapter
from imbridge.protocol import UnknownEvent

CANARY = "canary-content"
FRAMES: dict[str, tuple[str, str]] = {
    "not JSON": (CANARY, "bad_frame"),
    "not a number": ('{"op":NaN}', "bad_frame"),
    "deep arrays": ("[" * 100_000, "bad_frame"),
    "deep objects": ('{"a":' * 100_000, "bad_frame"),
    "half a character": ('{"op":"\\ud83d"}', "bad_op"),
    "a list": (f'["{CANARY}"]', "bad_op"),
    "null": ("null", "bad_op"),
    "a text": (f'"{CANARY}"', "bad_op"),
    "no op": (f'{{"d":"{CANARY}"}}', "bad_op"),
    "an op that is new": (f'{{"op":99,"d":"{CANARY}"}}', "bad_op"),
    "an op that is a text": ('{"op":"0"}', "bad_op"),
    "an op that is a list": ('{"op":[0]}', "bad_op"),
    "what only we send": ('{"op":2,"d":{}}', "bad_op"),
    "of webhooks": ('{"op":12}', "bad_op"),
    "a validation": ('{"op":13,"d":{"plain_token":"a","event_ts":"1"}}', "bad_op"),
}
EVENTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no data": {"t": "C2C_MESSAGE_CREATE", "s": 7},
    "data that are a text": {"t": "C2C_MESSAGE_CREATE", "s": 7, "d": CANARY},
    "data that are a list": {"t": "C2C_MESSAGE_CREATE", "s": 7, "d": [CANARY]},
    "a type that is a number": {"t": 7, "s": 7, "d": {}},
    "a type that is a list": {"t": [CANARY], "s": 7, "d": {}},
    "a message from nobody": {"t": "C2C_MESSAGE_CREATE", "s": 7, "d": {"id": "m", "content": CANARY}},
    "a message without an id": {"t": "C2C_MESSAGE_CREATE", "s": 7, "d": {"author": {"id": "a"}, "content": CANARY}},
    "no number": {"t": "BRAND_NEW", "d": {"x": CANARY}},
    "a number that is a text": {"t": "BRAND_NEW", "s": "7", "d": {"x": CANARY}},
    "a number beyond all": {"t": "BRAND_NEW", "s": 10**30, "d": {"x": CANARY}},
    "a number below zero": {"t": "BRAND_NEW", "s": -1, "d": {"x": CANARY}},
}


async def still_works(rig: Rig, adapter: QQAdapter) -> None:
    await rig.alice.says("a good one", bot=rig.bot)
    await rig.intake.has("a good one")
    assert adapter.health is Health.UP
    assert adapter.counters()["connects"] == 1, "the link stayed up"


def no_leak(caplog: pytest.LogCaptureFixture) -> None:
    assert "canary" not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("name", FRAMES)
async def test_frames_are_counted_and_told_once(
    rig: Rig, adapter: QQAdapter, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    text, counter = FRAMES[name]
    for _ in range(3):
        assert rig.qq.faults.send_raw(rig.bot, text) == 1
    await still_works(rig, adapter)
    assert adapter.counters()[counter] == 3
    assert len(rig.intake.offered) == 1
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "counted, not logged" in warnings[0].getMessage()
    no_leak(caplog)


@pytest.mark.parametrize("name", EVENTS)
async def test_events_that_cannot_be_read_are_passed_on_whole(
    rig: Rig, adapter: QQAdapter, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        rig.qq.faults.send_raw(rig.bot, json.dumps({"op": 0} | EVENTS[name]))
    await still_works(rig, adapter)
    await until(lambda: len(rig.intake.offered) == 4, "all four")
    unknown = rig.intake.offered[:3]
    assert [type(inbound.item) for inbound in unknown] == [UnknownEvent] * 3
    assert len({inbound.dedup_keys for inbound in unknown}) == 1, "the same delivery is the same event"
    no_leak(caplog)


@pytest.mark.parametrize("data", [None, {}, {"heartbeat_interval": None}, {"heartbeat_interval": -1}, [CANARY], 7])
async def test_a_hello_that_makes_no_sense(rig: Rig, adapter: QQAdapter, data: Any) -> None:
    rig.qq.faults.send_raw(rig.bot, json.dumps({"op": 10, "d": data}))
    await still_works(rig, adapter)


@pytest.mark.parametrize(
    "data", [None, {}, [], {"session_id": 7}, {"session_id": "", "user": CANARY}, {"session_id": None, "user": []}]
)
async def test_a_ready_that_makes_no_sense_is_no_session(
    rig: Rig, adapter: QQAdapter, data: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rig.qq.faults.send_raw(rig.bot, json.dumps({"op": 0, "t": "READY", "s": 1, "d": data}))
    await still_works(rig, adapter)
    assert "READY without session_id" in caplog.text
    rig.qq.faults.drop_connections(rig.bot)
    await until(lambda: rig.qq.stats.identifies == 2, "another session")
    assert rig.qq.stats.resumes_refused == 0
    no_leak(caplog)


async def test_the_gateway_may_ask_for_a_heartbeat(rig: Rig, adapter: QQAdapter) -> None:
    rig.qq.faults.send_raw(rig.bot, '{"op":1,"d":null}')
    await until(lambda: rig.qq.stats.heartbeats == 1, "a heartbeat")
    assert rig.qq.violations == []


async def test_a_wrong_number_costs_the_session_and_nothing_else(rig: Rig, adapter: QQAdapter) -> None:
    rig.qq.faults.send_raw(rig.bot, json.dumps({"op": 0, "t": "BRAND_NEW", "s": 10**9, "d": {}}))
    await until(lambda: len(rig.intake.offered) == 1)
    rig.qq.faults.drop_connections(rig.bot)
    await until(lambda: rig.qq.stats.identifies == 2, "another session")
    await rig.alice.says("after", bot=rig.bot)
    await rig.intake.has("after")
