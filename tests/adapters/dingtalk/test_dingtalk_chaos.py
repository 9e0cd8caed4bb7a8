"""Conversations over connections that end in every way there is: what was taken is answered, once, in its order."""

import asyncio
import os
import random
from collections import Counter

from contract import until
from dingtalk_rig import Rig, rigged

from imbridge import Bridge
from imbridge.emulators.dingtalk import EmulatorSettings, SentMessage, User
from imbridge.protocol import Message

SECONDS = float(os.environ.get("CHAOS_SECONDS", "3"))
PEOPLE = 5
SEND = "/v1.0/robot/oToMessages/batchSend"
SETTINGS = EmulatorSettings(redelivery=(0.05, 0.1), disconnect_linger=0.2, drain_grace=1.0, rate_limits=False)


async def test_what_was_taken_is_answered_once() -> None:
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(1 << 30)))
    print(f"CHAOS_SEED={seed}")
    async with rigged(SETTINGS) as rig:
        await _converse(rig, random.Random(seed))


async def _converse(rig: Rig, chance: random.Random) -> None:
    ding, app = rig.ding, rig.app
    people = [rig.alice, *(ding.add_user(f"Person {number}") for number in range(1, PEOPLE))]
    sent: dict[str, SentMessage] = {}
    bridge = Bridge([rig.config(links=chance.choice((1, 2)))])

    @bridge.on_message
    async def answer(msg: Message) -> str:
        return msg.text

    async def troubles() -> None:
        token_died = False
        while True:
            await asyncio.sleep(chance.uniform(0.02, 0.15))
            happening = chance.randrange(7)
            if happening == 0:
                ding.faults.drop_connections(app)
            elif happening == 1:
                await ding.disconnect(app, count=1)
            elif happening == 2:
                ding.faults.expire_session_webhooks()
            elif happening == 3 and not token_died:  # twice within one call is an error, and told so
                token_died = True
                ding.faults.expire_tokens()
            elif happening == 4:
                ding.faults.duplicate_events(1, times=3)
            elif happening == 5:
                ding.faults.over_qps(SEND)
            else:
                ding.faults.refuse_open("ServiceUnavailable", 503)

    async def talk(person: User) -> None:
        number = 0
        ends = asyncio.get_running_loop().time() + SECONDS
        while asyncio.get_running_loop().time() < ends:
            text = f"{person.name} {number}"
            sent[text] = await person.says(text, app=app)
            number += 1
            await asyncio.sleep(0.03)

    async with bridge:
        trouble = asyncio.create_task(troubles())
        async with asyncio.TaskGroup() as group:
            for person in people:
                group.create_task(talk(person))
        trouble.cancel()
        await asyncio.wait((trouble,))
        ding.faults.clear()
        taken = [text for text, one in sent.items() if one.outcome.done() and one.outcome.result()]
        assert len(taken) > len(people)
        await until(lambda: {message.text for message in ding.messages} >= set(taken), "all answers", timeout=30)
    said = Counter(message.text for message in ding.messages)
    assert {text: count for text, count in said.items() if count != 1} == {}
    for person in people:
        order = [int(text.rpartition(" ")[2]) for text in said if text.startswith(f"{person.name} ")]
        assert order == sorted(order)
    assert ding.violations == []
