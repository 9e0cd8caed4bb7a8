"""The fault runs in short: the disk is full, the clock is moved, the platform refuses, there is too much.

The seed is printed; SURVIVAL_SEED repeats a run. In full, with database servers that stop: `make survive`.
"""

import sys
from pathlib import Path

import pytest
from benchmarks.survival.faults import FAULTS
from benchmarks.survival.nursery import Nursery
from benchmarks.survival.running import Setting
from survival_told import seed, told

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.skipif(sys.platform == "win32", reason="forks, and ends processes with POSIX signals"),
]

SHORT = {
    "refusals-feishu": 60,
    "refusals-wecom": 60,
    "refusals-dingtalk": 60,
    "refusals-qq": 60,
    "disk": 120,
    "clock": 60,
    "slow": 120,
    "flood": 600,
}
CONTROLS = {"refusals-feishu": 240, "refusals-qq": 240, "disk": 120, "clock": 60, "slow": 40}
"""That of the flood, and of servers that stop, take their full length."""


@pytest.mark.parametrize("name", SHORT)
async def test_nothing_is_lost_and_order_is_kept(name: str, nursing: Nursery, tmp_path: Path) -> None:
    setting = Setting(nursing, tmp_path, seed(), people=8)
    outcome = await FAULTS[name].run(setting, SHORT[name])
    assert not outcome.faults, told(outcome, tmp_path)
    assert outcome.answered == outcome.taken > 0
    print(outcome.title, outcome.figures)


@pytest.mark.parametrize("name", CONTROLS)
async def test_a_run_fails_without_what_it_shows(name: str, nursing: Nursery, tmp_path: Path) -> None:
    """It gives up what is refused, acknowledges first, takes a minute for too old, or does one thing at a time."""
    setting = Setting(nursing, tmp_path, seed(), people=8, patience=2.0, control=True)
    outcome = await FAULTS[name].run(setting, CONTROLS[name])
    assert outcome.faults
