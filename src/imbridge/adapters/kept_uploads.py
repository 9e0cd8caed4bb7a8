"""Where what an account has uploaded is kept beyond its process."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from imbridge.adapters.notes import MemoryNotes, Notes

_KIND = "uploads"


@dataclass(frozen=True, slots=True)
class Upload:
    """What a platform gave for some content.

    Attributes:
        key: What names it in a message.
        until: When the platform forgets it (seconds since 1970); None: never.
    """

    key: str
    until: float | None

    def note(self) -> dict[str, Any]:
        """As JSON."""
        return {"key": self.key, "until": self.until}

    @classmethod
    def read(cls, note: Any) -> "Upload":
        """What `note` wrote.

        Raises:
            TypeError: it is something else.
            KeyError: the same.
        """
        key, until = note["key"], note["until"]
        if not isinstance(key, str) or not isinstance(until, float | int | None):
            raise TypeError("no key of an upload")
        return cls(key, until)


class KeptUploads(ABC):
    """One account's uploads, by `kind|digest of the content`. What it raises costs an upload, and is logged."""

    @abstractmethod
    async def known(self) -> dict[str, Upload]:
        """Those that are to be in memory from the first upload on."""

    @abstractmethod
    async def find(self, name: str) -> Upload | None:
        """One that is not in memory."""

    @abstractmethod
    async def put(self, name: str, upload: Upload) -> None:
        """Keep one, in the place of the one of that name."""

    @abstractmethod
    def drop(self, name: str) -> None:
        """It is not in memory any more: it is over, the platform does not know it, or there is no room."""


class NotedUploads(KeptUploads):
    """Among the account's notes: all of them are in memory."""

    def __init__(self, notes: Notes | None = None) -> None:
        """`notes` end with the process when left out."""
        self._notes = notes or MemoryNotes()

    async def known(self) -> dict[str, Upload]:  # noqa: D102 - inherited
        return await self._notes.read(_KIND, Upload.read)

    async def find(self, name: str) -> Upload | None:  # noqa: D102 - inherited
        return None

    async def put(self, name: str, upload: Upload) -> None:  # noqa: D102 - inherited
        self._notes.put(_KIND, name, upload.note(), until=upload.until)

    def drop(self, name: str) -> None:  # noqa: D102 - inherited
        self._notes.drop(_KIND, name)
