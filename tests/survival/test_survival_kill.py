"""The kill test in short: SIGKILL at random while people talk, and what was acknowledged is answered.

The seed is printed; SURVIVAL_SEED repeats a run. In full: `make survive`.
"""

import sys
from pathlib import Path

import pytest
from benchmarks.survival.killing import Plan, kill
from benchmarks.survival.nursery import Nursery
from benchmarks.survival.running import Setting
from benchmarks.survival.spec import Keeping
from benchmarks.survival.stages import STAGES
from survival_told import seed, told

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.skipif(sys.platform == "win32", reason="forks, and ends processes with POSIX signals"),
]


@pytest.mark.parametrize("name", STAGES)
async def test_what_was_acknowledged_is_answered(name: str, nursing: Nursery, tmp_path: Path) -> None:
    outcome = await kill(STAGES[name], Plan(50, 5), Setting(nursing, tmp_path, seed(), people=8))
    assert not outcome.faults, told(outcome, tmp_path)
    assert outcome.kills >= 2
    assert outcome.answered == outcome.taken > 0
    assert outcome.doubles == 0 or not outcome.keyed
    print(f"{outcome.title}: {outcome.taken} of {outcome.said} taken, {outcome.kills} kills, {outcome.doubles} doubles")


@pytest.mark.parametrize("keeping", [Keeping.MEMORY, Keeping.HASTY])
async def test_the_harness_sees_losses(keeping: Keeping, nursing: Nursery, tmp_path: Path) -> None:
    """The controls: with nothing kept, or acknowledged before it is, something is lost, and that is told."""
    setting = Setting(nursing, tmp_path, seed(), people=8, patience=2.0)
    outcome = await kill(STAGES["feishu"], Plan(50, 5, keeping), setting)
    assert outcome.lost
    assert any("have no answer" in fault for fault in outcome.faults)
