"""The parent's side of `benchmarks.survival.child`: bridges that are born, become ready, and are killed."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from benchmarks.survival.spec import Spec

PATIENCE = 60.0
"""Seconds for a child to become ready, or to end."""
ROOT = Path(__file__).resolve().parents[2]


class Child:
    """A running bridge.

    Attributes:
        pid: Its process.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.became_ready = asyncio.Event()

    @property
    def alive(self) -> bool:
        """Whether its process is still there."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    async def ready(self) -> None:
        """Wait until it is up.

        Raises:
            RuntimeError: it ended before, or took too long.
        """
        await self._until(self.became_ready.is_set, "become ready", dies=True)

    async def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is closed. Back when it is gone."""
        self._signal(signal.SIGKILL)
        await self._until(lambda: not self.alive, "end")

    async def end(self) -> None:
        """SIGTERM; back when it has ended in good order."""
        self._signal(signal.SIGTERM)
        await self._until(lambda: not self.alive, "end")

    def stop(self) -> None:
        """SIGSTOP: it stands still until `go_on`."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def _until(self, condition: Callable[[], bool], what: str, *, dies: bool = False) -> None:
        end = asyncio.get_running_loop().time() + PATIENCE
        while not condition():
            if dies and not self.alive:
                raise RuntimeError(f"the bridge (process {self.pid}) ended by itself; its log says why")
            if asyncio.get_running_loop().time() > end:
                raise RuntimeError(f"the bridge (process {self.pid}) did not {what} within {PATIENCE:g} s")
            await asyncio.sleep(0.002)


class Nursery:
    """Makes children. Use `nursery()`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._births: asyncio.Queue[Child | None] = asyncio.Queue()
        self._children: dict[int, Child] = {}
        self._early: set[int] = set()

    async def born(self, spec: Spec) -> Child:
        """Start a bridge; it is not ready yet.

        Raises:
            RuntimeError: the nursery has ended.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(spec.to_json().encode() + b"\n")
        async with asyncio.timeout(PATIENCE):
            child = await self._births.get()
        if child is None:
            raise RuntimeError("the process that makes bridges ended; what it said is above")
        return child

    async def read(self) -> None:
        """Listen to the children, until the nursery ends."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            facts = json.loads(line)
            if "born" in facts:
                child = self._children[facts["born"]] = Child(facts["born"])
                if child.pid in self._early:
                    child.became_ready.set()
                self._births.put_nowait(child)
            elif facts["ready"] in self._children:
                self._children[facts["ready"]].became_ready.set()
            else:
                self._early.add(facts["ready"])
        self._births.put_nowait(None)


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """A process that makes bridges, for as long as this is entered."""
    pipe = asyncio.subprocess.PIPE
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.survival.child", stdin=pipe, stdout=pipe, env=environ
    )
    made = Nursery(process)
    reading = asyncio.create_task(made.read(), name="nursery")
    try:
        yield made
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await reading
