"""The end of a bridge while the platform waits: what is being answered is still given, and nothing new is taken in."""

import asyncio

import pytest
from contract import until
from wechat_rig import Rig, running

from imbridge import Bridge, BridgeOptions
from imbridge.adapters.wechat import adapter as adapter_module
from imbridge.adapters.wechat import webhook as webhook_module
from imbridge.adapters.wechat.received import tries
from imbridge.emulators.wechat import EmulatorSettings
from imbridge.protocol import DeliveryState, Message

CUT, WAITS = 1.5, 0.7


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_module, "CUT", CUT)
    monkeypatch.setattr(webhook_module, "_PAST_THE_CUT", 0.1)
    monkeypatch.setattr(tries, "_MISSING", 0.5)


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(callback_timeout=CUT)


async def test_a_try_that_comes_while_the_bridge_stops_is_given_the_answer(rig: Rig) -> None:
    """The first try was left without an answer; the skill ends within the grace, and has the second one."""
    bridge = Bridge([rig.config(passive_reply=WAITS, customer_service=False)], options=BridgeOptions(typing_after=None))
    may_end = asyncio.Event()
    receipts = []

    @bridge.on_message
    async def answer(msg: Message) -> None:
        await may_end.wait()
        receipts.append(await msg.reply("before the end"))

    async with running(rig, bridge) as adapter:
        sent = await rig.alice.says("hi")
        await until(lambda: adapter.counters()["tries_left"] == 1, "the first try is left", 20.0)
        stopping = asyncio.create_task(bridge.stop())
        await until(lambda: bridge.state.value == "stopping", "it stops", 20.0)
        new = await rig.wechat.callback(rig.account).send({**sent.fields, "MsgId": "4711"})
        assert new.status == 503, "nothing new is taken in"
        may_end.set()
        said = await rig.alice.receives(timeout=20)
        await stopping
    assert (said.how, said.text, sent.attempts) == ("passive", "before the end", 2)
    assert [receipt.state for receipt in receipts] == [DeliveryState.SENT]
    assert adapter.counters()["passive_replies"] == 1
    assert rig.wechat.violations == []
