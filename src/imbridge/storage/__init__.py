"""What a bridge keeps: the interface of its inbox, outbox and sessions, and the back end in memory."""

from imbridge.storage.base import BaseStorage, InboxEntry, OutboxEntry
from imbridge.storage.memory import MemoryStorage

__all__ = ["BaseStorage", "InboxEntry", "MemoryStorage", "OutboxEntry"]
