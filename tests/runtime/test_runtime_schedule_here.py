"""A skill plans what is said in its conversation, with nothing but the message: by itself, and after a restart."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from runtime_world import until
from schedule_world import ZONE, World, scheduled_world

from imbridge import NOT_MINE, Address, BaseSkill, SkillError, on_command
from imbridge.runtime.scheduling.here import JobsHere
from imbridge.storage import SqlStorage


class Remind(BaseSkill):
    """Plans what it is told to."""

    @on_command("remind")
    async def remind(self, msg: Any, argument: str) -> str:
        after, _, what = argument.partition(" ")
        try:
            job = await msg.schedule(f"time for {what}", after=after)
        except ValueError as error:
            return str(error)
        return f"at {job.next_at:%H:%M}"

    @on_command("daily")
    async def daily(self, msg: Any, argument: str) -> str:
        job = await msg.schedule(
            cron="0 9 * * *", name="daily", method="report", options={"for": msg.sender.id, "about": argument}
        )
        return f"planned, next {job.next_at:%d %H:%M}"

    @on_command("jobs")
    async def list_jobs(self, msg: Any) -> str:
        return " ".join(f"{job.what}@{job.next_at:%H:%M}" for job in await msg.jobs()) or "nothing"

    @on_command("drop")
    async def drop(self, msg: Any, argument: str) -> str:
        return str(await msg.unschedule(argument))

    @on_command("drop_all")
    async def drop_all(self, msg: Any) -> str:
        return str([await msg.unschedule(job.name) for job in await msg.jobs()])

    @on_command("wrong")
    async def wrong(self, msg: Any) -> str:
        said = []
        for wrong, error in (
            ({"content": "x", "method": "report", "after": 60}, ValueError),
            ({"content": "x", "after": 60, "every": 60}, ValueError),
            ({"content": "x"}, ValueError),
            ({"content": "x", "after": "soon"}, ValueError),
            ({"content": "x", "after": 1e300}, ValueError),
            ({"content": "x", "after": 60, "name": ""}, ValueError),
            ({"after": 60}, SkillError),
            ({"after": 60, "method": "setup"}, SkillError),
        ):
            with pytest.raises(error) as refused:
                await msg.schedule(**wrong)
            said.append(str(refused.value))
        return "\n".join(said)

    async def report(self, run: Any) -> str:
        return f"{run.options['about']} of {run.due:%m-%d}"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with scheduled_world() as made:
        yield made


async def said(world: World, text: str, user: Any = None) -> str:
    """Somebody says it to the bot; what that answers."""
    already = len(world.said)
    await (user or world.user).says(text)
    await until(lambda: len(world.said) > already)
    return world.said[already]


async def test_what_a_skill_plans_is_said_in_its_conversation(world: World) -> None:
    async with world.running(skills=[Remind()]):
        assert await said(world, "/remind 10m tea") == "at 08:10"
        assert await said(world, "/remind 10m tea") == "at 08:10"  # another message: another reminder
        assert await said(world, "/jobs") == "time for tea@08:10 time for tea@08:10"
        already = len(world.said)
        await world.clock.set("2026-06-01 08:10")
        assert world.said[already:] == ["time for tea"] * 2
        assert await said(world, "/jobs") == "nothing"
        assert await said(world, "/remind soon tea") == (
            "'soon' is no duration; write seconds, or a text such as 30s, 10m, 1h30m, 2d"
        )


async def test_the_skill_is_asked_again_after_a_restart(world: World, tmp_path: Path) -> None:
    def storage() -> SqlStorage:
        return SqlStorage(tmp_path / "bot.db")

    async with world.running(storage(), skills=[Remind()]):
        assert await said(world, "/daily weather") == "planned, next 01 09:00"
        assert await said(world, "/daily news") == "planned, next 01 09:00"
    async with world.running(storage(), skills=[Remind()]):
        assert await said(world, "/jobs") == "remind.report@09:00"
        for day in ("06-01", "06-02"):
            already = len(world.said)
            await world.clock.set(f"2026-{day} 09:00")
            assert world.said[already:] == [f"news of {day}"]
        assert await said(world, "/drop daily") == "True"
        assert await said(world, "/drop daily") == "False"


async def test_a_skill_that_is_gone_is_told_and_its_jobs_stay(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with world.running(SqlStorage(tmp_path / "bot.db"), skills=[Remind()]):
        await said(world, "/daily news")
    async with world.running(SqlStorage(tmp_path / "bot.db")) as bridge:
        await world.clock.set("2026-06-01 09:00")
        assert "is due and left alone: there is no skill named 'remind'" in caplog.text
        (job,) = await bridge.jobs()
        assert job.what == "remind.report"


async def test_conversations_leave_each_other_alone(world: World) -> None:
    bob = world.feishu.add_user("Bob")
    async with world.running(skills=[Remind()]) as bridge:
        await said(world, "/daily news")
        await said(world, "/daily sports", bob)
        assert len(await bridge.jobs()) == 2
        assert await said(world, "/jobs", bob) == "remind.report@09:00"
        theirs = {job.to: job.name for job in await bridge.jobs()}
        for name in theirs.values():
            await said(world, f"/drop {name}", bob)
        (left,) = await bridge.jobs()
        assert left.name == theirs[left.to]
        assert await said(world, "/jobs", bob) == "nothing"
        assert await said(world, "/drop_all") == "[True]"


async def test_a_skill_that_leaves_the_message_to_another_plans_beside_it(world: World) -> None:
    class Passing(BaseSkill):
        priority = 5

        async def handle_message(self, msg: Any) -> Any:
            await msg.schedule("by the first", after="10m")
            await msg.schedule(every="1h", method="hourly", name="hourly")
            return NOT_MINE

        async def hourly(self, run: Any) -> str:
            return "the first is asked"

    class Second(BaseSkill):
        async def handle_message(self, msg: Any) -> str:
            await msg.schedule("by the second", after="10m")
            await msg.schedule(every="1h", method="hourly", name="hourly")
            return "planned"

        async def hourly(self, run: Any) -> str:
            return "the second is asked"

    async with world.running(skills=[Passing(), Second()]) as bridge:
        assert await said(world, "hello") == "planned"
        assert sorted(job.what for job in await bridge.jobs()) == [
            "by the first", "by the second", "passing.hourly", "second.hourly",
        ]  # fmt: skip


async def test_what_cannot_be_planned(world: World) -> None:
    async with world.running(skills=[Remind()]) as bridge:
        assert (await said(world, "/wrong")).splitlines() == [
            "method and options are of a skill that is asked; leave the content out",
            "say when with exactly one of after, cron, every and at, not with after and every",
            "say when with exactly one of after, cron, every and at",
            "'soon' is no duration; write seconds, or a text such as 30s, 10m, 1h30m, 2d",
            "after 1e+300 no clock goes any more",
            "a job's name has 1 to 100 characters that can be seen, not ''",
            "skill 'remind' has no method 'scheduled' for a schedule; write async def scheduled(self, run)",
            "skill 'remind' has no method 'setup' for a schedule; write async def setup(self, run)",
        ]
        assert await bridge.jobs() == ()


async def test_a_message_that_is_handled_again_plans_nothing_twice(world: World) -> None:
    async with world.running() as bridge:
        for _ in range(2):
            here = JobsHere(bridge._planner, Address(world.to).channel, "remind", "om_1")
            for after in ("10m", "10m", "20m"):
                await here.schedule(f"in {after}", after=after, missed="once", timeout=None, retries=0)
            await world.clock.forward(30)
        assert [f"{job.what} {job.next_at:%H:%M:%S}" for job in await here.jobs()] == [
            "in 10m 08:10:30", "in 10m 08:10:30", "in 20m 08:20:30",
        ]  # fmt: skip


async def test_a_bridge_can_be_told_a_time_from_now_too(world: World) -> None:
    async with world.running() as bridge:
        job = await bridge.schedule("tea", to=world.to, after="90m")
        assert job.next_at == datetime(2026, 6, 1, 9, 30, tzinfo=ZONE)
        await world.clock.forward(5400)
        assert world.said == ["tea"]
