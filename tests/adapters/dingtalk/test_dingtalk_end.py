"""The end of a stream account, and what it knows again: nothing that came is lost, nobody waits for long or in vain."""

import asyncio
import json
from typing import Any

import pytest
from contract import until
from dingtalk_rig import Rig

from imbridge import Bridge, BridgeOptions
from imbridge.adapters import taking
from imbridge.adapters.base import AdapterContext, Verdict
from imbridge.adapters.dingtalk import DingTalkAdapter, link
from imbridge.adapters.dingtalk.frames import CARDS
from imbridge.adapters.notes import MemoryNotes
from imbridge.protocol import ButtonClicked, ChannelKind
from imbridge.runtime import BridgeState
from imbridge.skills import BaseSkill
from imbridge.transport import LinkOptions


def accept_all(rig: Rig) -> None:
    rig.intake.hold = False
    for pending in rig.intake.pending:
        pending.set_result(Verdict.ACCEPTED)


async def test_a_message_is_kept_while_the_end_waits_for_acknowledgements(
    rig: Rig, adapter: DingTalkAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "_LAST_ACKS", 60.0)
    rig.intake.hold = True
    rig.ding.push_event(rig.app, "some_event", {"a": 1})
    await until(lambda: len(rig.intake.pending) == 1, "the event")
    stopping = asyncio.create_task(adapter.stop_reading())
    await asyncio.sleep(0)
    await rig.alice.says("late", app=rig.app)
    await rig.intake.has("late")
    accept_all(rig)
    await stopping
    assert adapter.counters()["accepted"] == 2


async def test_a_message_that_waits_for_room_is_kept(
    rig: Rig, adapter: DingTalkAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "MOST_WAITING", 1)
    rig.intake.hold = True
    for text in ("m0", "m1"):
        await rig.alice.says(text, app=rig.app)
    await until(lambda: adapter.counters().get("messages") == 2, "both messages")
    assert rig.intake.texts == ["m0"]
    stopping = asyncio.create_task(adapter.stop_reading())
    await rig.intake.has("m1")
    accept_all(rig)
    await stopping
    assert adapter.counters()["accepted"] == 2
    assert not adapter.counters().get("lost")


async def test_a_peer_that_is_gone_does_not_keep_the_end(rig: Rig) -> None:
    assert rig.make().link_options.close_timeout < 1.0
    adapter = rig.make(options=LinkOptions(close_timeout=0.05))
    await adapter.start()
    with rig.ding.faults.half_open(rig.app):
        await adapter.stop_reading()
        assert rig.ding.connections(rig.app) == 1
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("link:")]


class Busy(BaseSkill):
    """It is never done."""

    name, description, version = "busy", "never done", "1.0"

    async def handle_message(self, msg: Any) -> None:
        await asyncio.Event().wait()


async def test_a_bridge_whose_inbox_is_full_ends_without_grace(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    bridge = Bridge([rig.config()], skills=[Busy()], options=BridgeOptions(max_waiting=2, lane_length=2))
    await bridge.start()
    for number in range(30):
        await rig.alice.says(f"m{number}", app=rig.app)
    await until(lambda: bridge.adapter("dingtalk:work").counters().get("messages") == 30, "all messages")
    await bridge.stop(grace=0)
    assert bridge.state is BridgeState.STOPPED
    assert "not everything was taken in in time" in caplog.text
    assert "messages that came were not taken in before the stop" in caplog.text


async def test_a_click_whose_answer_fails_is_acknowledged(
    rig: Rig, adapter: DingTalkAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: Any) -> Any:
        raise TypeError("canary")

    monkeypatch.setattr("imbridge.adapters.dingtalk.adapter.written_answer", failing)
    push = rig.ding.push_callback(rig.app, CARDS, {"outTrackId": "card", "userId": rig.alice.userid})
    answer = await push.answer
    assert answer is not None
    assert (answer.code, answer.data) == (200, {})
    assert adapter.counters()["bad_answer"] == 1


async def test_the_notices_of_a_connection_want_no_answer(rig: Rig, adapter: DingTalkAdapter) -> None:
    for topic in ("CONNECTED", "REGISTERED", "KEEPALIVE", "unheard of"):
        frame = {"specVersion": "1.0", "type": "SYSTEM", "headers": {"topic": topic}, "data": "{}"}
        rig.ding.faults.send_raw(rig.app, json.dumps(frame))
    await rig.alice.says("after", app=rig.app)
    await rig.intake.has("after")
    await until(lambda: rig.ding.stats.messages_taken == 1, "its acknowledgement")
    assert adapter.counters()["bad_system"] == 1
    assert rig.ding.stats.acks == 1
    assert rig.ding.violations == []


async def test_whose_a_private_chat_is_is_known_again(rig: Rig) -> None:
    """A click on a card of somebody else's making names it by an id that does not say that it is private."""
    notes = MemoryNotes()
    first = DingTalkAdapter(rig.config(), AdapterContext(rig.intake, rig.pool, notes=notes))
    rig.adapters.append(first)
    await first.start()
    sent = await rig.alice.says("hello", app=rig.app)
    await rig.intake.has("hello")
    await first.close()
    second = DingTalkAdapter(rig.config(), AdapterContext(rig.intake, rig.pool, notes=notes))
    rig.adapters.append(second)
    await second.start()
    facts = {"outTrackId": "of another", "userId": rig.alice.userid, "spaceId": sent.conversation_id, "spaceType": "im"}
    assert await rig.ding.push_callback(rig.app, CARDS, facts).answer is not None
    clicked = rig.intake.items[-1]
    assert isinstance(clicked, ButtonClicked)
    assert clicked.channel is not None
    assert (clicked.channel.kind, clicked.channel.id) == (ChannelKind.PRIVATE, rig.alice.userid)
