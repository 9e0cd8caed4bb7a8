"""How many calls from bot to bot led to what is being done just now."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_HOPS: ContextVar[int] = ContextVar("imbridge_hops", default=0)
"""Of the message that is handled here, so that `bridge.send` in a skill knows, too, also of another bridge."""


def hops_here() -> int:
    """Of what is said in this context; 0 outside of skills."""
    return _HOPS.get()


@contextmanager
def led_by(hops: int) -> Iterator[None]:
    """While a message with this many is handled, and in the tasks that are begun meanwhile."""
    token = _HOPS.set(hops)
    try:
        yield
    finally:
        _HOPS.reset(token)
