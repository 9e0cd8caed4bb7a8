"""The event loop that every client in a comparison uses: the same for all."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop, or on asyncio's own loop with BENCH_LOOP=asyncio, as `Bridge.run` does."""
    factory = None
    if os.environ.get("BENCH_LOOP") != "asyncio":
        try:
            import uvloop

            factory = uvloop.new_event_loop
        except ImportError:
            pass
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)
