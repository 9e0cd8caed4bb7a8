"""What the commands ask of a storage. Importing this file loads the storage."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from imbridge.cli.opening import looking
from imbridge.storage import Box, DurableStorage, EntryState, Kept, Sought
from imbridge.storage.core.portions import portions

_AT_ONCE = 100
"""Changed in one transaction: as long as it lasts, nobody takes over what another process has left."""


@dataclass(slots=True)
class Outcome:
    """What became of entries, by their ids."""

    done: list[int] = field(default_factory=list)
    in_hand: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, list[str]]:
        """Ids as text, as `list --json` has them."""
        return {
            "done": list(map(str, self.done)),
            "in_hand": list(map(str, self.in_hand)),
            "missing": list(map(str, self.missing)),
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """The entries that a command is about.

    Attributes:
        file: The settings file that was given.
        boxes: Where to look.
        state: Pending or dead.
        sought: What they have to meet.
    """

    file: Path | None
    boxes: tuple[Box, ...]
    state: EntryState
    sought: Sought

    @classmethod
    def of(cls, name: str, file: Path | None, box: str | None, sought: dict[str, Any]) -> "Asked":
        """By the name of the command: `inbox`, `outbox` or `dead`."""
        chosen = box if name == "dead" else name
        boxes = tuple(Box) if chosen is None else (Box(chosen),)
        state = EntryState.DEAD if name == "dead" else EntryState.PENDING
        return cls(file, boxes, state, cast("Sought", sought))

    async def listed(self, limit: int) -> tuple[list[Kept], int]:
        """The oldest, and how many there are."""
        async with looking(self.file) as storage:
            found = [
                kept
                for box in self.boxes
                for sought in self._portions()
                for kept in await storage.kept(box, self.state, limit=limit, **sought)
            ]
            found.sort(key=lambda kept: kept.created_at)
            total = len(found) if len(found) < limit else await self._count(storage)
        return found[:limit], total

    async def count(self) -> int:
        """How many there are."""
        async with looking(self.file) as storage:
            return await self._count(storage)

    async def changed(self, what: str, uids: tuple[int, ...], *, in_hand: bool) -> Outcome:
        """Retry or drop these, or all where none is named."""
        outcome = Outcome()
        async with looking(self.file) as storage:
            for box in self.boxes:
                for sought in self._portions():
                    await self._change(storage, box, sought, what, outcome, in_hand=in_hand)
        known = {*outcome.done, *outcome.in_hand}
        outcome.missing = [uid for uid in uids if uid not in known]
        return outcome

    async def _change(
        self, storage: DurableStorage, box: Box, sought: Sought, what: str, outcome: Outcome, *, in_hand: bool
    ) -> None:
        last: Kept | None = None
        while page := await storage.kept(box, self.state, after=last, limit=_AT_ONCE, **sought):
            last = page[-1]
            uids = [kept.uid for kept in page]
            if what == "drop":
                done = await storage.drop(box, *uids, state=self.state, in_hand=in_hand)
            else:
                done = await storage.retry(box, *uids, state=self.state)
            outcome.done += done
            outcome.in_hand += [kept.uid for kept in page if kept.in_hand and kept.uid not in set(done)]

    async def _count(self, storage: DurableStorage) -> int:
        return sum(
            [await storage.count(box, self.state, **sought) for box in self.boxes for sought in self._portions()]
        )

    def _portions(self) -> Iterator[Sought]:
        """What they have to meet, some ids at a time: no database takes a list of any length."""
        if "uids" not in self.sought:
            yield self.sought
            return
        for some in portions(dict.fromkeys(self.sought["uids"])):
            yield {**self.sought, "uids": some}
