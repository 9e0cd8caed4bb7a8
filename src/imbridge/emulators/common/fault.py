"""One fault that is set."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self


class Fault:
    """A fault that is set.

    Attributes:
        kind: The name by which the emulator's parts ask for it.
        hits: How often it has struck.
        left: How often it will still strike; None: until cleared.
        facts: What was asked for.
    """

    def __init__(self, forget: "Callable[[Fault], None]", kind: str, times: int | None, facts: Mapping[str, Any]):
        self.kind = kind
        self.hits = 0
        self.left = times
        self.facts = facts
        self._forget = forget
        self._undo: Callable[[], None] | None = None

    def clear(self) -> None:
        """Ends it."""
        self._forget(self)
        undo, self._undo = self._undo, None
        if undo is not None:
            undo()

    def strike(self) -> None:
        """Counts one strike; ends the fault when it was the last."""
        self.hits += 1
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.clear()

    def on_clear(self, undo: Callable[[], None]) -> Self:
        """What to do when it ends."""
        self._undo = undo
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
