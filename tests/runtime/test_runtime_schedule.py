"""What is planned is said at its time, once: content, functions and skills; what cannot be planned is refused."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from outbox_world import ROBOT, hurry, robot_of, soon_tired
from runtime_world import account, counts, until
from schedule_world import ZONE, World, scheduled_world

from imbridge import BaseSkill, Bridge, BridgeOptions, ConfigError, ImbridgeError, Markdown, Reply, SkillError
from imbridge.transport import Backoff
from leap import Leap


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with scheduled_world() as made:
        yield made


class Report(BaseSkill):
    """Tells what it was asked for."""

    async def handle_message(self, msg: Any) -> None:
        return None

    async def scheduled(self, run: Any) -> str:
        return f"{run.name} {run.due:%H:%M} {dict(run.options)}"

    async def weekly(self, run: Any) -> AsyncIterator[str]:
        for piece in ("a ", "stream"):
            yield piece


async def test_content_is_said_at_its_time(world: World) -> None:
    async with world.running() as bridge:
        job = await bridge.schedule("good morning", to=world.to, cron="0 9 * * 1-5", name="morning")
        assert (job.name, job.next_at) == ("morning", datetime(2026, 6, 1, 9, tzinfo=ZONE))
        await world.clock.set("2026-06-01 08:59:59")
        assert world.said == []
        await world.clock.set("2026-06-01 09:00:00")
        assert world.said == ["good morning"]
        await world.clock.forward(60)
        assert world.said == ["good morning"]
        await world.clock.set("2026-06-02 09:00:03")
        assert world.said == ["good morning"] * 2
        assert counts(bridge)["jobs_done"] == 2
        (job,) = await bridge.jobs()
        assert job.next_at == datetime(2026, 6, 3, 9, tzinfo=ZONE)


async def test_intervals_and_moments(world: World) -> None:
    async with world.running() as bridge:
        await bridge.schedule("tick", to=world.to, every=timedelta(minutes=10))
        await bridge.schedule(Markdown("**once**"), to=world.to, at=datetime(2026, 6, 1, 0, 25, tzinfo=UTC))
        for _ in range(6):
            await world.clock.forward(300)
        assert world.said == ["tick", "tick", "**once**", "tick"]
        assert [job.when for job in await bridge.jobs()] == ["every 10m"]


async def test_the_same_name_replaces_and_the_same_call_plans_once(world: World) -> None:
    async with world.running() as bridge:
        await bridge.schedule("old", to=world.to, every=60, name="it")
        await bridge.schedule("new", to=world.to, every=120, name="it")
        for _ in range(2):
            await bridge.schedule("again", to=world.to, cron="1 8 * * *")
        assert sorted(job.what for job in await bridge.jobs()) == ["again", "new"]
        await world.clock.forward(60)
        assert world.said == ["again"]
        await world.clock.forward(60)
        assert world.said == ["again", "new"]


async def test_a_name_is_one_for_all_accounts_of_a_bridge(world: World) -> None:
    second = account(world.feishu, world.feishu.add_app(), name="home")
    bridge = Bridge([account(world.feishu, world.app), second], clock=world.clock)
    async with bridge:
        await bridge.schedule("a", to=world.to, every=60, name="it")
        await bridge.schedule("b", to=world.to.replace("work", "home"), every=60, name="it")
        assert [job.what for job in await bridge.jobs()] == ["b"]


async def test_what_is_taken_back_is_not_said(world: World) -> None:
    async with world.running() as bridge:
        await bridge.schedule("never", to=world.to, every=60, name="it")
        assert await bridge.unschedule("it")
        assert not await bridge.unschedule("it")
        await world.clock.forward(600)
        assert world.said == []
        assert await bridge.jobs() == ()


async def test_functions_are_asked(world: World) -> None:
    runs: list[Any] = []

    def declare(bridge: Bridge) -> None:
        @bridge.scheduled(cron="0 9 * * *", to=world.to)
        async def standup(run: Any) -> str:
            runs.append(run)
            receipt = await run.send("first")
            assert receipt
            return "stand up"

        @bridge.scheduled(cron="30 9 * * *", to=world.to, name="plain")
        def blocking() -> str:
            assert threading.current_thread() is not threading.main_thread()
            return "from a thread"

        @bridge.scheduled(cron="45 9 * * *", to=world.to)
        async def silent(run: Any) -> None:
            runs.append(run)

    async with world.running(declare=declare) as bridge:
        await world.clock.set("2026-06-01 09:00:02")
        assert world.said == ["first", "stand up"]
        assert (runs[0].name, runs[0].due, runs[0].attempt) == ("standup", datetime(2026, 6, 1, 9, tzinfo=ZONE), 1)
        assert runs[0].to == world.to
        await world.clock.set("2026-06-01 09:45")
        assert world.said == ["first", "stand up", "from a thread"]
        assert [job.what for job in await bridge.jobs()] == ["standup()", "blocking()", "silent()"]
        assert len(runs) == 2


async def test_skills_are_asked(world: World) -> None:
    async with world.running(skills=[Report()]) as bridge:
        await bridge.schedule(to=world.to, cron="0 9 * * *", skill="report", options={"city": "北京"}, name="weather")
        await bridge.schedule(to=world.to, cron="1 9 * * *", skill="report", method="weekly")
        await world.clock.set("2026-06-01 09:00")
        await world.clock.set("2026-06-01 09:01")
        assert world.said == ["weather 09:00 {'city': '北京'}", "a stream"]


async def test_one_that_fails_is_told_and_goes_on(world: World, caplog: pytest.LogCaptureFixture) -> None:
    answers = [RuntimeError("no weather today"), object(), "sunny"]

    def declare(bridge: Bridge) -> None:
        @bridge.scheduled(every=60, to=world.to)
        async def weather(run: Any) -> Any:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    async with world.running(declare=declare) as bridge:
        await world.clock.forward(60)
        (job,) = await bridge.jobs()
        assert job.error == "RuntimeError: no weather today"
        assert "job 'weather': skill 'weather' failed in weather" in caplog.text
        assert "no weather today" in caplog.text
        await world.clock.forward(60)
        (job,) = await bridge.jobs()
        assert "cannot send a object" in job.error
        await world.clock.forward(60)
        assert world.said == ["sunny"]
        (job,) = await bridge.jobs()
        assert job.error == ""
        assert (counts(bridge)["jobs_failed"], counts(bridge)["jobs_done"]) == (2, 1)


class TestAskedAgain:
    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("imbridge.runtime.scheduling.doing._BACKOFF", Backoff(0.01, 0.02))

    async def test_as_often_as_it_is_planned(self, world: World) -> None:
        attempts: list[int] = []

        def declare(bridge: Bridge) -> None:
            @bridge.scheduled(every=60, to=world.to, retries=2)
            async def weather(run: Any) -> str:
                attempts.append(run.attempt)
                await run.send("asking")  # said once, however often it is asked
                if len(attempts) != 3:
                    raise RuntimeError("no weather today")
                return "sunny"

        async with world.running(declare=declare) as bridge:
            await world.clock.forward(60)
            await until(lambda: world.said == ["asking", "sunny"])
            assert attempts == [1, 2, 3]
            assert counts(bridge).get("jobs_failed", 0) == 0
            await world.clock.forward(60)
            await until(lambda: counts(bridge).get("jobs_failed"))
            assert attempts == [1, 2, 3, 1, 2, 3]
            assert counts(bridge)["jobs_retried"] == 4
            (job,) = await bridge.jobs()
            assert job.error == "RuntimeError: no weather today"

    async def test_what_takes_too_long_is_cut_off(self, world: World, leap: Leap) -> None:
        begun: list[int] = []

        class Slow(Report):
            async def scheduled(self, run: Any) -> str:
                begun.append(run.attempt)
                if run.attempt == 1:
                    await asyncio.Event().wait()
                return "late"

        async with world.running(skills=[Slow("slow", "", "1")]) as bridge:
            await bridge.schedule(to=world.to, every=60, skill="slow", timeout=5, retries=1, name="it")
            going = asyncio.create_task(world.clock.forward(60))
            await until(lambda: begun)
            leap(5)
            await going
            await until(lambda: world.said == ["late"])
            assert begun == [1, 2]
            await bridge.schedule(to=world.to, every=60, skill="slow", timeout=5, name="it")
            begun.clear()
            going = asyncio.create_task(world.clock.forward(60))
            await until(lambda: begun)
            leap(5)
            await going
            await until(lambda: counts(bridge).get("jobs_failed"))
            (job,) = await bridge.jobs()
            assert job.error == "TimeoutError: it took longer than 5 s (timeout)"

    async def test_what_is_wrong_is_told(self, world: World) -> None:
        async with world.running(skills=[Report("report", "", "1")]) as bridge:
            for wrong, says in (({"retries": 11}, "from 0 to 10"), ({"timeout": 0}, "such as 30s")):
                with pytest.raises(ValueError, match=says):
                    await bridge.schedule(to=world.to, every=60, skill="report", **wrong)
            with pytest.raises(ValueError, match="timeout and retries go with skill"):
                await bridge.schedule("hello", to=world.to, every=60, retries=1)


async def test_what_the_platform_refuses_is_told_by_name(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async with world.running() as bridge:
        await bridge.schedule("hello", to="feishu:work/group/oc_unknown", every=60, name="lost")
        await world.clock.forward(60)
        assert counts(bridge)["jobs_not_said"] == 1
        assert "job 'lost': failed for feishu:work/group/oc_unknown: " in caplog.text


async def test_nothing_piles_up_behind_what_waits_in_the_outbox(world: World) -> None:
    bridge = Bridge([account(world.feishu, world.app)], clock=world.clock)
    hurry(bridge, shortest=0.05, longest=0.2)
    async with bridge:
        soon_tired(bridge, "feishu:work", times=0)
        await bridge.schedule("tick", to=world.to, every=60)
        with world.feishu.faults.http_fail("*/im/v1/messages", 503, times=None):
            for _ in range(3):
                await world.clock.forward(60)
            assert counts(bridge)["jobs_done"] == 1
        await until(lambda: counts(bridge)["delivery_sent"] == 1)
        await world.clock.forward(1)
        assert world.said == ["tick", "tick"]


async def test_an_account_that_cannot_be_reached_holds_up_no_other(world: World) -> None:
    robot = robot_of(world.feishu)
    bridge = Bridge([account(world.feishu, world.app), robot], clock=world.clock)
    async with bridge:
        for number in range(25):
            await bridge.schedule("never", to=world.to, every=60, name=f"{number}")
        await bridge.schedule("fine", to=ROBOT, every=61)
        with world.feishu.faults.http_fail("*/im/v1/messages", 503, times=None):
            moving = asyncio.create_task(world.clock.forward(61))
            await until(lambda: world.said == ["fine"])
            moving.cancel()
            await bridge.stop(grace=0)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"cron": "0 25 * * *"}, ValueError, "no cron expression"),
        ({"cron": "0 9 * * *", "time_zone": "Mars/Olympus"}, ValueError, "no time zone 'Mars/Olympus'"),
        ({"at": "2026-06-01 07:59"}, ValueError, "at 2026-06-01 07:59:00 Asia/Shanghai is past"),
        ({"at": datetime(2026, 6, 2)}, ValueError, "at needs a time zone"),  # noqa: DTZ001 - what is refused
        ({"every": 0.5}, ValueError, "an interval is from 1 second"),
        ({}, ValueError, "exactly one of after, cron, every and at$"),
        ({"every": 60, "to": "feishu:other/group/oc_1"}, ConfigError, "feishu:other"),
        ({"every": 60, "to": "nowhere"}, ValueError, "not an address"),
        ({"every": 60, "content": None}, ValueError, "either content or skill"),
        ({"every": 60, "content": ""}, ValueError, "nothing to say"),
        ({"every": 60, "content": 5}, SkillError, "cannot send a int"),
        ({"every": 60, "content": print}, ValueError, "declare it with @bridge.scheduled"),
        ({"every": 60, "content": Reply(key="k", elements=(Markdown("a"),))}, ValueError, "no key of its own"),
        ({"every": 60, "content": "a" * 1_100_000}, ValueError, "1048576 are allowed"),
        ({"every": 60, "content": None, "skill": "nobody"}, SkillError, "no skill named 'nobody'; there are: report"),
        ({"every": 60, "content": None, "skill": "report", "method": "setup"}, SkillError, "no method 'setup'"),
        ({"every": 60, "content": None, "skill": "report", "options": {"a": object()}}, ValueError, "cannot be kept"),
        ({"every": 60, "method": "weekly"}, ValueError, "method and options go with skill"),
        ({"every": 60, "name": "a\nb"}, ValueError, "characters that can be seen"),
        ({"every": 60, "missed": "never"}, ValueError, "never"),
        ({"every": 60, "name": "mine"}, ImbridgeError, "'mine' is declared in the settings or the code"),
    ],
)
async def test_what_cannot_be_planned_is_refused_at_once(
    world: World, wrong: dict[str, Any], error: type[Exception], message: str
) -> None:
    def declare(bridge: Bridge) -> None:
        bridge.scheduled(every="1d", to=world.to, name="mine")(lambda: None)

    async with world.running(declare=declare, skills=[Report()]) as bridge:
        with pytest.raises(error, match=message):
            await bridge.schedule(**{"content": "hello", "to": world.to, **wrong})
        assert [job.name for job in await bridge.jobs()] == ["mine"]


async def test_what_cannot_be_declared(world: World) -> None:
    bridge = world.bridge()
    with pytest.raises(SkillError, match=r"two must take the run alone; write async def two\(run\)"):

        @bridge.scheduled(every=60, to=world.to)
        async def two(run: Any, other: Any) -> None: ...

    declare = bridge.scheduled(every=60, to=world.to, name="it")
    declare(lambda: None)
    with pytest.raises(ConfigError, match="there is a job named 'it' already"):
        declare(lambda: None)
    with pytest.raises(ConfigError, match="feishu:other"):
        bridge.scheduled(every=60, to="feishu:other/group/oc_1")(lambda: None)
    with pytest.raises(ImbridgeError, match="start it first"):
        await bridge.schedule("a", to=world.to, every=60)
    async with bridge:
        with pytest.raises(SkillError, match="declare jobs before the bridge starts"):
            bridge.scheduled(every=60, to=world.to, name="late")(lambda: None)


async def test_a_moment_that_is_declared_and_past_is_no_error(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def declare(bridge: Bridge) -> None:
        bridge.scheduled(at="2026-05-01 09:00", to=world.to, name="old")(lambda: "never")

    async with world.running(declare=declare) as bridge:
        assert await bridge.jobs() == ()
        assert "job 'old' is not planned: at 2026-05-01 09:00:00 Asia/Shanghai is past" in caplog.text


async def test_the_usual_time_zone_is_an_option(world: World) -> None:
    async with world.running(options=BridgeOptions(time_zone="UTC")) as bridge:
        job = await bridge.schedule("hello", to=world.to, cron="0 9 * * *")
        assert job.next_at == datetime(2026, 6, 1, 9, tzinfo=UTC)
    with pytest.raises(ValueError, match="no time zone 'Nowhere'"):
        BridgeOptions(time_zone="Nowhere")


async def test_what_a_settings_file_plans_is_said(world: World, tmp_path: Path) -> None:
    file = tmp_path / "imbridge.yaml"
    app = f"{{app_id: {world.app.app_id}, app_secret: {world.app.app_secret}, base_url: {world.feishu.base_url}}}"
    file.write_text(
        f"channels: {{feishu: {{accounts: {{work: {app}}}}}}}\n"
        "storage: memory\n"
        "schedule:\n"
        f"- {{every: 1s, to: {world.to}, markdown: '**tick**'}}\n"
        f"- {{every: 1s, to: {world.to}, skill: report, name: weather, options: {{days: 2}}}}\n"
    )
    async with Bridge.from_config(file, skills=[Report()], environ={}):
        await until(lambda: len(world.said) >= 2)  # by the system's clock
    assert {text.partition(" ")[0] for text in world.said} == {"**tick**", "weather"}
    assert any(text.endswith("{'days': 2}") for text in world.said)
