"""The kill test in short: SIGKILL at random while people talk, and what was acknowledged is answered.

The seed is printed; SURVIVAL_SEED repeats a run. In full: `make survive`.
"""

import os
import random
import sys
from pathlib import Path

import pytest
from benchmarks.survival.account import Outcome
from benchmarks.survival.killing import Plan, kill
from benchmarks.survival.nursery import Nursery
from benchmarks.survival.spec import Keeping
from benchmarks.survival.stages import STAGES

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.skipif(sys.platform == "win32", reason="forks, and ends processes with POSIX signals"),
]


def plan(**more: object) -> Plan:
    seed = int(os.environ.get("SURVIVAL_SEED") or random.randrange(10**6))
    print(f"SURVIVAL_SEED={seed}")
    return Plan(**{"messages": 50, "kills": 5, "people": 8, "seed": seed, **more})  # type: ignore[arg-type]


def told(outcome: Outcome, folder: Path) -> str:
    """What is wrong, for people, with what the bridge had to say."""
    log = folder / "bridge.log"
    return "\n".join([*outcome.faults, repr(outcome), log.read_text()[-4000:] if log.exists() else ""])


@pytest.mark.parametrize("name", STAGES)
async def test_what_was_acknowledged_is_answered(name: str, nursing: Nursery, tmp_path: Path) -> None:
    outcome = await kill(STAGES[name], plan(), nursing, tmp_path)
    assert not outcome.faults, told(outcome, tmp_path)
    assert outcome.kills >= 2
    assert outcome.answered == outcome.taken > 0
    assert outcome.doubles == 0 or not outcome.keyed
    print(
        f"{outcome.title}: {outcome.said} said, {outcome.taken} taken, {outcome.kills} kills, {outcome.doubles} doubles"
    )


@pytest.mark.parametrize("keeping", [Keeping.MEMORY, Keeping.HASTY])
async def test_the_harness_sees_losses(keeping: Keeping, nursing: Nursery, tmp_path: Path) -> None:
    """The controls: with nothing kept, or acknowledged before it is, something is lost, and that is told."""
    outcome = await kill(STAGES["feishu"], plan(keeping=keeping, patience=2.0), nursing, tmp_path)
    assert outcome.lost
    assert any("have no answer" in fault for fault in outcome.faults)
