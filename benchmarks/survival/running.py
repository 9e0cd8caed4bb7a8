"""What every run has: people on a platform, a bridge in a child process, and the account at the end."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.survival.account import Outcome, account_for
from benchmarks.survival.nursery import Child, Nursery
from benchmarks.survival.skills import PREFIX
from benchmarks.survival.spec import Keeping, Spec
from benchmarks.survival.stages import Stage
from imbridge.storage import Box, DurableStorage, EntryState

LAST_ANSWERS = 0.3
"""Seconds for answers that nobody should give any more."""
_SILENCE = 2.0
"""Seconds without an answer after which none is expected, where nothing is acknowledged."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Setting:
    """Where a run takes place.

    Attributes:
        nursery: Makes the bridges.
        folder: For their files; empty at the beginning.
        seed: Of all chance.
        people: How many talk.
        patience: Seconds without any progress until a run is over.
        progress: Told how far it is.
        control: Something that the run needs is missing: it has to fail.
    """

    nursery: Nursery
    folder: Path
    seed: int = 0
    people: int = 20
    patience: float = 15.0
    progress: Progress = field(default=lambda text: None)
    control: bool = False


class Run:
    """One stage, one spec.

    Attributes:
        said: What people have said, in order.
        starts: Seconds that each start of the bridge took.
        chance: For all that is random.
    """

    def __init__(self, stage: Stage, setting: Setting, account: Mapping[str, Any] | None = None, **spec: Any) -> None:
        """`spec` is what the bridge's `Spec` has beside account, folder and address; `account` changes the stage's."""
        self.stage = stage
        self.setting = setting
        of_stage = {**stage.account, **(account or {})}
        if spec.get("keeping", Keeping.DURABLE) is not Keeping.DURABLE:
            spec.setdefault("skill", "lingering")
        self.spec = Spec(account=of_stage, folder=str(setting.folder), listen=stage.listen, **spec)
        self.chance = random.Random(setting.seed)  # noqa: S311 - no secret
        self.said: list[str] = []
        self.starts: list[float] = []
        self._numbers: Counter[int] = Counter()

    async def live(self) -> Child:
        """Start a bridge; back when it is up."""
        clock = asyncio.get_running_loop().time
        began = clock()
        child = await self.setting.nursery.born(self.spec)
        await child.ready()
        self.starts.append(clock() - began)
        return child

    async def say(self, person: int | None = None) -> str:
        """Somebody, or this person, says the next message; returns it."""
        who = self.chance.randrange(self.setting.people) if person is None else person
        text = f"{who}-{self._numbers[who]}"
        self._numbers[who] += 1
        self.said.append(text)
        await self.stage.say(who, text)
        return text

    async def talk(self, messages: int) -> None:
        """So many messages, about a hundred a second."""
        for _ in range(messages):
            await self.say()
            await asyncio.sleep(self.chance.expovariate(100))
            self.setting.progress(f"{len(self.said)} said")

    async def taken(self) -> None:
        """Until nothing is on its way to the bridge, as long as the run has patience."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while self.stage.under_way() and clock() - began < self.setting.patience:  # noqa: ASYNC110 - an emulator has no event
            await asyncio.sleep(0.01)

    def unanswered(self) -> set[str]:
        """What was said and may still be answered."""
        answered = {text.removeprefix(PREFIX) for text in self.stage.answers()}
        return set(self.said) - set(self.stage.not_taken()) - answered

    async def peace(self, patience: float = 0.0) -> None:
        """Until everything is answered, or nothing happens any more, for so long if that is longer than usual."""
        clock = asyncio.get_running_loop().time
        before, since = -1, clock()
        # Where nothing is acknowledged, nobody knows which messages were lost with a process.
        patience = max(self.setting.patience, patience)
        if not self.stage.acknowledges:
            patience = min(patience, _SILENCE)
        while clock() - since < patience:
            answers = len(self.stage.answers())
            if not self.stage.under_way() and not self.unanswered():
                break
            if answers != before:
                before, since = answers, clock()
            self.setting.progress(f"{len(self.said)} said, {answers} answers")
            await asyncio.sleep(0.05)
        await asyncio.sleep(LAST_ANSWERS)

    async def outcome(self) -> Outcome:
        """The account; the bridge has ended."""
        named = None if self.stage.acknowledges else set(self.stage.acknowledged())
        if self.spec.keeping is Keeping.MEMORY:
            return account_for(self.stage, self.said, named)
        kept = self.spec.kind(self.spec.where)
        await kept.open()
        try:
            stored = await _logged(kept, self.said)
            if named is not None:
                named |= set(stored)
            outcome = account_for(self.stage, self.said, named, stored)
            for box in Box:
                outcome.dead += len(await kept.kept(box, EntryState.DEAD))
                outcome.left += len(await kept.kept(box, EntryState.PENDING))
        finally:
            await kept.close()
        return outcome


async def _logged(storage: DurableStorage, said: list[str]) -> list[str]:
    """What of it came into the storage, in that order, by its message log."""
    known = set(said)
    found: list[tuple[int, str]] = []
    before = None
    while lines := await storage.log.search(direction="in", limit=1000, before=before):
        found += [(line.number, line.text) for line in lines if line.text in known]
        before = lines[-1]
    return [text for _, text in sorted(found)]
