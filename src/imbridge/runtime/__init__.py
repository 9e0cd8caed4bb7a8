"""The Bridge: inbox → gate → lane → skill → outbox, and the life cycle of all of it."""

from imbridge.runtime.bridge import Bridge, BridgeState
from imbridge.runtime.process import hurry_threads, settle_garbage_collector

__all__ = ["Bridge", "BridgeState", "hurry_threads", "settle_garbage_collector"]
