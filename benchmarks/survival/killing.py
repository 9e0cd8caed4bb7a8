"""The kill test: people talk with a bot whose process is killed again and again."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from benchmarks.survival.account import Outcome, account_for
from benchmarks.survival.nursery import Child, Nursery
from benchmarks.survival.skills import PREFIX
from benchmarks.survival.spec import Keeping, Spec
from benchmarks.survival.stages import Stage
from benchmarks.survival.stages.base import Starter
from imbridge.storage import Box, EntryState
from imbridge.storage.sql import SqlStorage

SHORTEST, LONGEST = 0.05, 0.3
"""Seconds of a life, from the moment at which the bridge is up."""
USUAL_START = 0.2
"""Seconds from the fork until the bridge is up. Where the machine has much else to do and it takes longer, lives are
longer in proportion, or nothing would be done between two kills."""
LAST_ANSWERS = 0.3
"""Seconds for answers that nobody should give any more."""
_SILENCE = 2.0
"""Seconds without an answer after which none is expected, where nothing is acknowledged."""


@dataclass(frozen=True)
class Plan:
    """How much is tried.

    Attributes:
        messages: How many people say, together.
        kills: How often the bridge is killed meanwhile, about.
        people: How many talk.
        keeping: Where the bridge keeps its messages.
        attempts: How often a message may be at work when its process ends. Here it is the kills that are to blame and
            no message, so it is more often than a bridge has it by itself.
        patience: Seconds without any progress, after the last kill, until the run is over.
        seed: Of all chance.
    """

    messages: int = 1000
    kills: int = 100
    people: int = 20
    keeping: Keeping = Keeping.DURABLE
    attempts: int = 1000
    patience: float = 15.0
    seed: int = 0


class KillRun:
    """One platform, one plan."""

    def __init__(self, stage: Stage, plan: Plan, nursery: Nursery, folder: Path) -> None:
        self._stage = stage
        self._plan = plan
        self._nursery = nursery
        self._spec = Spec(
            account=stage.account,
            folder=str(folder),
            keeping=plan.keeping,
            listen=stage.listen,
            storage={} if plan.keeping is Keeping.MEMORY else {"max_attempts": plan.attempts},
        )
        self._chance = random.Random(plan.seed)  # noqa: S311 - no secret
        self._up = asyncio.Event()
        self._numbers: Counter[int] = Counter()
        self.said: list[str] = []
        self.kills = 0
        self.starts: list[float] = [USUAL_START]

    async def run(self, progress: Callable[[str], None] = lambda text: None) -> Outcome:
        """Talk and kill, then let the bridge finish in peace, and see what is there."""
        clock = asyncio.get_running_loop().time
        began = clock()
        talking = asyncio.create_task(self._talk(), name="people")
        try:
            while not talking.done():
                child = await self._live()
                await asyncio.sleep(self._chance.uniform(SHORTEST, LONGEST) * self._stretch)
                self._up.clear()
                await child.kill()
                self.kills += 1
                progress(f"{len(self.said)} of {self._plan.messages} said, {self.kills} kills")
            await talking
        finally:
            talking.cancel()
            await asyncio.wait((talking,))
        child = await self._live()
        await self._peace(clock)
        await child.end()
        outcome = await self._outcome()
        outcome.figures |= {"seconds": clock() - began, "start_mean": mean(self.starts[1:])}
        return outcome

    @property
    def _stretch(self) -> float:
        return max(1.0, self.starts[-1] / USUAL_START)

    async def _live(self) -> Child:
        clock = asyncio.get_running_loop().time
        began = clock()
        child = await self._nursery.born(self._spec)
        await child.ready()
        self.starts.append(clock() - began)
        self._up.set()
        return child

    async def _talk(self) -> None:
        plan, chance = self._plan, self._chance
        pause = plan.kills * (SHORTEST + LONGEST) / 2 / plan.messages
        for _ in range(plan.messages):
            await asyncio.sleep(chance.expovariate(1 / pause) * self._stretch)
            # Where the platform keeps it, some of it is said while nobody is there.
            if not self._stage.patient or chance.random() < 0.9:
                await self._up.wait()
            person = chance.randrange(plan.people)
            text = f"{person}-{self._numbers[person]}"
            self._numbers[person] += 1
            self.said.append(text)
            await self._stage.say(person, text)

    async def _peace(self, clock: Callable[[], float]) -> None:
        """Until everything is answered, or nothing happens any more."""
        before, since = -1, clock()
        # Where nothing is acknowledged, nobody knows which messages were lost with a process.
        patience = self._plan.patience if self._stage.acknowledges else min(self._plan.patience, _SILENCE)
        while clock() - since < patience:
            answers = self._stage.answers()
            open_still = set(self.said) - set(self._stage.not_taken()) - {text.removeprefix(PREFIX) for text in answers}
            if not self._stage.under_way() and not open_still:
                break
            if len(answers) != before:
                before, since = len(answers), clock()
            await asyncio.sleep(0.05)
        await asyncio.sleep(LAST_ANSWERS)

    async def _outcome(self) -> Outcome:
        kept = None if self._plan.keeping is Keeping.MEMORY else SqlStorage(self._spec.where)
        named = None if self._stage.acknowledges else set(self._stage.acknowledged())
        if kept is None:
            outcome = account_for(self._stage, self.said, named)
        else:
            await kept.open()
            try:
                if named is not None:
                    named |= await _logged(kept, self.said)
                outcome = account_for(self._stage, self.said, named)
                for box in Box:
                    outcome.dead += len(await kept.kept(box, EntryState.DEAD))
                    outcome.left += len(await kept.kept(box, EntryState.PENDING))
            finally:
                await kept.close()
        outcome.kills = self.kills
        return outcome


async def _logged(storage: SqlStorage, said: list[str]) -> set[str]:
    """What of it came into the storage, by its message log."""
    known = set(said)
    found: set[str] = set()
    before = None
    while lines := await storage.log.search(direction="in", limit=1000, before=before):
        found |= {line.text for line in lines} & known
        before = lines[-1]
    return found


async def kill(
    start: Starter, plan: Plan, nursery: Nursery, folder: Path, progress: Callable[[str], None] = lambda text: None
) -> Outcome:
    """Run a plan on a platform."""
    async with start(plan.people) as stage:
        return await KillRun(stage, plan, nursery, folder).run(progress)
