"""Shards: each by itself, in turn, and no more of them than a day allows; and which events they ask for."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from contract import until
from qq_rig import FAST, Rig, rigged

from imbridge.adapters.base import Health
from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.hearing.gateway import Gateway
from imbridge.adapters.qq.hearing.starts import LaterError, Starts
from imbridge.adapters.qq.intents import DEFAULT, INTENTS, bits, refusable
from imbridge.emulators.qq import intents as emulated
from imbridge.protocol import LinkError


@pytest.fixture
async def three() -> AsyncIterator[Rig]:
    async with rigged(replace(FAST, shards=3)) as rig:
        yield rig


def gateway_of(adapter: QQAdapter) -> Gateway:
    assert isinstance(adapter._hearing, Gateway)
    return adapter._hearing


async def spread(rig: Rig, said: str) -> list[str]:
    """People enough for every shard say something; what they said."""
    people = [rig.qq.add_user(f"Person {number}") for number in range(12)]
    for number, person in enumerate(people):
        await person.says(f"{said} {number}", bot=rig.bot)
    return [f"{said} {number}" for number in range(12)]


def event_sessions(rig: Rig) -> set[tuple[int, int]]:
    return {one.shard for one in rig.qq.sessions(rig.bot) if one.seq > 1}


class TestSeveral:
    async def test_as_many_as_the_platform_suggests(self, three: Rig) -> None:
        adapter = await three.start()
        assert {one.shard for one in three.qq.sessions(three.bot)} == {(0, 3), (1, 3), (2, 3)}
        said = await spread(three, "hello")
        await until(lambda: sorted(three.intake.texts) == sorted(said), "all of them")
        assert event_sessions(three) == {(0, 3), (1, 3), (2, 3)}, "all shards have had events"
        assert adapter.counters()["connects"] == 3
        assert three.qq.violations == []

    async def test_as_many_as_is_set(self, three: Rig) -> None:
        await three.start(shards=2)
        assert {one.shard for one in three.qq.sessions(three.bot)} == {(0, 2), (1, 2)}

    @pytest.mark.parametrize("suggested", ["null", "0", "-1", '"3"', "true", "1.5", "[]"])
    async def test_a_suggestion_that_makes_no_sense(self, rig: Rig, suggested: str) -> None:
        url = f"ws://{rig.qq.base_url.removeprefix('http://')}/websocket/"
        body = f'{{"url": "{url}", "shards": {suggested}}}'
        rig.qq.faults.http_fail("/gateway/bot", 200, times=1, body=body)
        await rig.start()
        assert [one.shard for one in rig.qq.sessions(rig.bot)] == [(0, 1)]

    async def test_each_comes_back_by_itself(self, three: Rig) -> None:
        adapter = await three.start()
        lost, *others = three.qq.world.gateway.ready(three.bot)
        lost.abort()
        await until(lambda: three.qq.stats.resumes == 1, "a Resume")
        await until(lambda: adapter.health is Health.UP)
        assert all(one in three.qq.world.gateway.ready(three.bot) for one in others), "nobody touched the others"
        told = [health for health, _ in three.health]
        assert (told[:2], told[-1]) == ([Health.UP, Health.DOWN], Health.UP)
        said = await spread(three, "after")
        await until(lambda: sorted(three.intake.texts) == sorted(said), "all of them")
        assert three.qq.stats.identifies == 3

    async def test_one_that_is_stopped_for_good_is_told_and_the_others_go_on(self, three: Rig) -> None:
        adapter = await three.start()
        first, *_ = three.qq.world.gateway.ready(three.bot)
        first.close(4011)
        await until(lambda: adapter.health is Health.FAILED)
        assert "set shards: auto" in three.health[-1][1]
        assert three.qq.connections(three.bot) == 2
        for connection in three.qq.world.gateway.ready(three.bot):
            connection.abort()
        await until(lambda: three.qq.stats.resumes == 2, "two that come back")
        assert adapter.health is Health.FAILED


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class TestTurns:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def starts(self, clock: Clock) -> Starts:
        return Starts("qq:work", clock=clock, period=5.0)

    def test_one_after_another(self, starts: Starts) -> None:
        assert [starts.turn(shard) for shard in range(4)] == [0.0, 5.0, 10.0, 15.0]
        assert starts.turn(2) == 10.0, "a turn is kept"

    def test_as_many_at_once_as_the_platform_says(self, starts: Starts) -> None:
        starts.learn({"max_concurrency": 2, "remaining": 9})
        assert [starts.turn(shard) for shard in range(5)] == [0.0, 0.0, 5.0, 5.0, 10.0]

    def test_what_counts_is_when_it_was_taken(self, starts: Starts, clock: Clock) -> None:
        assert starts.turn(0) == 0.0
        clock.now += 0.5
        starts.taken(0)
        assert starts.turn(0) == 5.0
        clock.now += 5.0
        assert starts.turn(0) == 0.0

    def test_a_turn_that_was_taken_counts_once(self, starts: Starts, clock: Clock) -> None:
        starts.learn({"max_concurrency": 2})
        assert starts.turn(0) == 0.0
        clock.now += 0.5
        starts.taken(0)
        assert [starts.turn(shard) for shard in (1, 2)] == [0.0, 5.0]

    def test_a_turn_that_was_not_taken_is_given_up(self, starts: Starts, clock: Clock) -> None:
        assert [starts.turn(shard) for shard in range(2)] == [0.0, 5.0]
        clock.now += 60.0
        assert starts.turn(1) == 0.0
        assert starts.turn(0) == 5.0

    @pytest.mark.parametrize("reset", [90 * 60_000, 90 * 60_000.0])
    def test_the_days_sessions_are_used_up(self, starts: Starts, clock: Clock, reset: float) -> None:
        starts.learn({"total": 1000, "remaining": 0, "reset_after": reset, "max_concurrency": 1})
        with pytest.raises(LaterError, match=r"1000 sessions .* used up; it waits 90 min") as caught:
            starts.turn(0)
        assert caught.value.seconds == 5400.0
        clock.now += 5400.0
        assert starts.turn(0) == 0.0

    def test_a_new_day(self, starts: Starts) -> None:
        starts.learn({"remaining": 0, "reset_after": 10**9})
        starts.learn({"remaining": 1})
        assert starts.turn(0) == 0.0

    @pytest.mark.parametrize("limit", [None, [], {}, {"remaining": "0"}, {"max_concurrency": -1}, {"remaining": True}])
    def test_limits_that_make_no_sense(self, starts: Starts, limit: Any) -> None:
        starts.learn(limit)
        assert [starts.turn(shard) for shard in range(2)] == [0.0, 5.0]

    @pytest.mark.parametrize("reset", [None, -1, 0, "soon", float("inf"), 10**15])
    def test_resets_that_make_no_sense(self, starts: Starts, reset: Any) -> None:
        starts.learn({"remaining": 0, "reset_after": reset})
        with pytest.raises(LaterError) as caught:
            starts.turn(0)
        assert 5.0 <= caught.value.seconds <= 86_400.0


class TestPacing:
    async def test_no_shard_identifies_too_soon(self) -> None:
        settings = replace(FAST, shards=4, max_concurrency=2, concurrency_period=0.3, rate_limits=True)
        async with rigged(settings) as rig:
            adapter = rig.make()
            gateway_of(adapter).starts._period = 0.4
            await adapter.start()
            assert rig.qq.connections(rig.bot) == 4
            assert rig.qq.stats.identifies == 4
            assert rig.qq.violations == []

    async def test_a_turn_that_is_far_off_is_waited_for_without_a_connection(self) -> None:
        async with rigged(replace(FAST, shards=2, max_concurrency=1)) as rig:
            adapter = rig.make()
            gateway_of(adapter).starts._period = 3600.0
            starting = asyncio.create_task(adapter.start())
            await until(lambda: any("waits for its turn" in reason for _, reason in rig.health), "a reason")
            assert rig.qq.stats.connects == 1
            assert adapter.health is Health.DOWN
            starting.cancel()

    async def test_the_days_sessions_are_used_up_and_it_says_so(self) -> None:
        async with rigged(replace(FAST, session_starts=1)) as rig:
            adapter = await rig.start()
            rig.qq.invalidate(rig.bot)
            await until(lambda: adapter.health is Health.DOWN)
            await until(lambda: "waits 24 h 0 min" in str(gateway_of(adapter).links[0].error), "a reason")
            assert rig.qq.stats.connects == 1, "nobody knocks in vain"
            assert rig.qq.stats.identifies == 1

    async def test_a_resume_needs_no_turn(self) -> None:
        async with rigged(replace(FAST, session_starts=1)) as rig:
            await rig.start()
            rig.qq.faults.drop_connections(rig.bot)
            await until(lambda: rig.qq.stats.resumes == 1, "a Resume")


class TestIntents:
    def test_bits(self) -> None:
        assert bits(INTENTS) & ~emulated.KNOWN == 0
        assert bits(INTENTS) == sum(INTENTS.values())
        assert set(refusable(INTENTS)) == set(INTENTS) - {"guilds", "guild_members", "public_guild_messages"}

    async def test_what_is_asked_for(self, rig: Rig) -> None:
        await rig.start()
        (session,) = rig.qq.sessions(rig.bot)
        assert session.intents == bits(DEFAULT)

    async def test_what_is_set_is_asked_for(self, rig: Rig) -> None:
        rig.bot.private = True
        await rig.start(intents=("guild_messages", "group_and_c2c", "forums"))
        (session,) = rig.qq.sessions(rig.bot)
        assert session.intents == bits(("guild_messages", "group_and_c2c", "forums"))

    @pytest.mark.parametrize(
        ("missing", "kept"),
        [
            (("direct_message",), {"group_and_c2c", "interaction", "public_guild_messages", "guilds"}),
            (("message_audit",), {"group_and_c2c", "interaction", "public_guild_messages", "guilds"}),
            (("interaction",), {"group_and_c2c", "public_guild_messages", "guilds"}),
            (("group_and_c2c",), {"direct_message", "message_audit", "public_guild_messages", "guilds"}),
            (("group_and_c2c", "direct_message"), {"public_guild_messages", "guilds"}),
        ],
    )
    async def test_fewer_when_nobody_has_chosen(
        self, rig: Rig, missing: tuple[str, ...], kept: set[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        rig.bot.intents &= ~bits(missing)
        adapter = await rig.start()
        (session,) = rig.qq.sessions(rig.bot)
        assert session.intents == bits(kept)
        assert adapter.health is Health.UP
        assert "may not have the intents" in rig.health[-1][1]
        assert all(name in rig.health[-1][1] for name in missing)
        (problem,) = (await adapter.probe()).problems
        assert all(name in problem for name in missing)
        assert "it goes on without" in caplog.text

    async def test_the_shards_leave_out_the_same(self) -> None:
        async with rigged(replace(FAST, shards=3)) as rig:
            rig.bot.intents &= ~INTENTS["interaction"]
            await rig.start()
            assert {one.intents for one in rig.qq.sessions(rig.bot)} == {
                bits({"group_and_c2c", "public_guild_messages", "guilds"})
            }

    async def test_what_a_person_has_chosen_is_not_left_out(self, rig: Rig) -> None:
        adapter = rig.make(intents=("group_and_c2c", "guild_messages", "guilds"))
        with pytest.raises(LinkError, match="may not have") as caught:
            await adapter.start()
        assert "group_and_c2c, guild_messages have to be applied for" in str(caught.value)
        assert adapter.health is Health.FAILED
        assert rig.qq.stats.connects == 1

    async def test_a_bot_that_may_have_nothing(self, rig: Rig) -> None:
        rig.bot.intents = 0
        adapter = rig.make()
        with pytest.raises(LinkError, match="intents that the bot may not have"):
            await adapter.start()
        assert adapter.health is Health.FAILED
