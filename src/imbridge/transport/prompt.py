"""A time limit that costs nothing when there is nothing to wait for."""

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any


async def promptly(work: Coroutine[Any, Any, None], seconds: float) -> None:
    """Await `work` for at most so many seconds.

    Sending a frame nearly always ends without waiting, as the socket's buffer takes it. The work is begun first, and a
    timer is made only if it has to wait: one timer per frame would cost more than the frame.

    Raises:
        TimeoutError: The time is over; the work was cancelled.
    """
    try:
        waiting_for = work.send(None)
    except StopIteration:
        return
    async with asyncio.timeout(seconds):
        await _resumed(work, waiting_for)


@types.coroutine
def _resumed(work: Coroutine[Any, Any, None], waiting_for: Any) -> Generator[Any, Any, None]:
    """Go on with work that was begun and waits for something."""
    while True:
        try:
            value = yield waiting_for
        except GeneratorExit:
            work.close()
            raise
        except BaseException as error:  # noqa: BLE001 - a cancellation, above all: it belongs into the work
            step = _step(work.throw, error)
        else:
            step = _step(work.send, value)
        if step is None:
            return
        (waiting_for,) = step


def _step(resume: Any, value: Any) -> tuple[Any] | None:
    try:
        return (resume(value),)
    except StopIteration:
        return None
