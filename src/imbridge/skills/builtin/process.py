"""Runs a program and leaves nothing of it behind: no process, no zombie, no open pipe."""

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from imbridge.skills.builtin.process_group import group_lives, signal_group

logger = logging.getLogger(__name__)

_STDERR_TAIL = 4096
_DRAIN = 1.0
"""Seconds in which the pipes are still read after the program ended: a child it left behind may hold them open."""
_KILL = 5.0
"""Seconds after SIGKILL in which everything should be gone; a process that waits for a disk can take that long."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes:
        status: Exit status; negative is the signal that ended it; None when it could not be ended.
        timed_out: It took too long and was killed.
        stderr: The end of what it wrote there.
    """

    status: int | None
    timed_out: bool
    stderr: str


class _Child(asyncio.SubprocessProtocol):
    def __init__(self, on_output: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        self._on_output = on_output
        self.exited = loop.create_future()
        self.drained = loop.create_future()
        self.gone = loop.create_future()
        self.stderr = bytearray()
        self._open = {1, 2}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._on_output(data)
        else:
            self.stderr += data
            del self.stderr[:-_STDERR_TAIL]

    def pipe_connection_lost(self, fd: int, error: Exception | None) -> None:
        self._open.discard(fd)
        if not self._open:
            _settle(self.drained)

    def process_exited(self) -> None:
        _settle(self.exited)

    def connection_lost(self, error: Exception | None) -> None:
        _settle(self.gone)


async def run_program(
    command: Sequence[str],
    *,
    on_output: Callable[[bytes], None],
    stdin: bytes | None = None,
    env: Mapping[str, str],
    cwd: str | None = None,
    timeout: float,
    grace: float,
) -> Ended:
    """Run a program, never through a shell, until it ends, takes too long, or the caller is cancelled.

    It leads a process group of its own. Whatever the end, the whole group gets SIGTERM, and SIGKILL when it is not
    gone after `grace` seconds; so what the program started and left behind ends with it. A process that moved to
    another group or session (a daemon) is out of reach. On Windows, which has no groups, only the program itself is
    ended.

    Args:
        command: Program and arguments.
        on_output: Called with what it writes to standard output, as it comes.
        stdin: What it is given to read; None gives it an empty input.
        env: Its whole environment.
        cwd: Its working directory.
        timeout: Seconds it may take.
        grace: Seconds between SIGTERM and SIGKILL.

    Raises:
        OSError: it cannot be started.
    """
    loop = asyncio.get_running_loop()
    child = _Child(on_output)
    starting = loop.create_task(
        loop.subprocess_exec(
            lambda: child,
            *command,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            env=dict(env),
            cwd=cwd,
            start_new_session=sys.platform != "win32",
        )
    )
    try:
        transport, _ = await asyncio.shield(starting)
    except asyncio.CancelledError:
        # half started is the one state that cannot be cleaned up: let it start, then end it, even if cancelled again
        starting.add_done_callback(_kill_started)
        await asyncio.wait({starting})
        if starting.exception() is None:
            await _end(child, starting.result()[0], 0.0)
        raise
    timed_out = False
    try:
        if stdin is not None:
            _write(transport, stdin)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(child.exited)
                await asyncio.wait({child.drained}, timeout=_DRAIN)
        except TimeoutError:
            timed_out = not child.exited.done()
    finally:
        await _end(child, transport, grace)
    return Ended(transport.get_returncode(), timed_out, child.stderr.decode(errors="replace"))


def _write(transport: asyncio.SubprocessTransport, data: bytes) -> None:
    pipe = transport.get_pipe_transport(0)
    if isinstance(pipe, asyncio.WriteTransport):
        pipe.write(data)  # the event loop goes on writing as the program reads; one that does not read it loses it
        pipe.close()


def _kill_started(starting: "asyncio.Task[tuple[asyncio.SubprocessTransport, _Child]]") -> None:
    if not starting.cancelled() and starting.exception() is None:
        signal_group(starting.result()[0].get_pid(), kill=True)


async def _end(child: _Child, transport: asyncio.SubprocessTransport, grace: float) -> None:
    """End the group and close the pipes; a second cancellation shortens the grace, no more."""
    leader = transport.get_pid()
    try:
        if not child.exited.done() or group_lives(leader):
            signal_group(leader, kill=False)
            if not await _ends_within(grace, child.exited, leader):
                logger.warning("program %d did not end %g s after SIGTERM; it is killed", leader, grace)
    finally:
        if not child.exited.done() or group_lives(leader):
            signal_group(leader, kill=True)
        # not before it is reaped, or a zombie stays; a callback, because a cancellation may end this function here
        child.exited.add_done_callback(lambda _: transport.close())
    if not await _ends_within(_KILL, child.gone, leader):
        logger.error("program %d has processes that even SIGKILL does not end; look at them with ps", leader)


async def _ends_within(seconds: float, ended: asyncio.Future[None], leader: int) -> bool:
    """Whether the program and its group end in time.

    No `asyncio.timeout`: in a task that is being cancelled, Python 3.11.2 takes its end for the cancellation.
    """

    async def end() -> None:
        await asyncio.shield(ended)
        await _group_gone(leader)

    waiting = asyncio.create_task(end(), name="end of a program")
    try:
        return bool((await asyncio.wait({waiting}, timeout=seconds))[0])
    finally:
        waiting.cancel()


async def _group_gone(leader: int) -> None:
    pause = 0.01
    while group_lives(leader):  # nothing tells of the end of a process that is not our own child
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
