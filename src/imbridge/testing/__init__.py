"""Tests for skills, in a few lines: a real bridge, the real adapter, an emulated platform, no account anywhere.

The names are loaded at first use: pytest imports this package in every run, also where nobody tests a skill.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imbridge.testing.clock import HandClock
    from imbridge.testing.room import Chat, Person, chat

__all__ = ["Chat", "HandClock", "Person", "chat"]


def __getattr__(name: str) -> Any:
    """Load what is asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'imbridge.testing' has no attribute {name!r}")
    from importlib import import_module

    module = "clock" if name == "HandClock" else "room"
    return getattr(import_module(f"imbridge.testing.{module}"), name)
