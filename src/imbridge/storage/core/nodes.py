"""Which processes share this storage, and which of them are gone."""

import asyncio
import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from imbridge.storage.core.ids import digest, new_uid
from imbridge.storage.core.processes import identity, runs
from imbridge.storage.errors import StorageError

log = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")

MUTEX = digest("taking over")
"""The id of a lease of nothing, which is over: whoever takes over holds its row until the end of the transaction."""
_SILENT = 0.7
"""The part of its lease after which a process that could give no sign of life stops working by itself."""


class FencedError(Exception):
    """Others have declared this process gone, or it has given itself up: nothing may be written under its number."""

    def __init__(self, node: int) -> None:
        self.node = node
        super().__init__(f"process {node} is declared gone")


@dataclass(slots=True)
class Neighbour:
    """A process as it stands in the database; `lives` by the database's clock."""

    id: int
    host: str
    process: str
    until: float
    lives: bool

    @property
    def is_here(self) -> bool:
        """It is of this machine: whether it runs can be seen."""
        host, _ = identity()
        return bool(host) and self.host == host

    @property
    def has_ended(self) -> bool:
        """It certainly runs no more."""
        return self.is_here and not runs(self.process)


class Nodes(ABC):
    """This process among the others: it says that it lives, and finds those that do not.

    A process is gone when its lease has ended, or when it ran on this machine and does not any more: so a process that
    is started again after a kill need not wait. Whoever takes over from it first deletes its row. A process that finds
    its own row deleted goes on under another number (`rejoin`), and what it had is not its own any more.

    Attributes:
        id: The number of this process, in its present life.
        lease: Seconds without a sign of life after which a process counts as gone.
        shared: Whether several processes share the conversations; otherwise a process never gives itself up.
        others: How many other processes lived when this one gave its last sign of life.
        on_lost: Called with the old number when this process has lost, or given up, what it had.
    """

    def __init__(self, *, lease: float, shared: bool = False) -> None:
        """It is among them from `join()` on."""
        self.id = new_uid()
        self.lease = lease
        self.shared = shared
        self.others = 0
        self.on_lost: Callable[[int], None] = lambda node: None
        self._given_up = 0
        self._contact = self._contact_since = -math.inf
        self._rejoining = asyncio.Lock()
        self._beating: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Say that we are there, and go on saying it."""
        began = time.monotonic()

        async def enter(connection: Any) -> int:
            await self._enter(connection, self.id)
            return await self._count(connection)

        self.others = await self._change(enter)
        self.note_contact(began)
        self._contact_since = -math.inf
        self._beating = asyncio.create_task(self._beat(), name="storage:nodes")
        if self.shared:
            self._watching = asyncio.create_task(self._watch(), name="storage:nodes watch")

    async def leave(self) -> None:
        """What is ours and not done is free for others at once."""
        tasks = [task for task in (self._beating, self._watching) if task is not None]
        self._beating = self._watching = None
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        try:
            await self._change(partial(self._remove, node=self.id))
        except StorageError as error:
            log.warning("could not say goodbye to the database (%s): others wait until the lease ends", error)

    # -- signs of life -------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """See that this process has not given itself up.

        Raises:
            FencedError: it has.
        """
        if self._given_up == self.id:
            raise FencedError(self.id)

    def is_current(self, node: int) -> bool:
        """Whether this process still has what it has under this number."""
        return node == self.id and node != self._given_up

    def note_contact(self, began: float) -> None:
        """The database has taken a sign of life that was begun at this time (of `time.monotonic`)."""
        if began - self._contact > _SILENT * self.lease:
            self._contact_since = began
        self._contact = max(began, self._contact)

    async def rejoin(self, node: int) -> None:
        """Go on under another number, if `node` is the present one; what it had is not ours any more.

        What nobody has taken over yet of it was given up in good order: that is no attempt that failed.
        """
        async with self._rejoining:
            if node != self.id:
                return
            began, following = time.monotonic(), new_uid()

            async def move(connection: Any) -> None:
                if await self._remove(connection, node):
                    await self.undo_starts(connection, node)
                await self._enter(connection, following)

            await self._change(move)
            self.id = following  # not before it is there: nothing could be written under it
            self.note_contact(began)
            if self._given_up != node:
                log.error(
                    "this process was silent for more than %g s, and others go on with its conversations", self.lease
                )
                self.on_lost(node)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.lease / 3)
            try:
                await self.say_so()
            except StorageError as error:
                log.warning("no sign of life could be given to the database (%s)", error)

    async def say_so(self) -> None:
        """Give a sign of life now; under another number, if this one is over."""
        try:
            await self._sign_of_life()
        except FencedError as fenced:
            await self.rejoin(fenced.node)

    async def _sign_of_life(self) -> None:
        self.check()
        began, node = time.monotonic(), self.id

        async def renew(connection: Any) -> int:
            if not await self._renew(connection, node):
                if self.shared:
                    raise FencedError(node)
                await self._enter(connection, node)  # we were silent for so long that somebody has cleaned up
            return await self._count(connection)

        self.others = await self._change(renew)
        self.note_contact(began)

    async def _watch(self) -> None:
        """Give up in time, by our own clock, what others may take over soon. Alone there is nobody who could."""
        while True:
            await asyncio.sleep(self.lease / 20)
            silent = time.monotonic() - self._contact
            if self.others and silent > _SILENT * self.lease and self._given_up != self.id:
                self._given_up = self.id
                log.error(
                    "no sign of life could be given for %.1f s: this process gives its conversations up, for others "
                    "may go on with them",
                    silent,
                )
                self.on_lost(self.id)

    # -- the others ----------------------------------------------------------------------------------------------------

    async def alive(self, connection: Any, *, lock: bool = False) -> dict[int, float | None]:
        """The processes that live, ourselves among them, as far as can be told.

        Args:
            connection: Any.
            lock: To take over from those that are gone: nobody else does so until the transaction ends, and those that
                are gone are declared so; should one of them live all the same, it finds out when it writes next.

        Returns:
            Until when each one's lease runs; None for those that certainly live.
        """
        if lock:
            await self._hold(connection)
        found: dict[int, float | None] = {self.id: None}
        for row in await self._all(connection):
            ended = row.has_ended
            if row.id == self.id:
                continue
            if row.lives and not ended:
                found[row.id] = None if row.is_here else row.until
            elif lock and not await self._bury(connection, row.id, certain=ended):
                found[row.id] = row.until
        return found

    async def _bury(self, connection: Any, node: int, *, certain: bool) -> bool:
        """Declare one gone; False when it is not.

        Whoever was silent himself, as all are when the database was away, gives the others time to come back.
        """
        if certain:
            await self._remove(connection, node)
            return True
        if self.shared and time.monotonic() - self._contact_since < self.lease:
            return False
        return await self._remove_silent(connection, node)

    # -- in the database -----------------------------------------------------------------------------------------------

    @abstractmethod
    async def _change(self, work: Callable[[Any], Awaitable[ResultT]]) -> ResultT:
        """Do it in a transaction of its own.

        Raises:
            StorageError: it could not be written.
        """

    @abstractmethod
    async def _enter(self, connection: Any, node: int) -> None:
        """Write a process down that lives for a lease from now on."""

    @abstractmethod
    async def _renew(self, connection: Any, node: int) -> bool:
        """It lives for a lease from now on. False when it is not there."""

    @abstractmethod
    async def _remove(self, connection: Any, node: int) -> bool:
        """Take one out. False when it was not there."""

    @abstractmethod
    async def _remove_silent(self, connection: Any, node: int) -> bool:
        """Take one out whose lease is over, and that is not in the middle of a transaction. Whether that is done."""

    @abstractmethod
    async def _count(self, connection: Any) -> int:
        """How many others live."""

    @abstractmethod
    async def _all(self, connection: Any) -> Iterable[Neighbour]:
        """All of them, by their number."""

    @abstractmethod
    async def _hold(self, connection: Any) -> None:
        """Hold the row `MUTEX` until the transaction ends."""

    @abstractmethod
    async def undo_starts(self, connection: Any, node: int) -> None:
        """What a process had begun and gives back in good order is no attempt that failed."""
