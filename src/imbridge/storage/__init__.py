"""What a bridge keeps: inbox, outbox and sessions, in memory or in a database; and the notes of its accounts.

`SqlStorage` is loaded when it is asked for: SQLAlchemy takes a fifth of a second.
"""

from typing import TYPE_CHECKING, Any

from imbridge.storage.base import BaseStorage, InboxEntry, OutboxEntry
from imbridge.storage.durable import Box, DurableStorage, EntryState, Kept
from imbridge.storage.errors import StaleLeaseError, StorageError
from imbridge.storage.memory import MemoryStorage
from imbridge.storage.notes import BaseNotebook, MemoryNotebook, SqliteNotebook, notebook_at

if TYPE_CHECKING:
    from imbridge.storage.sql import SqlStorage

__all__ = [
    "BaseNotebook",
    "BaseStorage",
    "Box",
    "DurableStorage",
    "EntryState",
    "InboxEntry",
    "Kept",
    "MemoryNotebook",
    "MemoryStorage",
    "OutboxEntry",
    "SqlStorage",
    "SqliteNotebook",
    "StaleLeaseError",
    "StorageError",
    "notebook_at",
]


def __getattr__(name: str) -> Any:
    """Load what is dear when it is asked for."""
    if name == "SqlStorage":
        from imbridge.storage.sql import SqlStorage

        return SqlStorage
    raise AttributeError(f"module 'imbridge.storage' has no attribute {name!r}")
