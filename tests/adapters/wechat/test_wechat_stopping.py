"""The end of a bridge while the platform waits: what is being answered is still given, and nothing new is taken in."""

import asyncio
import time

import pytest
from contract import until
from wechat_rig import Rig, running

from imbridge import Bridge, BridgeOptions
from imbridge.adapters.wechat import adapter as adapter_module
from imbridge.adapters.wechat import webhook as webhook_module
from imbridge.adapters.wechat.received import tries
from imbridge.emulators.wechat import EmulatorSettings
from imbridge.protocol import DeliveryState, Message

CUT, WAITS = 3.0, 0.7


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_module, "CUT", CUT)
    monkeypatch.setattr(webhook_module, "_PAST_THE_CUT", 0.1)
    monkeypatch.setattr(tries, "_MISSING", 1.5)


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


async def test_what_is_not_handled_to_its_end_may_be_delivered_again(rig: Rig) -> None:
    """A stop that lasts too long: the process that comes after has the platform's next try, if it is there in time."""
    rig.wechat.settings.callback_attempts = 1
    bridge = Bridge([rig.config(passive_reply=4.5, customer_service=False)], options=BridgeOptions(typing_after=None))
    seen = []

    @bridge.on_message
    async def answer(msg: Message) -> None:
        seen.append(msg.text)
        if msg.text == "spoken":
            await msg.reply("half of it")
        await asyncio.Event().wait()

    rig.wechat.settings.callback_timeout = 30.0
    async with running(rig, bridge):
        callback = rig.wechat.callback(rig.account)
        fields = {"ToUserName": rig.account.original_id, "FromUserName": rig.alice.openid, "MsgType": "text"}
        tries = [
            asyncio.create_task(
                callback.send({**fields, "CreateTime": int(time.time()), "MsgId": text, "Content": text})
            )
            for text in ("running", "waiting")
        ]
        spoken = {**fields, "FromUserName": "o_other", "CreateTime": int(time.time()), "MsgId": "3"}
        half = asyncio.create_task(callback.send({**spoken, "Content": "spoken"}))
        assert (await half).body != b""
        await until(lambda: len(seen) == 2 and bridge._handling.inbox.waiting == 1, "all have arrived", 20.0)
        await bridge.stop(grace=0)
        answers = [(one.status, one.body) for one in await asyncio.gather(*tries)]
        assert (await callback.send({**spoken, "Content": "spoken"})).status == 503, "nobody is there any more"
    assert answers == [(503, b""), (503, b"")]
    assert sorted(seen) == ["running", "spoken"]
