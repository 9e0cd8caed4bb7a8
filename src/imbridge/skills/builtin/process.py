"""Runs a program and leaves nothing of it behind: no process, no zombie, no open pipe."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

logger = logging.getLogger(__name__)

_STDERR_TAIL = 4096
_DRAIN = 1.0
"""Seconds in which the pipes are still read after the program ended: a child it left behind may hold them open."""
_POLL = 0.02


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
        _signal(starting.result()[0], kill=True)


async def _end(child: _Child, transport: asyncio.SubprocessTransport, grace: float) -> None:
    """End the group and close the pipes; a second cancellation shortens the grace, no more."""
    try:
        if not child.exited.done() or _group_lives(transport):
            _signal(transport, kill=False)
            async with asyncio.timeout(grace):
                await asyncio.shield(child.exited)
                while _group_lives(transport):  # noqa: ASYNC110 - nothing tells of the end of a process that is not our child
                    await asyncio.sleep(_POLL)
    except TimeoutError:
        logger.warning("program %d did not end %g s after SIGTERM; it is killed", transport.get_pid(), grace)
    finally:
        if not child.exited.done() or _group_lives(transport):
            _signal(transport, kill=True)
        if child.exited.done():
            transport.close()
        else:
            # closed once it is reaped, so that no zombie stays
            child.exited.add_done_callback(lambda _: transport.close())
    done, _ = await asyncio.wait({child.gone}, timeout=max(grace, 1.0))
    if not done:
        logger.error("program %d cannot be ended, not even by SIGKILL; look at it with ps", transport.get_pid())


if sys.platform == "win32":

    def _group_lives(transport: asyncio.SubprocessTransport) -> bool:
        return False

    def _signal(transport: asyncio.SubprocessTransport, *, kill: bool) -> None:
        if transport.get_returncode() is None:
            transport.kill()

else:

    def _group_lives(transport: asyncio.SubprocessTransport) -> bool:
        # the group's id cannot be given to another process while the group has a member
        try:
            os.killpg(transport.get_pid(), 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _signal(transport: asyncio.SubprocessTransport, *, kill: bool) -> None:
        try:
            os.killpg(transport.get_pid(), signal.SIGKILL if kill else signal.SIGTERM)
        except ProcessLookupError:
            pass  # all of it is gone already
        except PermissionError as error:  # a member runs as another user (sudo)
            logger.warning("program %d cannot be ended: %s", transport.get_pid(), error)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
