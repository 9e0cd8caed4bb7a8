"""What an adapter has to know again after a restart: small, and of one account."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

log = logging.getLogger(__name__)

ValueT = TypeVar("ValueT")


class Notes(ABC):
    """One account's notes: JSON values by kind and name."""

    @property
    def encrypted(self) -> bool:
        """Whether nobody can read them where they are written."""
        return False

    @abstractmethod
    async def all(self, kind: str) -> dict[str, Any]:
        """Every note of a kind, by name, with all that was put and dropped before."""

    async def left(self, kind: str) -> dict[str, Any]:
        """Those notes of a kind that a process which is gone has left, to be asked for at the start.

        Where several processes share the notes, what one of them is still at is not another's to end.
        """
        return await self.all(kind)

    async def held(self, kind: str) -> set[str]:
        """The names of those that another process has written which certainly lives, and shares nothing with us."""
        return set()

    async def reread(self, kind: str) -> dict[str, Any]:
        """Every note of a kind as it is written by now: what others have changed meanwhile is seen.

        Raises:
            ImbridgeError: it cannot be read.
        """
        return await self.all(kind)

    async def read(self, kind: str, reader: Callable[[Any], ValueT], *, left: bool = False) -> dict[str, ValueT]:
        """Every note of a kind, by name, as `reader` reads it; one that it cannot read is dropped, and logged.

        Such a note is of another version of the program, which must not keep an account from starting.

        Args:
            kind: Which.
            reader: Raises `AttributeError`, `KeyError`, `TypeError` or `ValueError` when it cannot read one.
            left: Only what a process that is gone has left.
        """
        found = {}
        for name, note in (await (self.left(kind) if left else self.all(kind))).items():
            try:
                found[name] = reader(note)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                log.warning("a note (%s %s) cannot be read, and is dropped: %s", kind, name, type(error).__name__)
                self.drop(kind, name)
        return found

    @abstractmethod
    def put(self, kind: str, name: str, value: Any, *, until: float | None = None) -> None:
        """Keep a note, in the place of the one of that name. It is written in a moment, in the order of the calls.

        Args:
            kind: What sort of note it is.
            name: Which one.
            value: Any JSON value.
            until: From when on nobody needs it (seconds since 1970): it may be forgotten then, and need not.
        """

    @abstractmethod
    def drop(self, kind: str, name: str) -> None:
        """Forget a note, if there is one; as `put`."""

    @abstractmethod
    async def flush(self) -> None:
        """Wait until all is written, or cannot be, which is logged."""


class MemoryNotes(Notes):
    """Notes that end with the process."""

    def __init__(self) -> None:
        """None yet."""
        self._notes: dict[str, dict[str, Any]] = {}

    async def all(self, kind: str) -> dict[str, Any]:  # noqa: D102 - inherited
        return dict(self._notes.get(kind, {}))

    def put(self, kind: str, name: str, value: Any, *, until: float | None = None) -> None:  # noqa: D102 - inherited
        self._notes.setdefault(kind, {})[name] = value

    def drop(self, kind: str, name: str) -> None:  # noqa: D102 - inherited
        self._notes.get(kind, {}).pop(name, None)

    async def flush(self) -> None:  # noqa: D102 - inherited
        return
