"""Conversations over sessions that end in every way: what the platform sends is answered, once, in its order."""

import asyncio
import os
import random
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
from contract import until
from qq_rig import FAST, Rig, rigged
from served import served

from imbridge import Bridge, BridgeOptions
from imbridge.emulators.qq import Forged, SentMessage, User
from imbridge.protocol import Message
from imbridge.transport import ReconnectPolicy

pytestmark = pytest.mark.timeout(180)

SECONDS = float(os.environ.get("CHAOS_SECONDS", "3"))
PEOPLE = 5
SETTINGS = replace(FAST, shards=2)
RATE = "1000/1s"
"""Answers do not wait for the platform's rate, which is not what is tried here."""


async def test_what_was_taken_is_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # No connection lasts the minute after which the waits begin anew: they would become longer than the test.
    monkeypatch.setattr("imbridge.transport.link.ReconnectPolicy", partial(ReconnectPolicy, base=0.1, cap=1.0))
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(1 << 30)))
    print(f"CHAOS_SEED={seed}")
    async with rigged(SETTINGS) as rig:
        await _converse(rig, random.Random(seed))


async def _converse(rig: Rig, chance: random.Random) -> None:
    qq, bot = rig.qq, rig.bot
    people = [rig.alice, *(qq.add_user(f"Person {number}") for number in range(1, PEOPLE))]
    sent: dict[str, SentMessage] = {}
    bridge = Bridge([rig.config(api_rate=RATE)])

    @bridge.on_message
    async def answer(msg: Message) -> str:
        return msg.text

    async def troubles() -> None:
        token_died = False
        while True:
            await asyncio.sleep(chance.uniform(0.02, 0.15))
            happening = chance.randrange(8)
            if happening == 0:
                qq.faults.drop_connections(bot)
            elif happening == 1:
                qq.reconnect(bot)
            elif happening == 2:
                qq.close(bot, 4009)
            elif happening == 3 and not token_died:  # twice within one call is an error, and told so
                token_died = True
                qq.faults.expire_tokens()
            elif happening == 4:
                qq.faults.duplicate_events(1, times=3)
            elif happening == 5:
                qq.faults.rate_limit("*/messages")
            elif happening == 6:
                connections = qq.world.gateway.ready(bot)
                if connections:
                    chance.choice(connections).abort()
            else:
                qq.faults.refuse_handshake(502)

    async def talk(person: User) -> None:
        number = 0
        ends = asyncio.get_running_loop().time() + SECONDS
        while asyncio.get_running_loop().time() < ends:
            text = f"{person.name} {number}"
            sent[text] = await person.says(text, bot=bot)
            number += 1
            await asyncio.sleep(0.03)

    async with bridge:
        trouble = asyncio.create_task(troubles())
        async with asyncio.TaskGroup() as group:
            for person in people:
                group.create_task(talk(person))
        trouble.cancel()
        await asyncio.wait((trouble,))
        qq.faults.clear()
        assert len(sent) > len(people)
        await until(lambda: {message.text for message in qq.messages} >= set(sent), "all answers", timeout=120)
    said = Counter(message.text for message in qq.messages)
    assert {text: count for text, count in said.items() if count != 1} == {}
    for person in people:
        order = [int(text.rpartition(" ")[2]) for text in said if text.startswith(f"{person.name} ")]
        assert order == sorted(order)
    assert qq.stats.events_lost == 0
    assert [one for one in qq.violations if one.kind != "token"] == []
    assert qq.stats.identifies == 2, "no session was given up"


async def test_what_was_acknowledged_is_answered_once() -> None:
    """The same by webhooks; requests may overtake one another."""
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(1 << 30)))
    print(f"CHAOS_SEED={seed}")
    async with rigged(replace(SETTINGS, redelivery=(0.05,) * 10)) as rig:
        await _converse_by_webhook(rig, random.Random(seed))


async def _converse_by_webhook(rig: Rig, chance: random.Random) -> None:
    qq, bot = rig.qq, rig.bot
    sent: dict[str, SentMessage] = {}
    bridge = Bridge([rig.config(mode="webhook", api_rate=RATE)], options=BridgeOptions(lane_length=8))

    @bridge.on_message
    async def answer(msg: Message) -> str:
        await asyncio.sleep(chance.uniform(0.0, 0.01))
        return msg.text

    async def talk(person: User) -> None:
        ends = asyncio.get_running_loop().time() + SECONDS / 2
        while asyncio.get_running_loop().time() < ends:
            happening = chance.randrange(20)
            if happening == 0:
                qq.faults.duplicate_events(2, times=3)
            elif happening == 1:
                qq.faults.rate_limit("*/messages")
            elif happening == 2:
                await qq.webhooks.send(bot, {"op": 0, "t": "BRAND_NEW", "d": {}}, Forged(signature="wrong"))
            elif happening == 3 and qq.messages:  # so that there was something to be replayed
                await qq.webhooks.replay(bot)
            text = f"{person.name} {len(sent)}"
            sent[text] = await person.says(text, bot=bot)
            await asyncio.sleep(0.02)

    async with bridge, served(bridge.asgi()) as url:
        await qq.set_webhook(bot, f"{url}/qq/work")
        async with asyncio.TaskGroup() as group:
            for person in [rig.alice, *(qq.add_user(f"Person {number}") for number in range(1, PEOPLE))]:
                group.create_task(talk(person))
        qq.faults.clear()
        taken = [text for text, one in sent.items() if await one.taken(timeout=60)]
        assert len(taken) > PEOPLE
        await until(lambda: {message.text for message in qq.messages} >= set(taken), "all answers", timeout=120)
    said = Counter(message.text for message in qq.messages)
    assert {text: count for text, count in said.items() if count != 1} == {}
    assert qq.violations == []
