"""Two processes serve one app while one is killed and one stands still. In full: python -m benchmarks.nodes."""

import random
import sys
from pathlib import Path

import pytest
from benchmarks.nodes.chaos import Chaos, Outcome, Plan
from databases import place

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends and stops processes with POSIX signals")


async def test_nothing_is_lost_doubled_or_out_of_order_whoever_is_killed_or_stops(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    plan = Plan(nodes=2, people=6, messages=12, kills=1, stops=1, cuts=1, lease=1.0, pause=0.3, seed=seed)
    async with place("postgresql", tmp_path) as database:
        outcome = await Chaos(plan, database.url, database.schema, tmp_path).run()
    assert outcome.is_good, told(outcome, tmp_path)
    assert outcome.said == 72
    assert (outcome.kills, outcome.stops) == (1, 1)


def told(outcome: Outcome, folder: Path) -> str:
    return "\n".join([repr(outcome), *(log.read_text()[-3000:] for log in folder.glob("*.log"))])
