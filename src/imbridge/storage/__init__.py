"""What a bridge keeps: its inbox, outbox and sessions (in memory so far), and the notes of its accounts."""

from imbridge.storage.base import BaseStorage, InboxEntry, OutboxEntry
from imbridge.storage.memory import MemoryStorage
from imbridge.storage.notes import BaseNotebook, MemoryNotebook, SqliteNotebook, notebook_at

__all__ = [
    "BaseNotebook",
    "BaseStorage",
    "InboxEntry",
    "MemoryNotebook",
    "MemoryStorage",
    "OutboxEntry",
    "SqliteNotebook",
    "notebook_at",
]
