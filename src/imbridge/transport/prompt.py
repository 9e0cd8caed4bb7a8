"""A time limit that costs nothing when there is nothing to wait for."""

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

Result = TypeVar("Result")


class OverdueError(TimeoutError):
    """The time limit of `promptly` is over, as opposed to one that the work has set itself."""


async def promptly(work: Coroutine[Any, Any, Result], seconds: float) -> Result:
    """Await `work` for at most so many seconds.

    Sending a frame nearly always ends without waiting, as the socket's buffer takes it; so does taking in a callback.
    The work is begun first, and a timer is made only if it has to wait: one timer each would cost more than the work.

    Raises:
        OverdueError: The time is over; the work was cancelled.
    """
    try:
        waiting_for = work.send(None)
    except StopIteration as done:
        result: Result = done.value
        return result
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await _resumed(work, waiting_for)
    except TimeoutError:
        if not limit.expired():
            raise
        raise OverdueError from None


@types.coroutine
def _resumed(work: Coroutine[Any, Any, Result], waiting_for: Any) -> Generator[Any, Any, Result]:
    """Go on with work that was begun and waits for something."""
    while True:
        try:
            value = yield waiting_for
        except GeneratorExit:
            work.close()
            raise
        except BaseException as error:  # noqa: BLE001 - a cancellation, above all: it belongs into the work
            resume: Any = work.throw
            value = error
        else:
            resume = work.send
        try:
            waiting_for = resume(value)
        except StopIteration as done:
            result: Result = done.value
            return result
