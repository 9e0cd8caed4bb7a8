"""Methods of a synchronous client, each in a thread, whose requests are made by the event loop."""

import asyncio
import concurrent.futures
import contextvars
import functools
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

_THREADS = 16
"""Methods that run at the same time; more of them wait."""

Result = TypeVar("Result")
_CALL: contextvars.ContextVar["_Call"] = contextvars.ContextVar("imbridge_wechatpy_call")


class _Call:
    """One method on its way."""

    __slots__ = ("cancelled", "request", "thread")

    def __init__(self) -> None:
        self.cancelled = False
        self.request: concurrent.futures.Future[Any] | None = None
        self.thread: concurrent.futures.Future[Any] | None = None

    def cancel(self) -> None:
        """Nothing ends a thread; but it ends with its request, and one that has not begun does not begin."""
        self.cancelled = True
        if self.thread is not None and self.thread.cancel():
            return
        if self.request is not None:
            self.request.cancel()


class Calls:
    """The calls of one client.

    Args:
        loop: Makes the requests.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="wechatpy")
        self._running: dict[_Call, asyncio.Future[Any]] = {}
        self._closed = False

    @property
    def inside(self) -> bool:
        """Whether this is the thread of a method."""
        return _CALL.get(None) is not None

    def awaitable(self, method: Callable[..., Result]) -> Callable[..., Any]:
        """The method, which returns an awaitable; what it returns itself, when another method calls it."""

        @functools.wraps(method)
        def called(*args: Any, **options: Any) -> Any:
            if self.inside:
                return method(*args, **options)
            return self._run(functools.partial(method, *args, **options))

        return called

    def wait_for(self, request: Coroutine[Any, Any, Result]) -> Result:
        """Let the event loop do something, and wait for it; in the thread of a method only."""
        call = _CALL.get()
        if call.cancelled or self._closed:
            request.close()
            raise concurrent.futures.CancelledError
        waiting = asyncio.run_coroutine_threadsafe(request, self._loop)
        call.request = waiting
        if call.cancelled:  # meanwhile
            waiting.cancel()
        return waiting.result()

    async def close(self) -> None:
        """Cancel what is on its way, and wait for it."""
        self._closed = True
        running = dict(self._running)
        for call in running:
            call.cancel()
        if running:
            await asyncio.wait(running.values())
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, method: Callable[[], Result]) -> Result:
        if self._closed:
            raise RuntimeError("the account is closed")
        call = _Call()
        context = contextvars.copy_context()
        context.run(_CALL.set, call)
        call.thread = self._threads.submit(context.run, method)
        work = asyncio.wrap_future(call.thread)
        self._running[call] = work
        work.add_done_callback(lambda _: self._running.pop(call, None))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            call.cancel()
            await asyncio.wait((work,))
            if not work.cancelled():
                work.exception()
            raise
