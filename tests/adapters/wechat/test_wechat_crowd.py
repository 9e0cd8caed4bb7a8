"""Many followers at once, with skills that take their time: every message is answered once, whichever try it takes."""

import asyncio
import random

import pytest
from contract import until
from wechat_rig import Rig, running

from imbridge import Bridge
from imbridge.adapters.wechat import adapter as adapter_module
from imbridge.adapters.wechat import webhook as webhook_module
from imbridge.emulators.wechat import EmulatorSettings
from imbridge.protocol import Message


async def test_a_crowd(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of them come too late for all three tries, and are told to ask again."""
    monkeypatch.setattr(adapter_module, "CUT", 2.0)
    monkeypatch.setattr(webhook_module, "_PAST_THE_CUT", 0.1)
    rig.wechat.settings.callback_timeout = 2.0
    bridge = Bridge([rig.config(passive_reply=1.5, customer_service=False)])
    chance = random.Random(4)
    handled: list[str] = []

    @bridge.on_message
    async def answer(msg: Message) -> str:
        handled.append(msg.id)
        await asyncio.sleep(float(msg.text))
        return f"after {msg.text}"

    people = [rig.alice, *(rig.wechat.add_follower(f"F{number}") for number in range(39))]
    delays = [round(chance.uniform(0.0, 5.0) + (6.0 if number % 2 else 0.0), 2) for number, _ in enumerate(people)]
    async with running(rig, bridge) as adapter:
        sent = [await person.says(str(delay)) for person, delay in zip(people, delays, strict=True)]
        read = [(await person.receives(timeout=30)).text for person in people]
        await until(lambda: bridge._delivery.counts["sent"] == len(people), "all answers", 30.0)
        late = [person for person, text in zip(people, read, strict=True) if text.startswith("还在处理")]
        for person in late:
            await person.says("继续")
            read[people.index(person)] = (await person.receives(timeout=30)).text
        assert adapter._webhook is not None
        await until(lambda: len(adapter._webhook.exchanges) == 0, "nobody waits any more", 30.0)
    assert read == [f"after {delay}" for delay in delays]
    assert 0 < len(late) < len(people)
    assert sorted(handled) == sorted(str(one.msg_id) for one in sent)
    assert all(person.service_faults == [] for person in people)
    assert rig.wechat.violations == []


class TestWithThePlatformsOwnTimes:
    @pytest.fixture
    def settings(self) -> EmulatorSettings:
        return EmulatorSettings()

    async def test_the_second_try_after_five_seconds(self, rig: Rig) -> None:
        bridge = Bridge([rig.config(customer_service=False)])

        @bridge.on_message
        async def answer(msg: Message) -> str:
            await asyncio.sleep(6.0)
            return "thought about it"

        async with running(rig, bridge):
            sent = await rig.alice.says("hi")
            said = await rig.alice.receives(timeout=20)
        assert (said.how, said.text, sent.attempts) == ("passive", "thought about it", 2)
        assert rig.alice.service_faults == []


async def test_a_streamed_answer_is_one_message_at_its_end(rig: Rig) -> None:
    bridge = Bridge([rig.config()])

    @bridge.on_message
    async def answer(msg: Message) -> None:
        async with msg.stream() as out:
            for word in ("one ", "two ", "three"):
                await out.write(word)
                await asyncio.sleep(0.05)

    async with running(rig, bridge):
        await rig.alice.says("count")
        said = await rig.alice.receives()
        assert (said.how, said.text) == ("passive", "one two three")
    assert len(rig.wechat.messages) == 1
