"""People talk with one app that several processes serve; chance kills and stops them."""

import asyncio
import itertools
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.nodes.database import cut
from imbridge.emulators.feishu import App, EmulatorSettings, FeishuEmulator, User

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Plan:
    """How much is tried.

    Attributes:
        nodes: Processes.
        people: How many talk, each in a conversation of their own.
        messages: What each of them says.
        kills: SIGKILLs; a killed process is started again.
        stops: SIGSTOPs, for longer than the lease.
        cuts: How often all connections to the database are cut; on PostgreSQL.
        lease: Seconds.
        pause: Seconds between two faults.
        shared: False: the control, with processes that do not know of conversations.
        patience: Seconds without an answer after which the run is over.
        seed: Of all chance.
    """

    nodes: int = 3
    people: int = 40
    messages: int = 100
    kills: int = 10
    stops: int = 4
    cuts: int = 4
    lease: float = 2.0
    pause: float = 1.0
    shared: bool = True
    patience: float = 30.0
    seed: int = 0


@dataclass
class Outcome:
    """What became of it.

    Attributes:
        said: Messages of people.
        lost: Those without an answer.
        doubled: Answers that are shown twice.
        disordered: Answers that are shown before an answer to an earlier message of their conversation.
        repeated: Answers that were sent again with their key, and not shown again.
        by: How many processes gave answers.
        kills: SIGKILLs.
        stops: SIGSTOPs.
        cuts: Cuts of all connections.
        seconds: From the first message to the last answer.
    """

    said: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    repeated: int = 0
    by: int = 0
    kills: int = 0
    stops: int = 0
    cuts: int = 0
    seconds: float = 0.0

    @property
    def faults(self) -> str:
        """What was done to them, in words."""
        return f"{self.kills} kills, {self.stops} stops, {self.cuts} cuts"

    @property
    def is_good(self) -> bool:
        """Whether nothing is lost, doubled or out of order."""
        return not (self.lost or self.doubled or self.disordered)

    def to_json(self) -> str:
        """For a machine."""
        return json.dumps(asdict(self))


class Node:
    """A process that is started again when it was killed."""

    def __init__(self, settings: dict[str, Any], log: Path) -> None:
        self._settings = settings
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Back when it is up."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.nodes.child", json.dumps(self._settings),
                stdout=asyncio.subprocess.PIPE, stderr=log, cwd=ROOT,
            )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            if await self._process.stdout.readline() != b"ready\n":
                raise RuntimeError(f"a process did not start; see {self._log}")

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    async def killed(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        if self._process.returncode is None:
            self.send(signal.SIGKILL)
        await self._process.communicate()

    async def ended(self) -> None:
        """SIGTERM, and an orderly end."""
        assert self._process is not None
        self.send(signal.SIGTERM)
        async with asyncio.timeout(60):
            await self._process.communicate()


class Chaos:
    """One run."""

    def __init__(self, plan: Plan, url: str, schema: str, folder: Path) -> None:
        self._plan = plan
        self._database = {"url": url, "schema": schema}
        self._folder = folder
        self._chance = random.Random(plan.seed)  # noqa: S311 - no secret
        self._outcome = Outcome()

    async def run(self, progress: Callable[[str], None] = lambda text: None) -> Outcome:
        """Talk and disturb, then wait for what is left, and count."""
        redelivery = (0.3, 0.5, 1.0, 2.0, *(2.0,) * 20)
        settings = EmulatorSettings(reconnect_nonce=0, redelivery=redelivery, rate_limits=False)
        async with FeishuEmulator(settings=settings) as feishu:
            app = feishu.add_app()
            people = [feishu.add_user(f"Person {number}") for number in range(self._plan.people)]
            child = {
                "app_id": app.app_id,
                "app_secret": app.app_secret,
                "base_url": feishu.base_url,
                "lease": self._plan.lease,
                "shared": self._plan.shared,
                **self._database,
            }
            nodes = [Node(child, self._folder / f"node{number}.log") for number in range(self._plan.nodes)]
            await asyncio.gather(*(node.start() for node in nodes))
            began = asyncio.get_running_loop().time()
            try:
                await asyncio.gather(self._disturb(nodes, progress), *(self._talk(feishu, app, one) for one in people))
                await self._peace(feishu, progress)
                self._outcome.seconds = asyncio.get_running_loop().time() - began
                await asyncio.gather(*(node.ended() for node in nodes))
            finally:
                await asyncio.gather(*(node.killed() for node in nodes))
            self._count(feishu, app, people)
        return self._outcome

    async def _talk(self, feishu: FeishuEmulator, app: App, person: User) -> None:
        """The next message is said when the platform knows that the last one has arrived: so their order is known."""
        plan = self._plan
        disturbed = plan.kills * (plan.pause + plan.lease) + plan.stops * (plan.pause + 2 * plan.lease)
        disturbed += plan.cuts * plan.pause
        pause = max(disturbed / plan.messages, 0.02)  # so that people talk as long as there are faults
        for number in range(plan.messages):
            said = await person.says(f"{number}")
            self._outcome.said += 1
            while said.event_id not in feishu.acknowledged_events(app):  # noqa: ASYNC110 - another's state
                await asyncio.sleep(0.01)
            await asyncio.sleep(self._chance.expovariate(1 / pause))

    async def _disturb(self, nodes: list[Node], progress: Callable[[str], None]) -> None:
        faults = ["kill"] * self._plan.kills + ["stop"] * self._plan.stops
        faults += ["cut"] * self._plan.cuts if self._database["schema"] else []
        self._chance.shuffle(faults)
        for fault in faults:
            await asyncio.sleep(self._plan.pause * self._chance.uniform(0.5, 1.5))
            node = self._chance.choice(nodes)
            if fault == "kill":
                self._outcome.kills += 1
                await node.killed()
                await asyncio.sleep(self._chance.choice((0.0, self._plan.lease * 1.5)))
                await node.start()
            elif fault == "cut":
                self._outcome.cuts += 1
                await cut(**self._database)
            else:
                self._outcome.stops += 1
                node.send(signal.SIGSTOP)
                await asyncio.sleep(self._plan.lease * self._chance.uniform(1.2, 2.5))
                node.send(signal.SIGCONT)
            progress(f"{self._outcome.said} said, {self._outcome.faults}")

    async def _peace(self, feishu: FeishuEmulator, progress: Callable[[str], None]) -> None:
        clock = asyncio.get_running_loop().time
        before, since = -1, clock()
        while (answers := len(feishu.messages)) < self._outcome.said and clock() - since < self._plan.patience:
            if answers != before:
                before, since = answers, clock()
                progress(f"{answers} of {self._outcome.said} answered")
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)  # for answers that nobody should give any more

    def _count(self, feishu: FeishuEmulator, app: App, people: list[User]) -> None:
        outcome = self._outcome
        by: set[str] = set()
        for person in people:
            chat = feishu.private_chat(person, app)
            texts = [message.text for message in feishu.messages if message.chat is chat]
            by |= {text.partition(" by ")[2] for text in texts}
            numbers = [int(text.partition(" by ")[0]) for text in texts]
            seen = Counter(numbers)
            outcome.lost += [f"{person.name}: {one}" for one in range(self._plan.messages) if not seen[one]]
            outcome.doubled += [f"{person.name}: {one}" for one, times in seen.items() if times > 1]
            for place, (one, after) in enumerate(itertools.pairwise(numbers)):
                if after < one:
                    outcome.disordered.append(f"{person.name}: {' - '.join(texts[max(place - 3, 0) : place + 4])}")
        outcome.repeated = feishu.stats.duplicates_absorbed
        outcome.by = len(by)
