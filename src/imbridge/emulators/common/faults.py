"""The faults that are set on one emulator.

Every method that sets one returns a `Fault`, which counts how often it struck, ends by itself after `times`, and can be
used as a context manager: `with emulator.faults.http_fail("*/messages*", 502): ...`. Patterns are those of file names.
"""

import fnmatch
from collections.abc import Sequence
from typing import Any, Protocol

from imbridge.emulators.common.fault import Fault


class Freezable(Protocol):
    """A connection that can be made half-open."""

    def freeze(self) -> None:
        """Stops reading and answering; the connection stays."""

    def thaw(self) -> None:
        """Goes on."""


class MortalTokens(Protocol):
    """A platform's tokens, which can be made to die early."""

    early_death: float | None


class FaultRegistry:
    """All faults of one emulator.

    A fault may be for some requests only: `pattern` among its facts says which (paths, commands, whatever the kind is
    asked about), `method` which HTTP method.

    Attributes:
        active: Whether any fault is set. Parts that are asked often look here first.
    """

    def __init__(self) -> None:
        self.active = False
        self._set: dict[str, list[Fault]] = {}

    def clear(self) -> None:
        """Ends all faults."""
        for fault in [one for faults in self._set.values() for one in faults]:
            fault.clear()

    def take(self, kind: str, subject: str = "", *, method: str = "") -> Fault | None:
        """A fault of this kind that concerns the subject; it has struck.

        Args:
            kind: What was set.
            subject: What the fault's pattern must fit: a path, a command.
            method: The request's HTTP method.
        """
        for fault in self._set.get(kind, ()):
            wanted = fault.facts.get("method")
            if (wanted is None or wanted == method) and fnmatch.fnmatchcase(subject, fault.facts.get("pattern", "*")):
                fault.strike()
                return fault
        return None

    def _add(self, kind: str, times: int | None, **facts: Any) -> Fault:
        fault = Fault(self._forget, kind, times, facts)
        self._set.setdefault(kind, []).append(fault)
        self.active = True
        return fault

    def _forget(self, fault: Fault) -> None:
        faults = self._set.get(fault.kind, [])
        if fault in faults:
            faults.remove(fault)
        if not faults:
            self._set.pop(fault.kind, None)
        self.active = bool(self._set)

    def _freeze(self, connections: Sequence[Freezable]) -> Fault:
        """Half-opens these connections; clearing the fault lets those that still exist go on."""
        for connection in connections:
            connection.freeze()
        fault = self._add("half_open", None, connections=len(connections))
        fault.hits = len(connections)

        def thaw() -> None:
            for connection in connections:
                connection.thaw()

        return fault.on_clear(thaw)

    def _early_death(self, tokens: MortalTokens, seconds: float) -> Fault:
        """Tokens die so many seconds after they are issued, although their expiry says otherwise."""
        tokens.early_death = seconds

        def undo() -> None:
            tokens.early_death = None

        return self._add("token_lifetime", None, seconds=seconds).on_clear(undo)
