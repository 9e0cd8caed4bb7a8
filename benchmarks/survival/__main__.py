"""`python -m benchmarks.survival`: bridges are killed, platforms fail, and nothing may be lost."""

import argparse
import asyncio
import json
import logging
import random
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.survival.account import Outcome
from benchmarks.survival.killing import Plan, kill
from benchmarks.survival.nursery import nursery
from benchmarks.survival.spec import Keeping
from benchmarks.survival.stages import STAGES


def main() -> int:
    """Run what is asked for; the exit status is 1 when something was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("--platform", choices=STAGES, action="append", help="this platform only; may be repeated")
    parser.add_argument("--messages", type=int, default=1000, help="messages on each platform")
    parser.add_argument("--kills", type=int, default=100, help="kills on each platform, about")
    parser.add_argument("--keeping", choices=list(Keeping), default=Keeping.DURABLE, help="the others are controls")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run's chances")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    logging.getLogger("imbridge").addHandler(logging.NullHandler())
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    plan = Plan(messages=options.messages, kills=options.kills, keeping=Keeping(options.keeping), seed=seed)
    outcomes = asyncio.run(_kill(options.platform or list(STAGES), plan, quiet=options.json))
    if options.json:
        told = [{**asdict(one), "faults": one.faults} for one in outcomes]
        print(json.dumps({"seed": seed, "kill": told}, indent=2))
    else:
        print("\n".join(["", f"seed {seed}", *table(outcomes)]))
    return 1 if any(one.faults for one in outcomes) else 0


async def _kill(names: list[str], plan: Plan, *, quiet: bool) -> list[Outcome]:
    outcomes = []
    async with nursery() as made:
        for name in names:
            with tempfile.TemporaryDirectory(prefix="imbridge-") as folder:

                def progress(text: str, name: str = name) -> None:
                    if not quiet and sys.stderr.isatty():
                        print(f"\r\033[K{name}: {text}", end="", file=sys.stderr, flush=True)

                outcomes.append(await kill(STAGES[name], replace(plan), made, Path(folder), progress))
    return outcomes


def table(outcomes: list[Outcome]) -> list[str]:
    """For people."""
    head = (
        f"{'':<26}{'said':>7}{'taken':>7}{'lost':>6}{'double':>8}{'disorder':>10}{'kills':>7}{'dead':>6}{'seconds':>9}"
    )
    lines = [head]
    for one in outcomes:
        lines.append(
            f"{one.title:<26}{one.said:>7}{one.taken:>7}{len(one.lost):>6}{one.doubles:>8}{one.disorder:>10}"
            f"{one.kills:>7}{one.dead:>6}{one.figures.get('seconds', 0.0):>9.1f}"
        )
        lines += [f"  {fault}" for fault in one.faults]
        if one.violations:
            lines.append(f"  rules of the platform that were broken: {one.violations}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
