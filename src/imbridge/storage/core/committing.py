"""Carrying units out whatever happens: conflicts are decided again, a broken connection is tried once more."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from imbridge.storage.core.doubts import Doubts
from imbridge.storage.core.errors import Errors
from imbridge.storage.core.nodes import FencedError, Nodes
from imbridge.storage.core.plan import Plan
from imbridge.storage.core.portions import halves
from imbridge.storage.core.shares import Shares
from imbridge.storage.core.work import AddInbound, Unit, apart
from imbridge.storage.errors import StorageError

log = logging.getLogger(__name__)

_CONFLICTS = 20


class Committing(ABC):
    """The rules of when a transaction is tried again.

    Attributes:
        renews: Each transaction is a sign of life, too, where processes share chats.
        doubts: What nobody knows to be stored or not.
    """

    renews: ClassVar[bool] = True

    def __init__(self, nodes: Nodes, shares: Shares | None, errors: Errors, *, patience: float) -> None:
        """Nothing is connected yet. `patience`: seconds that a transaction may take."""
        self._nodes = nodes
        self._shares = shares
        self._errors = errors
        self._patience = patience
        self._number = 0
        self._made = Plan()
        self.doubts = Doubts()

    @property
    def _gone(self) -> str:
        """Why nothing may be written at all; empty where it may."""
        return ""

    @abstractmethod
    async def _carry_out(self, units: Sequence[Unit], *, again: bool) -> tuple[Plan, float]:
        """Carry units out in a transaction and commit it; what was made of them, and when it began.

        Args:
            units: What is asked for.
            again: It may have been committed already, under the present number.
        """

    @abstractmethod
    async def _let_go(self) -> None:
        """The next transaction begins with a connection of its own."""

    async def _before_next(self, conflict: int, error: BaseException) -> None:  # noqa: B027 - a database that lets us wait needs no pause
        """What is waited for after a conflict, which was the first (0), the second, ..."""

    async def commit(self, units: Sequence[Unit]) -> list[Any]:
        """Carry units out: each one's result, or its error."""
        if gone := self._gone:
            return [StorageError(f"not stored: {gone}", passing=True) for _ in units]
        return [result for some in apart(units) for result in await self._together(some)]

    async def _together(self, units: Sequence[Unit]) -> list[Any]:
        try:
            return await self._under_our_number(units)
        except Exception as error:  # noqa: BLE001 - statements of others are run here: their errors are for who asked
            away = self._errors.is_about_all(error) or (isinstance(error, StorageError) and error.passing)
            if len(units) == 1 or away:
                return [self._told(error) for _ in units]
        first, second = halves(units)  # one of them cannot be done: nobody else is to fail with it
        return [*await self._together(first), *await self._together(second)]

    async def _under_our_number(self, units: Sequence[Unit]) -> list[Any]:
        """When others have declared us gone, we go on under another number: what was ours under the old one is not."""
        while True:
            try:
                return await self._tried(units)
            except FencedError as fenced:
                await self._nodes.rejoin(fenced.node)

    async def _tried(self, units: Sequence[Unit]) -> list[Any]:
        broken = 0
        drop = self.doubts.dropped(self._nodes.id)
        if drop is not None:
            units = [drop, *units]
        for conflict in range(_CONFLICTS):
            self._number += 0 if broken else 1
            node = self._nodes.id
            try:
                results = await self._once(units, again=broken > 0)
            except BaseException as error:
                lost = self._errors.is_lost(error)
                if lost or isinstance(error, TimeoutError):
                    self.doubts.add(units, node)
                if lost or isinstance(error, TimeoutError) or not isinstance(error, Exception):
                    await self._let_go()
                if lost and not broken:
                    broken += 1
                    log.warning(
                        "the connection to the database broke (%s); trying once more", self._errors.in_words(error)
                    )
                elif not self._errors.is_conflict(error) or conflict == _CONFLICTS - 1:
                    raise
                else:
                    await self._before_next(conflict, error)
            else:
                if broken:
                    self.doubts.trust(units)
                if drop is not None:
                    self.doubts.end_dropped(drop)
                    del results[0]
                return results
        raise AssertionError("the last conflict is raised")

    async def _once(self, units: Sequence[Unit], *, again: bool) -> list[Any]:
        async with asyncio.timeout(self._patience):
            self._made, began = await self._carry_out(units, again=again)
        made = self._made
        self.doubts.end((*made.adopted.values(), *made.settled))
        if made.adopted or self._shares is not None:
            for unit in units:
                for piece in unit.pieces:
                    if isinstance(piece, AddInbound):
                        piece.entry.uid = made.adopted.get(piece.uid, piece.uid)
                        piece.entry.handed_over = piece.uid in made.handed_over
                        piece.entry.fence = made.node if self._shares is not None else 0
        for number, run in made.runs:
            if run.then is not None:
                run.then(made.results[number], made.node)
        if self._shares is not None:
            if self.renews:
                self._nodes.note_contact(began)
            self._shares.committed(made)
        return made.results

    def _told(self, error: Exception) -> Exception:
        """What whoever asked is told."""
        if self._errors.is_of_database(error):
            passing = self._errors.is_about_all(error)
            return StorageError(f"not stored: {self._errors.in_words(error)}", passing=passing)
        return error
