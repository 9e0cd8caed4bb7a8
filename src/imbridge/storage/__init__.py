"""What a bridge keeps: inbox, outbox and sessions, in memory or in a database; and the notes of its accounts.

`SqlStorage` and `MongoStorage` are loaded when they are asked for: SQLAlchemy takes a fifth of a second, and pymongo
may not be installed.
"""

from typing import TYPE_CHECKING, Any

from imbridge.storage.base import BaseStorage, InboxEntry, OutboxEntry
from imbridge.storage.durable import Box, DurableStorage, EntryState, Kept, Sought
from imbridge.storage.errors import StaleLeaseError, StorageError
from imbridge.storage.jobs import Job, Jobs
from imbridge.storage.leases import Lease, Leases
from imbridge.storage.media_cache import MediaCache
from imbridge.storage.memory import MemoryStorage
from imbridge.storage.memory_jobs import MemoryJobs
from imbridge.storage.message_log import LogLine, MessageLog
from imbridge.storage.notes import BaseNotebook, MemoryNotebook, SqliteNotebook, notebook_at
from imbridge.storage.progress import Progress
from imbridge.storage.retention import Retention
from imbridge.storage.tokens import Tokens

if TYPE_CHECKING:
    from imbridge.storage.mongo import MongoStorage
    from imbridge.storage.sql import SqlStorage

__all__ = [
    "BaseNotebook",
    "BaseStorage",
    "Box",
    "DurableStorage",
    "EntryState",
    "InboxEntry",
    "Job",
    "Jobs",
    "Kept",
    "Lease",
    "Leases",
    "LogLine",
    "MediaCache",
    "MemoryJobs",
    "MemoryNotebook",
    "MemoryStorage",
    "MessageLog",
    "MongoStorage",
    "OutboxEntry",
    "Progress",
    "Retention",
    "Sought",
    "SqlStorage",
    "SqliteNotebook",
    "StaleLeaseError",
    "StorageError",
    "Tokens",
    "notebook_at",
]


def __getattr__(name: str) -> Any:
    """Load what is dear when it is asked for."""
    if name == "SqlStorage":
        from imbridge.storage.sql import SqlStorage

        return SqlStorage
    if name == "MongoStorage":
        from imbridge.storage.mongo import MongoStorage

        return MongoStorage
    raise AttributeError(f"module 'imbridge.storage' has no attribute {name!r}")
