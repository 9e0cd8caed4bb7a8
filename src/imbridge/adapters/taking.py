"""Messages of a long connection on their way into the inbox: in order, each once, none lost to a full inbox.

For platforms that do not deliver a second time. While the inbox has no room, what came waits here, for what else comes
on the connection (pings, acknowledgements of what skills send) would wait behind it. When there is no room here either,
`put` says so and `keep` waits, which is for connections on which nothing else matters as much.
"""

import asyncio
import functools
import logging
from collections import Counter
from collections.abc import Callable

from imbridge.adapters.base import Inbound, Intake, Verdict
from imbridge.transport import Backoff

log = logging.getLogger(__name__)

Told = Callable[[], None]
"""Called when the inbox has a delivery, be it new or known."""

MOST_WAITING = 2000
_PATIENCE = 60.0
"""Seconds for the inbox to have room again; whoever wrote has given up by then."""


class Taking:
    """Hands deliveries to the inbox, one after another.

    Attributes:
        counts: What became of them.
    """

    def __init__(
        self,
        name: str,
        intake: Intake,
        counts: Counter[str],
        *,
        taken: Callable[[Inbound], None] | None = None,
        patience: float = _PATIENCE,
        again: bool = False,
    ) -> None:
        """For one account.

        Args:
            name: The account, for the log.
            intake: The way into the inbox.
            counts: Where it is counted what became of them.
            taken: Told of each one that is new and stored.
            patience: Seconds for the inbox to have room again; then it is lost, which is logged and counted.
            again: The platform sends again what was not taken in before the stop.
        """
        self._name = name
        self._intake = intake
        self._taken = taken
        self._patience = patience
        self._again = again
        self._busy = False
        self.counts = counts
        self._waiting: asyncio.Queue[tuple[Inbound, Told | None]] = asyncio.Queue()
        self._open = 0
        self._room = asyncio.Event()
        self._hurried = False
        self._backoff = Backoff(0.1, 2.0)
        self._task: asyncio.Task[None] | None = None
        self._told: set[str] = set()

    def start(self) -> None:
        """Begin; once."""
        self._task = asyncio.create_task(self._run(), name=f"link:{self._name}:taking")

    def put(self, inbound: Inbound) -> bool:
        """The next one; False when too many wait already and it is lost."""
        if self._waiting.qsize() >= MOST_WAITING:
            self._lost("too many wait for the inbox")
            return False
        self._waiting.put_nowait((inbound, None))
        return True

    async def keep(self, inbound: Inbound, had: Told | None = None) -> None:
        """The next one: in the inbox, on its way there, or in the row for it when this returns.

        It waits while too many are on their way or in the row, unless it is told to hurry. `had` is called when the
        inbox has it.
        """
        while not self._hurried and self._open + self._waiting.qsize() >= MOST_WAITING:
            self._room.clear()
            await self._room.wait()
        if self._busy or not self._waiting.empty():
            self._waiting.put_nowait((inbound, had))
            return
        offered = self._intake.offer(inbound)
        self._open += 1
        if offered.done():
            self._settle(inbound, had, offered)
        else:  # a storage takes many at once: the next one is not kept waiting for this one
            offered.add_done_callback(functools.partial(self._settle, inbound, had))

    def _settle(self, inbound: Inbound, had: Told | None, offered: "asyncio.Future[Verdict]") -> None:
        self._open -= 1
        if offered.cancelled() or (error := offered.exception()) is not None:
            self._lost(f"the inbox failed: {'cancelled' if offered.cancelled() else type(error).__name__}")
        elif offered.result() is Verdict.OVERLOADED:
            self.counts[Verdict.OVERLOADED.value] += 1
            self._waiting.put_nowait((inbound, had))
        else:
            self._note(offered.result(), inbound, had)
        self._room.set()

    def hurry(self) -> None:
        """The end is near: `keep` waits no more, so that connections can close."""
        self._hurried = True
        self._room.set()

    async def stop(self, within: float = 5.0) -> None:
        """Hand over what waits, for at most so many seconds, then end."""
        task, self._task = self._task, None
        if task is None:
            return
        emptied = asyncio.create_task(self._emptied(), name=f"link:{self._name}:taking:end")
        try:
            await asyncio.wait((emptied, task), timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            emptied.cancel()
            task.cancel()
            await asyncio.wait((emptied, task))
            if left := self._waiting.qsize() + self._open:
                fate = "the platform sends them again to the next process" if self._again else "they are lost"
                level = logging.WARNING if self._again else logging.ERROR
                text = "%s: %d messages that came were not taken in before the stop; %s"
                log.log(level, text, self._name, left, fate)

    async def _emptied(self) -> None:
        while self._open:
            self._room.clear()
            await self._room.wait()
        await self._waiting.join()

    async def _run(self) -> None:
        while True:
            inbound, had = await self._waiting.get()
            self._busy = True
            try:
                await self._take(inbound, had)
            except Exception as error:  # noqa: BLE001 - told; one that fails must not end the others
                self._lost(f"the inbox failed: {type(error).__name__}")
            finally:
                self._busy = False
                self._waiting.task_done()
                self._room.set()

    async def _take(self, inbound: Inbound, had: Told | None) -> None:
        deadline = asyncio.get_running_loop().time() + self._patience
        attempt = 0
        while True:
            offered = self._intake.offer(inbound)
            verdict = offered.result() if offered.done() else await asyncio.shield(offered)
            if verdict is not Verdict.OVERLOADED:
                break
            self.counts[verdict.value] += 1
            delay = self._backoff.delay(attempt)
            if asyncio.get_running_loop().time() + delay > deadline:
                self._lost(f"the inbox had no room for {self._patience:g} s")
                return
            attempt += 1
            await asyncio.sleep(delay)
        self._note(verdict, inbound, had)

    def _note(self, verdict: Verdict, inbound: Inbound, had: Told | None) -> None:
        self.counts[verdict.value] += 1
        if had is not None:
            had()
        if verdict is Verdict.ACCEPTED and self._taken is not None:
            self._taken(inbound)

    def _lost(self, why: str) -> None:
        self.counts["lost"] += 1
        if why not in self._told:
            self._told.add(why)
            log.error("%s: a message is lost: %s; further ones are counted (counter `lost`)", self._name, why)
