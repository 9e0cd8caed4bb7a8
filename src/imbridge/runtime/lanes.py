"""Lanes: work of one key in order, work of different keys side by side, both bounded."""

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from imbridge.protocol import OverloadedError
from imbridge.runtime.ending import end_all

log = logging.getLogger(__name__)

Item = TypeVar("Item")


class Lanes(Generic[Item]):
    """Runs `work(item)` one after another within a lane.

    At most `max_running` lanes run at a time; further ones wait their turn, first come first served. A lane holds at
    most `max_length` waiting items, and all lanes together `max_waiting`: beyond that `push` says no.

    The work must deal with its own failures; one that raises all the same is logged and the lane goes on.

    Attributes:
        waiting: Items that wait, in all lanes.
        interrupted: Items whose work `cancel` has cut short.
    """

    def __init__(
        self,
        work: Callable[[Item], Awaitable[None]],
        *,
        name: str,
        max_running: int,
        max_length: int,
        max_waiting: int,
        context: contextvars.Context | None = None,
    ) -> None:
        """Keep the bounds; no task runs before there is work. `context` is what each piece of work starts from."""
        self._work = work
        self._name = name
        self._task_name = f"{name} lane"
        self._context = contextvars.copy_context() if context is None else context
        self._max_running = max_running
        self._max_length = max_length
        self._max_waiting = max_waiting
        self._lanes: dict[str, deque[Item]] = {}
        self._ready: deque[str] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._at_work: dict[str, tuple[asyncio.Task[Any] | None, Item]] = {}
        self._broken_off: set[str] = set()
        self._left: list[Item] = []
        self._running = 0  # not len(_workers): a worker that is done stays a task for a moment longer
        self._idle = asyncio.Event()
        self._idle.set()
        self._room: dict[str, deque[asyncio.Future[None]]] = {}
        self._held: dict[str, asyncio.TimerHandle] = {}
        self._closed = False
        self.waiting = 0
        self.interrupted = 0

    @property
    def running(self) -> int:
        """Lanes that are being worked on."""
        return self._running

    @property
    def idle(self) -> bool:
        """Nothing runs, and nothing waits but what is held back."""
        return self._idle.is_set()

    def has_room(self, key: str, *, beside: int = 0, beside_here: int = 0) -> bool:
        """Whether `push` would take an item; `beside` others that will come, `beside_here` of them into this lane."""
        if self.waiting + beside >= self._max_waiting:
            return False
        lane = self._lanes.get(key)
        return (0 if lane is None else len(lane)) + beside_here < self._max_length

    def begins_at_once(self, key: str, *, beside: int = 0) -> bool:
        """Whether work on an item that is pushed now would begin now; `beside` others that will come elsewhere."""
        return (
            key not in self._lanes
            and key not in self._room
            and self._running + beside < self._max_running
            and self.waiting + beside < self._max_waiting
            and not self._closed
        )

    def push(self, key: str, item: Item, *, first: bool = False) -> bool:
        """Append to a lane; False when it, or all together, are full, or `cancel` was called.

        Args:
            key: The lane.
            item: What is to be done.
            first: It goes before all that waits in the lane.
        """
        lane = self._lanes.get(key)
        if self._closed or self.waiting >= self._max_waiting or (lane and len(lane) >= self._max_length):
            return False
        self._add(key, lane, item, first=first)
        return True

    def restore(self, key: str, item: Item, *, first: bool = False) -> None:
        """As `push`, whether the lane is full or not: what an earlier process left must not be refused.

        After `cancel` it is left where it is kept: others go on with it.
        """
        if not self._closed:
            self._add(key, self._lanes.get(key), item, first=first)

    def _add(self, key: str, lane: "deque[Item] | None", item: Item, *, first: bool) -> None:
        self.waiting += 1
        if lane is not None:
            if first:
                lane.appendleft(item)
            else:
                lane.append(item)
            return
        if len(self._lanes) == len(self._held):
            self._idle.clear()
        self._lanes[key] = deque((item,))
        self._ready.append(key)
        if self._running < self._max_running:
            self._start_worker()

    def hold(self, key: str, item: Item, seconds: float) -> None:
        """Put the item that is being done back, before all others of its lane, and do none of them for so long.

        To be called by the work, as the last thing that it does. A lane that is held back takes no turn of another's.
        """
        self._lanes[key].appendleft(item)
        self.waiting += 1
        self._held[key] = asyncio.get_running_loop().call_later(seconds, self.release, key)

    def release(self, key: str) -> None:
        """A lane that is held back has its turn now."""
        timer = self._held.pop(key, None)
        if timer is None:
            return
        timer.cancel()
        self._idle.clear()
        self._ready.append(key)
        if self._running < self._max_running and not self._closed:
            self._start_worker()

    def release_all(self) -> None:
        """As `release`, all of them."""
        for key in tuple(self._held):
            self.release(key)

    def held_back(self, key: str) -> Sequence[Item]:
        """What waits in a lane that is held back; empty when it is not."""
        return tuple(self._lanes[key]) if key in self._held else ()

    async def put(self, key: str, item: Item) -> None:
        """Append to a lane, waiting for room: whoever produces is slowed down to what can be done.

        Those who wait for one lane get their turn in order.

        Raises:
            OverloadedError: `cancel` was called; nothing is done any more.
        """
        first = True
        while (first and key in self._room) or not self.push(key, item):
            if self._closed:
                raise self._stopped()
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
                self._leave(key, queue, room)
                self._tell_room(key)
                raise
            # Until here it stood in the queue, so that nobody who came later could take the room it was told of.
            self._leave(key, queue, room)

    def take(self, key: str, wanted: Callable[[Item], bool]) -> Item | None:
        """Take the first item that is wanted out of a lane, past those before it; None when none of it waits."""
        lane = self._lanes.get(key, ())
        for position, item in enumerate(lane):
            if wanted(item):
                del self._lanes[key][position]
                self.waiting -= 1
                if self._room:
                    self._tell_room(key)
                return item
        return None

    def replace(self, key: str, old: Item, new: Item) -> bool:
        """Put an item in the place of another one that waits; False when that one does not wait in the lane."""
        lane = self._lanes.get(key, ())
        for position, item in enumerate(lane):
            if item is old:
                self._lanes[key][position] = new
                return True
        return False

    def break_off(self, unwanted: Callable[[Item], bool]) -> int:
        """Cancel the work on some items; their lanes go on. On how many."""
        broken_off = 0
        for key, (task, item) in self._at_work.items():
            if task is not None and unwanted(item):
                broken_off += 1
                self._broken_off.add(key)
                task.cancel()
        return broken_off

    def leave(self, unwanted: Callable[[Item], bool]) -> None:
        """Cancel the work on some items; what waits behind them is not done either, and given out by `cancel`."""
        for key, (task, item) in self._at_work.items():
            if task is not None and key not in self._broken_off and unwanted(item):
                lane = self._lanes[key]
                self._left += item, *lane
                self.waiting -= len(lane)
                lane.clear()
                self._broken_off.add(key)
                task.cancel()

    def at_work(self, key: str) -> Item | None:
        """What is being done in a lane."""
        working = self._at_work.get(key)
        return None if working is None else working[1]

    async def drain(self) -> None:
        """Wait until nothing runs, and nothing waits but what is held back."""
        await self._idle.wait()

    def check_open(self) -> None:
        """See that something is still done here.

        Raises:
            OverloadedError: `cancel` was called.
        """
        if self._closed:
            raise self._stopped()

    def close(self) -> None:
        """Take nothing more."""
        self._closed = True

    async def cancel(self) -> list[Item]:
        """Stop all work at once and for good; the items that were still waiting."""
        self.close()
        left = self._left + [item for lane in self._lanes.values() for item in lane]
        self._left = []
        # Before the work is told: work that ignores it must not go on with the next item.
        for lane in self._lanes.values():
            lane.clear()
        self._ready.clear()
        for timer in self._held.values():
            timer.cancel()
        self._held.clear()
        self.waiting = 0
        for queue in self._room.values():
            for room in queue:
                if not room.done():
                    room.set_exception(self._stopped())
        self._room.clear()
        if stubborn := await end_all(self._workers):
            log.error("%s: %d lanes do not stop: what runs in them ignores its cancellation", self._name, stubborn)
        left += [item for lane in self._lanes.values() for item in lane]  # held back by work that just ended
        for timer in self._held.values():
            timer.cancel()
        self._held.clear()
        self._lanes.clear()
        self._idle.set()
        return left

    def _stopped(self) -> OverloadedError:
        return OverloadedError(f"the {self._name} is stopped; nothing is done any more")

    def _start_worker(self) -> None:
        """Do the first item of the lane whose turn it is, in a task and a context of its own.

        What one piece of work puts into context variables is none of the next one's business.
        """
        self._running += 1
        key = self._ready.popleft()
        create = asyncio.get_running_loop().create_task  # asyncio's own function asks three more for the name
        worker = create(self._run(key), name=self._task_name, context=self._context.copy())
        self._workers.add(worker)  # until its end, which it notes itself

    async def _run(self, key: str) -> None:
        task, lane = asyncio.current_task(), self._lanes[key]
        try:
            if not lane:
                return  # it was taken while it waited for this
            item = lane.popleft()
            self.waiting -= 1
            self._at_work[key] = task, item
            if self._room:
                self._tell_room(key)
            await self._work(item)
        except Exception:
            log.exception("%s: work in lane %s failed; the lane goes on", self._name, key)
        except asyncio.CancelledError:
            if task is not None and task.cancelling():
                self.interrupted += key not in self._broken_off
                raise  # somebody cancels this worker
            log.exception("%s: work in lane %s was cancelled from within; the lane goes on", self._name, key)
        finally:
            del self._at_work[key]
            self._broken_off.discard(key)
            self._running -= 1
            if not lane:
                self._lanes.pop(key, None)
            elif key not in self._held:
                self._ready.append(key)
            if self._ready and not self._closed:
                self._start_worker()
            if len(self._lanes) == len(self._held):
                self._idle.set()
            if task is not None:
                self._workers.discard(task)

    def _leave(self, key: str, queue: "deque[asyncio.Future[None]]", room: "asyncio.Future[None]") -> None:
        queue.remove(room)
        if not queue:
            self._room.pop(key, None)

    def _tell_room(self, key: str) -> None:
        """An item has left its lane. The room goes to whoever waits for that lane, or else for room in all of them."""
        if key not in self._room:
            key = next((waiting for waiting in self._room if self.has_room(waiting)), key)
        for room in self._room.get(key, ()):
            if not room.done():
                room.set_result(None)
            return
