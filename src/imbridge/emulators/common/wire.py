"""Watching the wire: every frame, callback and HTTP call, for a demo to print. Secrets are masked."""

import json
from collections.abc import Callable, Mapping
from typing import Any

Observer = Callable[[str, str, dict[str, Any]], None]
"""Called with the direction (`in`: to the platform, `out`: from it), the kind (`http`, `ws`, `callback`) and facts."""
SHOWN = 500


class Wire:
    """The observers. `emulator.wire.watch(print)` prints everything.

    Args:
        secrets: Names of the fields whose values nobody is shown.
    """

    def __init__(self, secrets: frozenset[str]) -> None:
        self._secrets = secrets
        self._observers: list[Observer] = []

    def __bool__(self) -> bool:
        return bool(self._observers)

    def watch(self, observer: Observer) -> Callable[[], None]:
        """Adds an observer; the returned function removes it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def tell(self, direction: str, kind: str, facts: Mapping[str, Any]) -> None:
        """Passes facts on to all observers. Callers check `if wire:` first, to do no work for nobody."""
        shown = masked(facts, self._secrets)
        for observer in tuple(self._observers):
            observer(direction, kind, shown)


def masked(facts: Mapping[str, Any], secrets: frozenset[str]) -> dict[str, Any]:
    """The facts with the value of every secret field replaced, at any depth, and long texts cut.

    Numbers are no secrets: `code` is one when it lets somebody in, and none when it says what went wrong.
    """
    return {
        name: "***" if name in secrets and value and not isinstance(value, int | float) else _shown(value, secrets)
        for name, value in facts.items()
    }


def _shown(value: Any, secrets: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        return masked(value, secrets)
    if isinstance(value, list):
        return [_shown(item, secrets) for item in value]
    if isinstance(value, str) and len(value) > SHOWN:
        return f"{value[:SHOWN]}... ({len(value)} characters)"
    return value


def readable_body(body: bytes) -> Any:
    """A request's body to be shown: its JSON, or how long it is if it is something else."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return f"({len(body)} bytes)"
