"""What is done to a bridge beside killing it. Each is one run that ends in an account."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from benchmarks.survival.account import Outcome
from benchmarks.survival.faults.database import mariadb, mongodb, postgresql
from benchmarks.survival.faults.host import clock, disk
from benchmarks.survival.faults.load import flood, slow
from benchmarks.survival.faults.platform import platform
from benchmarks.survival.running import Setting


@dataclass(frozen=True)
class Fault:
    """A run by its name.

    Attributes:
        run: Does it, with so many messages.
        messages: How many in full.
        about: What it is, for people.
    """

    run: Callable[[Setting, int], Awaitable[Outcome]]
    messages: int
    about: str


FAULTS: Mapping[str, Fault] = {
    "refusals-feishu": Fault(platform("feishu"), 1000, "Feishu's API refuses, cuts, is slow; connections drop"),
    "refusals-wecom": Fault(platform("wecom"), 1000, "so does WeCom's"),
    "refusals-dingtalk": Fault(platform("dingtalk"), 1000, "so does DingTalk's"),
    "refusals-qq": Fault(platform("qq"), 1000, "so does QQ's"),
    "postgresql": Fault(postgresql, 1000, "a PostgreSQL server stops and starts"),
    "mariadb": Fault(mariadb, 1000, "a MariaDB server stops and starts"),
    "mongodb": Fault(mongodb, 300, "SecantusDB, which stands in for MongoDB, stops and starts"),
    "disk": Fault(disk, 1000, "the disk is full for a while, several times"),
    "clock": Fault(clock, 400, "the clock is moved back and forth, while the bridge runs and while it does not"),
    "slow": Fault(slow, 1000, "one skill is slow for one person, and fast for all others"),
    "flood": Fault(flood, 50_000, "people speak as fast as they can"),
}
