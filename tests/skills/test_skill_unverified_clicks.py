"""Clicks that carry no seal come only to skills that say that they want them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from imbridge import BaseSkill, ButtonClicked, on_event
from imbridge.skills import SkillSet, event_skill


class Sealed(BaseSkill):
    @on_event(ButtonClicked)
    async def clicked(self, event: ButtonClicked) -> str:
        return "sealed"


class Own(Sealed):
    hears_unverified = True


def click(*, verified: bool) -> ButtonClicked:
    facts: Any = {"platform": "feishu", "account": "work", "timestamp": datetime.now(UTC)}
    return ButtonClicked(id="e1", action="approve", verified=verified, **facts)


async def answer(event: ButtonClicked) -> str:
    return "function"


@pytest.mark.parametrize(
    ("skill", "hears"),
    [
        (Sealed(), False),
        (Own(), True),
        (event_skill(answer, ButtonClicked), False),
        (event_skill(answer, ButtonClicked, unverified=True), True),
    ],
)
async def test_who_hears_a_click_without_a_seal(skill: BaseSkill, hears: bool) -> None:
    skills = SkillSet([skill])
    assert (await skills.run(click(verified=False))).handled is hears
    assert (await skills.run(click(verified=True))).handled


async def test_it_goes_past_those_who_do_not_want_it() -> None:
    outcome = await SkillSet([Sealed(), Own()]).run(click(verified=False))
    assert outcome.skill is not None
    assert outcome.skill.name == "own"
