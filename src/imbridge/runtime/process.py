"""A bridge as a whole process: event loop, signals, exit status."""

import asyncio
import logging
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbridge.runtime.bridge import Bridge

log = logging.getLogger(__name__)

ORDERLY, FORCED = 0, 130


def run_until_signal(bridge: "Bridge") -> int:
    """Run a bridge until SIGINT or SIGTERM. The loop is uvloop's where that is installed."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(bridge))


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop


async def _serve(bridge: "Bridge") -> int:
    asked = asyncio.Event()
    serving = asyncio.current_task()
    times = 0

    def on_signal(name: str) -> None:
        nonlocal times
        times += 1
        if times == 1:
            log.info("%s: stopping in good order; once more to stop at once", name)
            asked.set()
        elif serving is not None:
            log.warning("%s again: stopping at once", name)
            serving.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, on_signal, number.name)
        except NotImplementedError:  # Windows: the loop cannot, the interpreter can
            signal.signal(number, lambda got, frame: loop.call_soon_threadsafe(on_signal, signal.Signals(got).name))
    try:
        starting = asyncio.ensure_future(bridge.start())
        stop = asyncio.ensure_future(asked.wait())
        try:
            await asyncio.wait((starting, stop), return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                await asyncio.wait((starting,))
                return ORDERLY
            starting.result()
            await stop
        finally:
            stop.cancel()
            if not starting.done():
                starting.cancel()
                await asyncio.wait((starting,))
        await bridge.stop()
    except asyncio.CancelledError:
        if times < 2:
            raise
        await bridge.stop(grace=0)
        return FORCED
    return ORDERLY
