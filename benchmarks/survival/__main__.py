"""`make survive`: bridges are killed, platforms, disks, clocks and databases fail, and nothing may be lost.

The exit status is 1 when something was lost, doubled where the platform knows keys, or out of order.
"""

import argparse
import asyncio
import json
import logging
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks.survival.account import Outcome
from benchmarks.survival.faults import FAULTS, Fault
from benchmarks.survival.faults.servers import MissingServerError
from benchmarks.survival.killing import Plan, kill
from benchmarks.survival.nursery import nursery
from benchmarks.survival.running import Setting
from benchmarks.survival.spec import Keeping
from benchmarks.survival.stages import STAGES

Doing = Callable[[Setting], Awaitable[Outcome]]


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"kill, {', '.join(FAULTS)}; all when left out")
    parser.add_argument("--platform", choices=STAGES, action="append", help="of kill: this one only; may be repeated")
    parser.add_argument("--messages", type=int, help="in each run; 1000 of kill, what the others need for themselves")
    parser.add_argument("--kills", type=int, default=100, help="on each platform, about")
    parser.add_argument("--keeping", choices=list(Keeping), default=Keeping.DURABLE, help="of kill; controls must lose")
    parser.add_argument("--control", action="store_true", help="of the others: something is missing, so they must fail")
    parser.add_argument("--seed", type=int, help="repeats the chances of a run")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    if strange := set(options.what) - {"kill", *FAULTS}:
        parser.error(f"no such run: {', '.join(sorted(strange))}; there are kill, {', '.join(FAULTS)}")
    logging.getLogger("imbridge").addHandler(logging.NullHandler())
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    found, missing = asyncio.run(_collect(_runs(options), seed, options))
    if options.json:
        runs = {name: {**asdict(one), "faults": one.faults} for name, one in found.items()}
        print(json.dumps({"seed": seed, "runs": runs, "missing": missing}, indent=2))
    else:
        lines = [f"{name}: not run, {why}" for name, why in missing.items()]
        print("\n".join([*lines, f"seed {seed}"]))
    return 1 if any(one.faults for one in found.values()) else 0


def _runs(options: argparse.Namespace) -> dict[str, Doing]:
    runs: dict[str, Doing] = {}
    what = options.what or ([*FAULTS] if options.control else ["kill", *FAULTS])
    if "kill" in what:
        plan = Plan(options.messages or 1000, options.kills, Keeping(options.keeping))
        for name in options.platform or STAGES:
            runs[f"kill-{name}"] = partial(kill, STAGES[name], plan)
    for name in what:
        if name != "kill":
            runs[name] = partial(_fault, FAULTS[name], options.messages)
    return runs


async def _fault(fault: Fault, messages: int | None, setting: Setting) -> Outcome:
    return await fault.run(setting, messages or fault.messages)


async def _collect(
    runs: dict[str, Doing], seed: int, options: argparse.Namespace
) -> tuple[dict[str, Outcome], dict[str, str]]:
    quiet = options.json
    found: dict[str, Outcome] = {}
    missing: dict[str, str] = {}
    if not quiet:
        print(HEAD, flush=True)
    async with nursery() as made:
        for name, run in runs.items():
            with tempfile.TemporaryDirectory(prefix="imbridge-") as folder:
                progress = _Progress(name, quiet=quiet)
                setting = Setting(made, Path(folder), seed, progress=progress, control=options.control)
                try:
                    found[name] = await run(setting)
                except MissingServerError as error:
                    missing[name] = str(error)
                    continue
            if not quiet:
                _clear()
                print("\n".join(lines_of(found[name])), flush=True)
    return found, missing


class _Progress:
    def __init__(self, name: str, *, quiet: bool) -> None:
        self._name = name
        self._show = not quiet and sys.stderr.isatty()

    def __call__(self, text: str) -> None:
        if self._show:
            print(f"\r\033[K{self._name}: {text}", end="", file=sys.stderr, flush=True)


def _clear() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


HEAD = f"{'':<32}{'said':>7}{'taken':>7}{'lost':>6}{'double':>8}{'disorder':>10}{'kills':>7}{'dead':>6}"


def lines_of(one: Outcome) -> list[str]:
    """For people."""
    lines = [
        (
            f"{one.title:<32}{one.said:>7}{one.taken:>7}{len(one.lost):>6}{one.doubles:>8}{one.disorder:>10}"
            f"{one.kills:>7}{one.dead:>6}"
        )
    ]
    if one.figures:
        lines.append("  " + ", ".join(f"{name} {value:.4g}" for name, value in one.figures.items()))
    if one.violations:
        lines.append(f"  rules of the platform that were broken: {one.violations}")
    return [*lines, *(f"  FAULT: {fault}" for fault in one.faults)]


if __name__ == "__main__":
    sys.exit(main())
