"""Callbacks of the long connection on their way into the inbox: in order, each once, none lost to a full inbox.

The platform does not deliver a second time. While the inbox has no room, what came waits here; it does not wait
unread in the connection, because the acknowledgements of what skills send would wait behind it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from imbridge.adapters.base import Inbound, Intake, Verdict
from imbridge.transport import Backoff

log = logging.getLogger(__name__)

MOST_WAITING = 2000
_PATIENCE = 60.0
"""Seconds for the inbox to have room again; whoever wrote has given up by then."""


class Taking:
    """Hands callbacks to the inbox, one after another.

    Attributes:
        counts: What became of them.
    """

    def __init__(self, name: str, intake: Intake, taken: Callable[[Inbound], None], counts: Counter[str]) -> None:
        """`taken` is told of each one that is new and stored; `name` is for the log."""
        self._name = name
        self._intake = intake
        self._taken = taken
        self.counts = counts
        self._waiting: asyncio.Queue[Inbound] = asyncio.Queue(MOST_WAITING)
        self._backoff = Backoff(0.1, 2.0)
        self._task: asyncio.Task[None] | None = None
        self._told: set[str] = set()

    def start(self) -> None:
        """Begin; once."""
        self._task = asyncio.create_task(self._run(), name=f"link:{self._name}:taking")

    def put(self, inbound: Inbound) -> bool:
        """The next one; False when too many wait already and it is lost."""
        try:
            self._waiting.put_nowait(inbound)
        except asyncio.QueueFull:
            self._lost("too many wait for the inbox")
            return False
        return True

    async def stop(self, within: float = 5.0) -> None:
        """Hand over what waits, then end."""
        task, self._task = self._task, None
        if task is None:
            return
        emptied = asyncio.create_task(self._waiting.join(), name=f"link:{self._name}:taking:end")
        try:
            await asyncio.wait((emptied, task), timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            emptied.cancel()
            task.cancel()
            await asyncio.wait((emptied, task))
        left = self._waiting.qsize()
        if left:
            log.error("%s: %d messages that came were not taken in before the stop", self._name, left)

    async def _run(self) -> None:
        while True:
            inbound = await self._waiting.get()
            try:
                await self._take(inbound)
            except Exception as error:  # noqa: BLE001 - told; one that fails must not end the others
                self._lost(f"the inbox failed: {type(error).__name__}")
            finally:
                self._waiting.task_done()

    async def _take(self, inbound: Inbound) -> None:
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        attempt = 0
        while True:
            offered = self._intake.offer(inbound)
            verdict = offered.result() if offered.done() else await asyncio.shield(offered)
            if verdict is not Verdict.OVERLOADED:
                break
            self.counts[verdict.value] += 1
            delay = self._backoff.delay(attempt)
            if asyncio.get_running_loop().time() + delay > deadline:
                self._lost("the inbox had no room for a minute")
                return
            attempt += 1
            await asyncio.sleep(delay)
        self.counts[verdict.value] += 1
        if verdict is Verdict.ACCEPTED:
            self._taken(inbound)

    def _lost(self, why: str) -> None:
        self.counts["lost"] += 1
        if why not in self._told:
            self._told.add(why)
            log.error("%s: a message is lost: %s; further ones are counted (counter `lost`)", self._name, why)
