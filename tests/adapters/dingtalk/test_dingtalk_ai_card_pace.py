"""All cards of an account together stay below what the platform allows for one API."""

import asyncio
from typing import Any

import pytest
from dingtalk_cards import begun, texts
from dingtalk_rig import Rig

from imbridge.emulators.dingtalk import EmulatorSettings

MANY = 15


class TestWithRates:
    @pytest.fixture
    def settings(self) -> EmulatorSettings:
        return EmulatorSettings()

    async def test_many_answers_at_a_time(self, rig: Rig) -> None:
        adapter = await rig.start()
        people = [rig.ding.add_user(f"Person {number}") for number in range(MANY)]
        came: list[float] = []
        clock = asyncio.get_running_loop().time

        def note(direction: str, kind: str, facts: dict[str, Any]) -> None:
            if kind == "http" and direction == "in" and facts["path"].startswith("/v1.0/card/"):
                came.append(clock())

        rig.ding.wire.watch(note)

        async def answer(number: int) -> None:
            card = await begun(adapter, rig.target(people[number]), key=f"k{number}")
            await card.close(f"done {number}")

        await asyncio.gather(*(answer(number) for number in range(MANY)))
        assert sorted(texts(rig)) == sorted(f"done {number}" for number in range(MANY))
        assert len(came) == 2 * MANY  # of two APIs, each of which would take them all at once
        assert came[-1] - came[0] > 0.5
        assert rig.ding.violations == []
