"""A bridge as a whole process: event loop, signals, exit status."""

import asyncio
import gc
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from imbridge.protocol import ImbridgeError
from imbridge.runtime.callback_server import serving_callbacks

if TYPE_CHECKING:
    from imbridge.runtime.bridge import Bridge

log = logging.getLogger(__name__)

ORDERLY, FORCED = 0, 130
_AT_ONCE = 1.0
"""Seconds from the second signal to the end, whatever hangs."""
_SWITCH = 0.0005
"""Seconds after which a thread that computes lets another go on."""
_THREADS = 5.0
"""Seconds that threads of plain handlers get after everything else has stopped."""


def run_until_signal(bridge: "Bridge", *, listen: str | None = None) -> int:
    """Run a bridge until SIGINT or SIGTERM. The loop is uvloop's where that is installed.

    Raises:
        ImbridgeError: not the place for it: an event loop runs here, or it is not the main thread.
    """
    if asyncio._get_running_loop() is not None:
        raise ImbridgeError("an event loop runs here already; write `async with bridge:` instead of bridge.run()")
    if threading.current_thread() is not threading.main_thread():
        raise ImbridgeError(
            "bridge.run() handles signals, so it belongs into the main thread; use `async with bridge:`"
        )
    process = _Process(bridge, listen)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(process.serve())
    finally:
        process.end.cancel()
        process.watch.close()


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop


class _Process:
    """Waits for signals and stops the bridge.

    A handler that blocks the event loop, or a thread that never returns (the interpreter waits for threads), must not
    keep the process alive for ever: `end` is a clock that ends it hard.
    """

    def __init__(self, bridge: "Bridge", listen: str | None) -> None:
        self._bridge = bridge
        self._listen = listen
        self._signals = 0
        self.watch = _SignalWatch(_AT_ONCE)
        self.end = _timer(_THREADS, "threads of handlers do not return; the process is ended")

    async def serve(self) -> int:
        asked = asyncio.Event()
        serving = asyncio.current_task()
        with self._handling_signals(asked, serving):
            try:
                async with serving_callbacks(self._bridge, self._listen):
                    await self._run(asked)
            except asyncio.CancelledError:
                if self._signals < 2:
                    raise
                if serving is not None:
                    serving.uncancel()  # or Python 3.11.2 takes the end of a time limit in `stop` for a cancellation
                await self._bridge.stop(grace=0)
        if self._signals >= 2:
            return FORCED
        self.end.start()
        return ORDERLY

    async def _run(self, asked: asyncio.Event) -> None:
        starting = asyncio.create_task(self._bridge.start(), name="bridge start")
        stop = asyncio.create_task(asked.wait(), name="wait for a signal")
        try:
            await asyncio.wait((starting, stop), return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                settle_garbage_collector()
                hurry_threads()
                await stop
        finally:
            stop.cancel()
            if not starting.done():
                starting.cancel()
                await asyncio.wait((starting,))
        await self._bridge.stop()

    @contextmanager
    def _handling_signals(self, asked: asyncio.Event, serving: "asyncio.Task[Any] | None") -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def on_signal(number: int, frame: Any) -> None:
            # Called by the interpreter in the middle of anything, also of a log line or of another signal: it takes no
            # lock and writes no log. It works also while a handler blocks the loop.
            self._signals += 1
            if self._signals <= 2:
                self.watch.tell(number)
            if self._signals == 1:
                loop.call_soon_threadsafe(asked.set)
            elif self._signals == 2 and serving is not None:
                loop.call_soon_threadsafe(serving.cancel)

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _SignalWatch:
    """A thread that says what a signal does, and ends the process some time after the second one.

    `tell` may be called from a signal handler: it only writes to a pipe.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._read, self._write = os.pipe()
        threading.Thread(target=self._run, name="signal watch", daemon=True).start()

    def tell(self, number: int) -> None:
        os.write(self._write, bytes((number,)))

    def close(self) -> None:
        """The end has come by itself."""
        os.close(self._write)

    def _run(self) -> None:
        try:
            if not (first := os.read(self._read, 1)):
                return
            log.info("%s: stopping in good order; once more to stop at once", signal.Signals(first[0]).name)
            if not (second := os.read(self._read, 1)):
                return
            log.warning("%s again: stopping at once", signal.Signals(second[0]).name)
            # Closing the other end makes it readable: everything has stopped in time.
            if select.select((self._read,), (), (), self._seconds)[0]:
                return
        finally:
            os.close(self._read)
        log.error("something does not stop; the process is ended")
        os._exit(FORCED)


def settle_garbage_collector() -> None:
    """Stop looking through what lives as long as the process, and look less often.

    It changes the whole process, so a bridge does it by itself only where the process is its own (`bridge.run()`); an
    application that has one may call it once everything has started. Messages on their way make no reference cycles, so
    plain reference counting frees them; the collector's walks through all modules and models were a tenth of the CPU of
    a busy bridge.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def hurry_threads() -> None:
    """Let a thread that waits for the interpreter have it sooner.

    The storage's thread gives the interpreter away at each statement, and a busy event loop keeps it for Python's
    switch interval, 5 ms by default: a transaction of ten statements then takes 50 ms, and so does each
    acknowledgement. As `settle_garbage_collector` it changes the whole process.
    """
    sys.setswitchinterval(_SWITCH)


def _timer(seconds: float, why: str) -> threading.Timer:
    def end() -> None:
        log.error("%s", why)
        os._exit(FORCED)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    return timer
