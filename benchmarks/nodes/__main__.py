"""Command: python -m benchmarks.nodes [--url URL] [--nodes N] [--kills N] [--stops N] [--control] [--seed N]."""

import argparse
import asyncio
import random
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from uuid import uuid4

from benchmarks.nodes.chaos import Chaos, Outcome, Plan
from benchmarks.nodes.database import place_of


def main() -> int:
    """Run it and print what became of it; 1 when something is lost, doubled or out of order."""
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nodes", description=__doc__)
    parser.add_argument("--url", default="postgresql://root@127.0.0.1:5432/test", help="database; default: %(default)s")
    for one in ("nodes", "people", "messages", "kills", "stops", "cuts", "lease", "pause"):
        value = getattr(usual, one)
        parser.add_argument(f"--{one}", type=type(value), default=value, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of all chance")  # noqa: S311
    parser.add_argument("--control", action="store_true", help="processes that do not share conversations: it fails")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.add_argument("--logs", type=Path, help="folder for the processes' logs")
    given = parser.parse_args()
    named = {one.name: getattr(given, one.name) for one in fields(Plan) if hasattr(given, one.name)}
    outcome = asyncio.run(run(Plan(**named, shared=not given.control), given.url, given.logs))
    print(outcome.to_json() if given.json else told(outcome, given.seed))
    return 0 if outcome.is_good else 1


async def run(plan: Plan, url: str, logs: Path | None) -> Outcome:
    """In a place of its own on the server, which is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="imbridge-nodes-")) if logs is None else logs
    folder.mkdir(parents=True, exist_ok=True)
    print(f"seed {plan.seed}; the logs are in {folder}", file=sys.stderr)
    async with place_of(url, f"nodes_{uuid4().hex}") as (where, schema):
        return await Chaos(plan, where, schema, folder).run(lambda text: print(text, file=sys.stderr))


def told(outcome: Outcome, seed: int) -> str:
    """For people."""
    wrong = f"{len(outcome.lost)} lost, {len(outcome.doubled)} shown twice, {len(outcome.disordered)} out of order"
    lines = [
        f"{outcome.said} messages, {outcome.faults}, {outcome.by} processes that answered, seed {seed}",
        f"{wrong}, {outcome.repeated} sent again with their key and not shown again",
    ]
    for name, which in (("lost", outcome.lost), ("twice", outcome.doubled), ("out of order", outcome.disordered)):
        lines += [f"  {name}: {one}" for one in which[:10]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
