import asyncio
import logging

import pytest
from diary import Saying

from imbridge.protocol import ButtonClicked, SkillError
from imbridge.skills import (
    NOT_MINE,
    BaseSkill,
    SkillFailure,
    SkillSet,
    command_skill,
    on_command,
    on_event,
)


async def test_setup_in_order_teardown_in_reverse():
    diary = []
    skills = SkillSet([Saying("a", "", diary), Saying("b", "", diary, priority=1)])
    await skills.setup()
    await skills.setup()
    await skills.teardown()
    await skills.teardown()
    assert diary == ["b setup", "a setup", "a teardown", "b teardown"]


async def test_a_failing_setup_names_the_skill_and_takes_back_the_others():
    diary = []
    skills = SkillSet(
        [Saying("a", "", diary), Saying("b", "", diary, fail=["setup"]), Saying("c", "", diary)],
    )
    with pytest.raises(SkillFailure, match="'b' failed in setup") as raised:
        await skills.setup()
    assert isinstance(raised.value.__cause__, ValueError)
    assert diary == ["a setup", "b setup", "a teardown"]


async def test_a_failing_setup_of_an_added_skill_leaves_the_running_ones_alone():
    diary = []
    skills = SkillSet([Saying("a", "", diary)])
    await skills.setup()
    skills.add(Saying("b", "", diary, fail=["setup"]))
    with pytest.raises(SkillFailure, match="'b'"):
        await skills.setup()
    assert diary == ["a setup", "b setup"]
    await skills.teardown()
    assert diary[-1] == "a teardown"


async def test_both_setup_and_the_teardown_after_it_may_fail(caplog):
    skills = SkillSet([Saying("a", fail=["teardown"]), Saying("b", fail=["setup"])])
    with caplog.at_level(logging.ERROR), pytest.raises(SkillFailure, match="'b' failed in setup"):
        await skills.setup()
    assert "skill 'a' failed to tear down" in caplog.text


async def test_all_are_torn_down_even_if_some_fail(caplog):
    diary = []
    skills = SkillSet([Saying(name, "", diary, fail=["teardown"] if name != "b" else []) for name in "abc"])
    await skills.setup()
    with caplog.at_level(logging.ERROR), pytest.raises(ExceptionGroup) as raised:
        await skills.teardown()
    assert [failure.skill for failure in raised.value.exceptions] == ["c", "a"]
    assert diary[-3:] == ["c teardown", "b teardown", "a teardown"]
    assert "skill 'c' failed to tear down" in caplog.text


async def test_a_cancelled_teardown_still_tears_down_the_rest():
    diary = []
    waiting = asyncio.Event()

    class Slow(Saying):
        async def teardown(self):
            waiting.set()
            await asyncio.Event().wait()

    skills = SkillSet([Saying("a", "", diary), Slow("slow")])
    await skills.setup()
    task = asyncio.create_task(skills.teardown())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert diary[-1] == "a teardown"


async def test_two_of_one_name_are_refused():
    skills = SkillSet([Saying("a")])
    with pytest.raises(SkillError, match="two skills named 'a'"):
        skills.add(Saying("a"))
    assert len(skills) == 1


async def test_remove_takes_out_and_tears_down(say):
    diary = []
    skills = SkillSet([Saying("a", "a", diary), Saying("b", "b", diary)])
    await skills.setup()
    assert (await skills.remove("a")).name == "a"
    assert "a" not in skills
    assert diary[-1] == "a teardown"
    assert (await skills.run(say("x"))).content == "b"
    with pytest.raises(SkillError, match="there are: b"):
        await skills.remove("a")
    skills.add(Saying("a"))


async def test_a_run_in_progress_keeps_the_skills_it_began_with(say):
    class Removing(BaseSkill):
        async def handle_message(self, msg):
            await skills.remove("b")
            return NOT_MINE

    skills = SkillSet([Removing(), Saying("b", "b")])
    assert (await skills.run(say("x"))).content == "b"


async def test_a_command_in_two_skills_is_warned_of(caplog):
    async def one():
        return 1

    async def two():
        return 2

    with caplog.at_level(logging.WARNING):
        SkillSet([command_skill(one, "sun"), command_skill(two, "moon", aliases=("SUN",))])
    assert "'SUN' is in skill 'one' and in skill 'two'" in caplog.text


async def test_the_catalogue_tells_of_commands(say):
    class Clicks(BaseSkill):
        description = "counts"

        @on_event(ButtonClicked)
        async def click(self):
            return None

        @on_command("count", usage="<n>", summary="counts up")
        async def count(self):
            return None

    (entry,) = SkillSet([Clicks()]).entries(say("x"))
    assert (entry.name, entry.description, entry.version) == ("clicks", "counts", "0.0.0")
    assert [(c.name, c.usage, c.summary) for c in entry.commands] == [("count", "<n>", "counts up")]
