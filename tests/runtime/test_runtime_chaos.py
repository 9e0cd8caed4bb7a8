"""Everything goes wrong at once: each message is answered exactly once, in order, and we break no rule.

The seed is printed; CHAOS_SEED repeats a run, CHAOS_SECONDS makes it longer.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from runtime_world import account, counts, emulated, skill, texts, until

from imbridge import Bridge
from imbridge.emulators.feishu import FeishuEmulator

SECONDS = float(os.environ.get("CHAOS_SECONDS", "5"))


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("CHAOS_SEED") or time.time_ns() % (1 << 32))
    print(f"CHAOS_SEED={seed}")
    return random.Random(seed)


class Conversations:
    """People in private chats and groups, each saying numbered messages."""

    def __init__(self, feishu: FeishuEmulator, app: Any, chance: random.Random) -> None:
        self.feishu, self.chance = feishu, chance
        people = [feishu.add_user(f"U{number}") for number in range(8)]
        groups = [feishu.add_group(f"g{number}", members=people, apps=[app]) for number in range(2)]
        self.chats = {feishu.private_chat(who, app): who for who in people[:6]} | {
            group: people[number] for number, group in enumerate(groups)
        }
        self.said = dict.fromkeys(self.chats, 0)

    async def talk(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._talk_in(chat, end) for chat in self.chats))

    async def _talk_in(self, chat: Any, end: float) -> None:
        while time.monotonic() < end:
            await self.chats[chat].says(f"{self.said[chat]}", chat=chat)
            self.said[chat] += 1
            await asyncio.sleep(self.chance.uniform(0.0, 0.12))

    @property
    def total(self) -> int:
        return sum(self.said.values())

    def check(self) -> None:
        for chat, count in self.said.items():
            expected = [f"{half} {number}" for number in range(count) for half in ("a", "b")]
            assert texts(self.feishu, chat) == expected


async def answer_twice(msg: Any) -> str:
    await asyncio.sleep(0.004 * (len(msg.text) % 2))
    await msg.reply(f"a {msg.text}")
    return f"b {msg.text}"


@asynccontextmanager
async def chaos(chance: random.Random, **more: Any) -> AsyncIterator[tuple[FeishuEmulator, Bridge, Conversations, Any]]:
    # Nothing is delivered again by the clock: what is redelivered was lost with its connection, so order must hold.
    async with emulated(**{"history": 50_000, "ack_timeout": 30.0} | more) as feishu:
        app = feishu.add_app()
        conversations = Conversations(feishu, app, chance)
        bridge = Bridge([account(feishu, app)], skills=[skill(answer_twice)])
        link = bridge.adapter("feishu:work")._link  # type: ignore[attr-defined] # these two: to wait less long than in earnest
        link._options = replace(link._options, ping_timeout=1.0)
        tokens = bridge.adapter("feishu:work").caller.tokens  # type: ignore[attr-defined]
        tokens._backoff, tokens._backoff_cap = 0.05, 0.2
        async with bridge:
            yield feishu, bridge, conversations, app


async def all_answered(feishu: FeishuEmulator, bridge: Bridge, conversations: Conversations, app: Any) -> None:
    """Wait for the last answer, and some more: what is answered twice would come then."""
    wanted = 2 * conversations.total
    try:
        await until(lambda: len(feishu.messages) >= wanted, timeout=30)
        await until(lambda: not feishu.unacknowledged_events(app) and not feishu.waiting_events(app))
    except AssertionError:
        print(f"{len(feishu.messages)} of {wanted} answers; {bridge.counters()} {feishu.stats}")
        raise
    await asyncio.sleep(0.3)
    conversations.check()
    count = counts(bridge)
    # Beside the messages come the platform's events about our own typing signs, where something took long.
    assert count["accepted"] - count["own"] == conversations.total
    assert counts(bridge)["delivery_sent"] == wanted
    assert feishu.violations == []


async def test_tokens_die_events_come_twice_and_connections_drop(chance, caplog) -> None:
    async with chaos(chance) as (feishu, bridge, conversations, app):
        with (
            feishu.faults.token_lifetime(0.5),
            feishu.faults.duplicate_events(1),
            feishu.faults.drop_every(2.0) as drops,
        ):
            feishu.faults.expire_tokens()
            await conversations.talk(SECONDS)
        await all_answered(feishu, bridge, conversations, app)
        assert drops.hits >= SECONDS // 2 - 1
        # Not of all of them: a second copy may be lost with its connection, when the first has been acknowledged.
        assert counts(bridge)["duplicate"] > conversations.total // 2
        assert bridge.counters()["feishu:work"]["token_refreshes"] > 0
        assert bridge.counters()["feishu:work"]["connects"] >= drops.hits
        print(f"{conversations.total} messages, {feishu.stats.tokens_issued} tokens, {drops.hits} drops")


def _sprinkle(feishu: FeishuEmulator, chance: random.Random) -> None:
    """One fault, of any kind that a retry mends."""
    path = "*/open-apis/*"
    faults: tuple[Callable[[], Any], ...] = (
        lambda: feishu.faults.http_fail(path, chance.choice((500, 502, 503, 504)), times=chance.randrange(1, 3)),
        lambda: feishu.faults.http_fail(
            path, 429, body='{"code":99991400,"msg":"too fast"}', headers={"x-ogw-ratelimit-reset": "1"}
        ),
        lambda: feishu.faults.http_fail(path, 502, body="<html>a proxy's page</html>"),
        lambda: feishu.faults.http_fail(path, 200, body='{"code":230020,"msg":"frequency limit"}'),
        lambda: feishu.faults.cut_after_accept(times=chance.randrange(1, 3)),
        lambda: feishu.faults.http_delay("*/im/v1/messages*", chance.uniform(0, 0.3), times=3),
        lambda: feishu.faults.http_delay("*/im/v1/messages*", 0.3, times=2, accepted=True),
        feishu.faults.expire_tokens,
        feishu.faults.drop_connections,
        lambda: feishu.faults.refuse_endpoint(1000040343),
    )
    chance.choice(faults)()


async def test_the_api_refuses_and_cuts(chance) -> None:
    async with chaos(chance) as (feishu, bridge, conversations, app):

        async def sprinkle() -> None:
            while True:
                await asyncio.sleep(chance.uniform(0.05, 0.3))
                _sprinkle(feishu, chance)

        # The first answers meet this one for sure; by chance, the link may be away for all the time of the others.
        first = feishu.faults.http_fail("*/im/v1/messages*", 503)
        sprinkling = asyncio.create_task(sprinkle())
        await conversations.talk(SECONDS)
        sprinkling.cancel()
        await asyncio.wait((sprinkling,))
        await until(lambda: first.hits == 1, timeout=30)
        feishu.faults.clear()
        await all_answered(feishu, bridge, conversations, app)
        assert bridge.counters()["feishu:work"]["retries"] > 0
        print(f"{conversations.total} messages, {feishu.stats.refused} refusals")


async def test_the_connection_is_half_open(chance) -> None:
    # Feishu's heartbeat of 120 s in a hundredth of the time.
    times = {"ping_interval": 1, "ack_timeout": 1.0, "redelivery": (0.5,) * 20}
    async with chaos(chance, **times) as (feishu, bridge, conversations, _):
        talking = asyncio.create_task(conversations.talk(SECONDS / 2))
        await asyncio.sleep(SECONDS / 8)
        assert feishu.faults.half_open().hits == 1
        await talking
        await until(lambda: bridge.counters()["feishu:work"]["connects"] >= 2, timeout=20)
        wanted = 2 * conversations.total
        await until(lambda: len(feishu.messages) >= wanted, timeout=30)
        await asyncio.sleep(0.3)
        # Order across such a hole is the platform's: what nobody acknowledged comes by its own schedule.
        for chat, count in conversations.said.items():
            assert sorted(texts(feishu, chat)) == sorted(f"{h} {n}" for n in range(count) for h in ("a", "b"))
        assert feishu.violations == []
        assert feishu.stats.events_given_up == 0
