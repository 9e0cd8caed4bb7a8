"""Two processes serve one app while one is killed and one stands still. In full: python -m benchmarks.nodes."""

import random
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from benchmarks.nodes.chaos import Chaos
from benchmarks.nodes.database import database
from benchmarks.nodes.plan import Outcome, Plan
from databases import server_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends and stops processes with POSIX signals")


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_nothing_is_lost_doubled_or_out_of_order_whatever_ends_or_stops(kind: str, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    plan = Plan(nodes=2, people=6, messages=12, kills=1, stops=1, cuts=1, losses=1, lease=2.0, pause=0.3, seed=seed)
    async with database(server_of(kind).render_as_string(hide_password=False), f"nodes_{uuid4().hex}") as place:
        outcome = await Chaos(plan, place, tmp_path).run()
    assert outcome.is_good, told(outcome, tmp_path)
    assert outcome.said == 72
    assert {"kills", "stops", "cuts", "losses"} <= set(outcome.done)


def told(outcome: Outcome, folder: Path) -> str:
    return "\n".join([repr(outcome), *(log.read_text()[-3000:] for log in folder.glob("*.log"))])
