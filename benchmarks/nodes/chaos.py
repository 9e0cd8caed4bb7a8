"""People talk with one app that several processes serve; chance kills and stops them, and takes their database away."""

import asyncio
import itertools
import random
import signal
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from benchmarks.nodes.database import Database
from benchmarks.nodes.node import Node
from benchmarks.nodes.plan import CUT, FAULTS, KILL, LOSS, RESTART, STOP, Outcome, Plan
from imbridge.emulators.feishu import App, EmulatorSettings, FeishuEmulator, User

KILLED_MEANWHILE = 0.3
"""How often a process is killed while the database is away."""


class Chaos:
    """One run."""

    def __init__(self, plan: Plan, database: Database, folder: Path) -> None:
        self._plan = plan
        self._database = database
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
                "hints": self._plan.hints,
                "url": self._database.url,
                "schema": self._database.schema,
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
            self._outcome.left = await self._database.left()
        return self._outcome

    async def _talk(self, feishu: FeishuEmulator, app: App, person: User) -> None:
        """The next message is said when the platform knows that the last one has arrived: so their order is known."""
        plan = self._plan
        pause = max(plan.disturbed / plan.messages, 0.02)  # so that people talk as long as there are faults
        for number in range(plan.messages):
            said = await person.says(f"{number}")
            self._outcome.said += 1
            while said.event_id not in feishu.acknowledged_events(app):  # noqa: ASYNC110 - another's state
                await asyncio.sleep(0.01)
            await asyncio.sleep(self._chance.expovariate(1 / pause))

    async def _disturb(self, nodes: Sequence[Node], progress: Callable[[str], None]) -> None:
        faults = [fault for fault in FAULTS for _ in range(getattr(self._plan, fault))]
        self._chance.shuffle(faults)
        for fault in faults:
            await asyncio.sleep(self._plan.pause * self._chance.uniform(0.5, 1.5))
            self._outcome.done[fault] += 1
            await self._fail(fault, nodes)
            progress(f"{self._outcome.said} said, {self._outcome.faults}")

    async def _fail(self, fault: str, nodes: Sequence[Node]) -> None:
        node, lease = self._chance.choice(nodes), self._plan.lease
        if fault == KILL:
            await node.killed()
            await asyncio.sleep(self._chance.choice((0.0, lease * 1.5)))
            await node.start()
        elif fault == STOP:
            node.send(signal.SIGSTOP)
            await asyncio.sleep(lease * self._chance.uniform(1.2, 2.5))
            node.send(signal.SIGCONT)
        elif fault == CUT:
            await self._database.cut()
        else:
            goes = {LOSS: self._database.lose_a_commit, RESTART: self._database.restart}[fault]
            await self._away(goes, lease * self._chance.uniform(0.1, 2.0), node)

    async def _away(self, goes: Callable[[float], Coroutine[Any, Any, None]], seconds: float, node: Node) -> None:
        """The database is away; now and then a process is killed meanwhile, and comes back after it."""
        dies = self._chance.random() < KILLED_MEANWHILE
        async with asyncio.TaskGroup() as beside:
            beside.create_task(goes(seconds))
            if dies:
                await asyncio.sleep(seconds / 2)
                await node.killed()
        if dies:
            self._outcome.done[KILL] += 1
            await node.start()

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
