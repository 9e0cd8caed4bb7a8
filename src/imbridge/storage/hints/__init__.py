"""Hints between processes on one storage: by which way a process is told that something waits for it."""

from typing import TYPE_CHECKING, Any

from imbridge.storage.hints.base import BaseHints, HintsError

if TYPE_CHECKING:
    from imbridge.storage.hints.redis import RedisHints

__all__ = ["BaseHints", "HintsError", "RedisHints"]


def __getattr__(name: str) -> Any:
    """Load what may not be installed when it is asked for."""
    if name == "RedisHints":
        from imbridge.storage.hints.redis import RedisHints

        return RedisHints
    raise AttributeError(f"module 'imbridge.storage.hints' has no attribute {name!r}")
