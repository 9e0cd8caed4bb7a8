"""What the tests of survival say."""

import os
import random
from pathlib import Path

from benchmarks.survival.account import Outcome


def seed() -> int:
    """A run's chances: new ones, or those of SURVIVAL_SEED. Printed, so that a run can be repeated."""
    found = int(os.environ.get("SURVIVAL_SEED") or random.randrange(10**6))
    print(f"SURVIVAL_SEED={found}")
    return found


def told(outcome: Outcome, folder: Path) -> str:
    """What is wrong, for people, with what the bridge had to say."""
    log = folder / "bridge.log"
    return "\n".join([*outcome.faults, repr(outcome), log.read_text()[-4000:] if log.exists() else ""])
