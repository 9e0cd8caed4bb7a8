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


@pytest.mark.parametrize("name", SHORT)
async def test_nothing_is_lost_and_order_is_kept(name: str, nursing: Nursery, tmp_path: Path) -> None:
    setting = Setting(nursing, tmp_path, seed(), people=8)
    outcome = await FAULTS[name].run(setting, SHORT[name])
    assert not outcome.faults, told(outcome, tmp_path)
    assert outcome.answered == outcome.taken > 0
    print(outcome.title, outcome.figures)
    if name == "disk":  # or nothing was tried
        assert outcome.figures["refused"] > 0
    if name.startswith("refusals"):
        assert outcome.figures["faults"] > 0
