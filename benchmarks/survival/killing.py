"""The kill test: people talk with a bot whose process is killed again and again."""

import asyncio
from dataclasses import dataclass
from statistics import mean

from benchmarks.survival.account import Outcome
from benchmarks.survival.nursery import Child
from benchmarks.survival.running import Run, Setting
from benchmarks.survival.spec import Keeping
from benchmarks.survival.stages import Stage
from benchmarks.survival.stages.base import Starter

SHORTEST, LONGEST = 0.05, 0.3
"""Seconds of a life, from the moment at which the bridge is up."""
USUAL_START = 0.2
"""Seconds from the fork until the bridge is up. Where the machine has much else to do and it takes longer, lives are
longer in proportion, or nothing would be done between two kills."""


@dataclass(frozen=True)
class Plan:
    """How much is tried.

    Attributes:
        messages: How many people say, together.
        kills: How often the bridge is killed meanwhile, about.
        keeping: Where the bridge keeps its messages.
        attempts: How often a message may be at work when its process ends. Here it is the kills that are to blame and
            no message, so it is more often than a bridge has it by itself.
    """

    messages: int = 1000
    kills: int = 100
    keeping: Keeping = Keeping.DURABLE
    attempts: int = 1000


class KillRun(Run):
    """One platform, one plan."""

    def __init__(self, stage: Stage, plan: Plan, setting: Setting) -> None:
        storage = {} if plan.keeping is Keeping.MEMORY else {"max_attempts": plan.attempts}
        super().__init__(stage, setting, keeping=plan.keeping, storage=storage)
        self._plan = plan
        self._up = asyncio.Event()
        self.kills = 0

    async def run(self) -> Outcome:
        """Talk and kill, then let the bridge finish in peace, and see what is there."""
        clock = asyncio.get_running_loop().time
        began = clock()
        async with asyncio.TaskGroup() as beside:
            talking = beside.create_task(self._talk(), name="people")
            while not talking.done():
                child = await self._up_again()
                await asyncio.sleep(self.chance.uniform(SHORTEST, LONGEST) * self._stretch)
                self._up.clear()
                await child.kill()
                self.kills += 1
                self.setting.progress(f"{len(self.said)} of {self._plan.messages} said, {self.kills} kills")
        child = await self._up_again()
        await self.peace()
        await child.end()
        outcome = await self.outcome()
        outcome.kills = self.kills
        outcome.figures |= {"seconds": clock() - began, "start_mean": mean(self.starts)}
        return outcome

    @property
    def _stretch(self) -> float:
        return max(1.0, self.starts[-1] / USUAL_START) if self.starts else 1.0

    async def _up_again(self) -> Child:
        child = await self.live()
        self._up.set()
        return child

    async def _talk(self) -> None:
        pause = self._plan.kills * (SHORTEST + LONGEST) / 2 / self._plan.messages
        for _ in range(self._plan.messages):
            await asyncio.sleep(self.chance.expovariate(1 / pause) * self._stretch)
            # Where the platform keeps it, some of it is said while nobody is there.
            if not self.stage.patient or self.chance.random() < 0.9:
                await self._up.wait()
            await self.say()


async def kill(start: Starter, plan: Plan, setting: Setting) -> Outcome:
    """Run a plan on a platform."""
    async with start(setting.people) as stage:
        return await KillRun(stage, plan, setting).run()
