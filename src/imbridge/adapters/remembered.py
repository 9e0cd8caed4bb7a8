"""What an account remembers for a time, by name; the newest of it, and over a restart where its notes are."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from imbridge.adapters.notes import Notes

ValueT = TypeVar("ValueT")


class Remembered(Generic[ValueT]):
    """Values that each end at a time of their own.

    Attributes:
        now: Gives seconds of the wall clock, which goes on over a restart.
    """

    def __init__(
        self,
        notes: Notes,
        kind: str,
        *,
        most: int,
        write: Callable[[ValueT], Any],
        read: Callable[[Any], ValueT],
        now: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is known before `restore`.

        Args:
            notes: Of the account.
            kind: Of its notes.
            most: Beyond it the oldest are forgotten.
            write: A value as JSON.
            read: What `write` wrote; raises as `Notes.read` allows.
            now: Gives seconds since 1970.
        """
        self._notes = notes
        self._kind = kind
        self._most = most
        self._write = write
        self._read = read
        self._values: OrderedDict[str, tuple[ValueT, float]] = OrderedDict()
        self.now = now

    async def restore(self) -> None:
        """What an earlier process has noted, oldest first; it is older than what is known by now."""
        found = await self._notes.read(self._kind, self._noted)
        newer = self._values
        for name, (_, until) in found.items():
            if until <= self.now():
                self._notes.drop(self._kind, name)
        self._values = OrderedDict(
            (name, known)
            for name, known in sorted(found.items(), key=lambda item: item[1][1])
            if known[1] > self.now() and name not in newer
        )
        self._values.update(newer)
        self._bound()

    def put(self, name: str, value: ValueT, until: float) -> None:
        """Remember a value until a time (seconds since 1970), in the place of the one of that name."""
        self._values.pop(name, None)
        self._values[name] = value, until
        self._notes.put(self._kind, name, {"value": self._write(value), "until": until}, until=until)
        self._bound()

    def get(self, name: str) -> ValueT | None:
        """The value, while it lasts."""
        known = self._values.get(name)
        if known is None or known[1] > self.now():
            return None if known is None else known[0]
        self.drop(name)
        return None

    def changed(self, name: str) -> None:
        """Note again what was changed in a value."""
        if (known := self._values.get(name)) is not None:
            value, until = known
            self._notes.put(self._kind, name, {"value": self._write(value), "until": until}, until=until)

    def drop(self, name: str) -> None:
        """Forget a value, if there is one."""
        if self._values.pop(name, None) is not None:
            self._notes.drop(self._kind, name)

    def items(self) -> Iterator[tuple[str, ValueT]]:
        """What lasts, oldest first."""
        return iter([(name, value) for name, (value, until) in self._values.items() if until > self.now()])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __len__(self) -> int:
        return len(self._values)

    def _noted(self, note: Any) -> tuple[ValueT, float]:
        return self._read(note["value"]), float(note["until"])

    def _bound(self) -> None:
        while len(self._values) > self._most:
            self.drop(next(iter(self._values)))
