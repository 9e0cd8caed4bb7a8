"""What a kind of database brings for each thing that is kept."""

from dataclasses import dataclass
from typing import Generic

from imbridge.storage.core.backlog import Backlog
from imbridge.storage.core.cleaner import Cleaner
from imbridge.storage.core.database import DatabaseT
from imbridge.storage.core.errors import Errors
from imbridge.storage.core.jobs import DatabaseJobs
from imbridge.storage.core.leases import DatabaseLeases
from imbridge.storage.core.media import DatabaseMediaCache
from imbridge.storage.core.message_log import DatabaseMessageLog
from imbridge.storage.core.notebook import Notebook
from imbridge.storage.core.recovery import Recovery
from imbridge.storage.core.sessions import SessionReader
from imbridge.storage.core.tokens import DatabaseTokens


@dataclass(frozen=True, slots=True)
class Parts(Generic[DatabaseT]):
    """Classes; `DatabaseStorage` makes one of each. What a transaction needs is made by the kind of database itself."""

    errors: Errors
    recovery: type[Recovery[DatabaseT]]
    backlog: type[Backlog[DatabaseT]]
    sessions: type[SessionReader[DatabaseT]]
    leases: type[DatabaseLeases]
    log: type[DatabaseMessageLog[DatabaseT]]
    tokens: type[DatabaseTokens[DatabaseT]]
    notebook: type[Notebook[DatabaseT]]
    media: type[DatabaseMediaCache[DatabaseT]]
    jobs: type[DatabaseJobs[DatabaseT]]
    cleaner: type[Cleaner]
