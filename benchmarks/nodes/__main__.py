"""Command: python -m benchmarks.nodes [--url URL | --server KIND] [--kills N] [--losses N] [--control] [--seed N]."""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path
from uuid import uuid4

from benchmarks.nodes.chaos import Chaos
from benchmarks.nodes.database import Database, database
from benchmarks.nodes.plan import FAULTS, RESTART, Outcome, Plan
from benchmarks.survival.faults.servers import MariaDB, MissingServerError, PostgreSQL, Server

SERVERS: dict[str, type[Server]] = {"postgresql": PostgreSQL, "mariadb": MariaDB}
RESTARTS = 4


def main() -> int:
    """Run it and print what became of it; 1 when something is lost, doubled or out of order."""
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nodes", description=__doc__)
    parser.add_argument("--url", default="postgresql://root@127.0.0.1:5432/test", help="database; default: %(default)s")
    parser.add_argument("--server", choices=SERVERS, help="a server of its own instead, which is ended and started")
    for one in ("nodes", "people", "messages", *FAULTS, "lease", "pause"):
        value = getattr(usual, one)
        default = f"{RESTARTS} with --server" if one == RESTART else "%(default)s"
        parser.add_argument(f"--{one}", type=type(value), default=value, help=f"default: {default}")
    parser.add_argument("--hints", default="", help="a URL of Redis, or none; default: PostgreSQL's own")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of all chance")  # noqa: S311
    parser.add_argument("--control", action="store_true", help="processes that do not share conversations: it fails")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.add_argument("--logs", type=Path, help="folder for the processes' logs")
    given = parser.parse_args()
    if given.restarts and not given.server:
        parser.error("only a --server of our own is restarted")
    given.restarts = given.restarts or (RESTARTS if given.server else 0)
    named = {one.name: getattr(given, one.name) for one in fields(Plan) if hasattr(given, one.name)}
    plan = Plan(**named, shared=not given.control)
    try:
        outcome = asyncio.run(run(plan, given.url, given.server, given.logs))
    except MissingServerError as error:
        sys.exit(str(error))
    print(outcome.to_json() if given.json else told(outcome, given.seed))
    return 0 if outcome.is_good else 1


async def run(plan: Plan, url: str, server: str | None, logs: Path | None) -> Outcome:
    """In a place of its own, which is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="imbridge-nodes-")) if logs is None else logs
    folder.mkdir(parents=True, exist_ok=True)
    print(f"seed {plan.seed}; the logs are in {folder}", file=sys.stderr)
    async with _place(url, server) as place:
        return await Chaos(plan, place, folder).run(lambda text: print(text, file=sys.stderr))


@asynccontextmanager
async def _place(url: str, server: str | None) -> AsyncIterator[Database]:
    name = f"nodes_{uuid4().hex}"
    if server is None:
        async with database(url, name) as place:
            yield place
        return
    with tempfile.TemporaryDirectory(prefix="imbridge-server-") as data:
        own = SERVERS[server](Path(data) / "data")
        await own.make()
        await own.start()
        try:
            async with database(own.url, name, own) as place:
                yield place
        finally:
            await own.stop()


def told(outcome: Outcome, seed: int) -> str:
    """For people."""
    wrong = f"{len(outcome.lost)} lost, {len(outcome.doubled)} shown twice, {len(outcome.disordered)} out of order"
    lines = [
        f"{outcome.said} messages, {outcome.faults}, {outcome.by} processes that answered, seed {seed}",
        f"{wrong}, {outcome.repeated} sent again with their key and not shown again",
    ]
    for name, which in (("lost", outcome.lost), ("twice", outcome.doubled), ("out of order", outcome.disordered)):
        lines += [f"  {name}: {one}" for one in which[:10]]
    if outcome.left:
        lines.append(f"left in the storage: {outcome.left}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
