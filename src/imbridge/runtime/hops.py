"""How many calls from bot to bot led to what is being done just now."""

from contextvars import ContextVar

_HOPS: ContextVar[int] = ContextVar("imbridge_hops", default=0)
"""Of the message that is handled here, so that `bridge.send` in a skill knows, too, also of another bridge."""


def hops_here() -> int:
    """Of what is said in this context; 0 outside of skills."""
    return _HOPS.get()


def led_by(hops: int) -> None:
    """Note that so many led to what is handled from now on, and in the tasks that are begun meanwhile.

    Each is handled in a context of its own, with which this ends.
    """
    if _HOPS.get() != hops:
        _HOPS.set(hops)
