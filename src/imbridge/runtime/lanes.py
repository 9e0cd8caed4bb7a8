"""Lanes: work of one key in order, work of different keys side by side, both bounded."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from imbridge.protocol import OverloadedError

log = logging.getLogger(__name__)

Item = TypeVar("Item")

_TURN = 32
"""Items a busy lane may do before it lets a waiting lane go first."""


class Lanes(Generic[Item]):
    """Runs `work(item)` one after another within a lane.

    At most `max_running` lanes run at a time; further ones wait their turn, first come first served. A lane holds at
    most `max_length` waiting items, and all lanes together `max_waiting`: beyond that `push` says no.

    The work must deal with its own failures; one that raises all the same is logged and the lane goes on.
    """

    def __init__(
        self,
        work: Callable[[Item], Awaitable[None]],
        *,
        name: str,
        max_running: int,
        max_length: int,
        max_waiting: int,
    ) -> None:
        """Keep the bounds; no task runs before there is work."""
        self._work = work
        self._name = name
        self._max_running = max_running
        self._max_length = max_length
        self._max_waiting = max_waiting
        self._lanes: dict[str, deque[Item]] = {}
        self._ready: deque[str] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._running = 0  # not len(_workers): a worker that has found nothing left is a task for a moment longer
        self._idle = asyncio.Event()
        self._idle.set()
        self._room: dict[str, deque[asyncio.Future[None]]] = {}
        self.waiting = 0

    @property
    def running(self) -> int:
        """Lanes that are being worked on."""
        return self._running

    def has_room(self, key: str) -> bool:
        """Whether `push` would take an item."""
        if self.waiting >= self._max_waiting:
            return False
        lane = self._lanes.get(key)
        return lane is None or len(lane) < self._max_length

    def push(self, key: str, item: Item) -> bool:
        """Append to a lane; False when it, or all together, are full."""
        if not self.has_room(key):
            return False
        self.waiting += 1
        lane = self._lanes.get(key)
        if lane is not None:
            lane.append(item)
            return True
        self._lanes[key] = deque((item,))
        self._idle.clear()
        self._ready.append(key)
        if self._running < self._max_running:
            self._start_worker()
        return True

    async def put(self, key: str, item: Item) -> None:
        """Append to a lane, waiting for room: whoever produces is slowed down to what can be done.

        Those who wait for one lane get their turn in order.
        """
        first = True
        while (first and key in self._room) or not self.push(key, item):
            room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            queue = self._room.setdefault(key, deque())
            if first:
                queue.append(room)
            else:
                queue.appendleft(room)
            first = False
            try:
                await room
            except asyncio.CancelledError:
                if room.done() and not room.cancelled():
                    self._tell_room(key)
                raise

    async def drain(self) -> None:
        """Wait until nothing waits and nothing runs."""
        await self._idle.wait()

    async def cancel(self) -> list[Item]:
        """Stop all work at once; the items that were still waiting."""
        left = [item for lane in self._lanes.values() for item in lane]
        workers = tuple(self._workers)
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)
        self._lanes.clear()
        self._ready.clear()
        for queue in self._room.values():
            for room in queue:
                if not room.done():
                    room.set_exception(OverloadedError(f"the {self._name} was stopped before there was room"))
        self._room.clear()
        self.waiting = 0
        self._idle.set()
        return left

    def _start_worker(self) -> None:
        self._running += 1
        worker = asyncio.create_task(self._run(), name=f"{self._name} lane")
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _run(self) -> None:
        try:
            while self._ready:
                await self._turn(self._ready.popleft())
        finally:
            self._running -= 1
        if not self._lanes:
            self._idle.set()

    async def _turn(self, key: str) -> None:
        lane = self._lanes[key]
        turns = _TURN
        while lane and (turns or not self._ready):
            turns -= turns > 0
            item = lane.popleft()
            self.waiting -= 1
            if self._room:
                self._tell_room(key)
            await self._do(key, item)
        if lane:
            self._ready.append(key)
        else:
            del self._lanes[key]

    async def _do(self, key: str, item: Item) -> None:
        try:
            await self._work(item)
        except Exception:
            log.exception("%s: work in lane %s failed; the lane goes on", self._name, key)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # somebody cancels this worker
            log.exception("%s: work in lane %s was cancelled from within; the lane goes on", self._name, key)

    def _tell_room(self, key: str) -> None:
        queue = self._room.get(key)
        while queue:
            room = queue.popleft()
            if not queue:
                del self._room[key]
            if not room.done():
                room.set_result(None)
                return
