"""The Bridge: inbox → gate → lane → skill → outbox, and the life cycle of all of it."""

from imbridge.runtime.bridge import Bridge, BridgeState

__all__ = ["Bridge", "BridgeState"]
