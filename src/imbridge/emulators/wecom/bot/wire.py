"""Watching the wire: every frame and HTTP call, for a demo to print. Secrets are masked."""

from collections.abc import Callable, Mapping
from typing import Any

Observer = Callable[[str, str, dict[str, Any]], None]
"""Called with the direction (`in`: to the platform, `out`: from it), the kind (`ws`, `http`, `callback`) and facts."""

SECRET_FIELDS = frozenset({"secret", "aeskey", "response_url", "base64_data", "base64", "url", "encrypt"})
SHOWN = 500


def masked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with the value of every secret field replaced, at any depth, and long texts cut."""
    return {key: "***" if key in SECRET_FIELDS else _masked_value(value) for key, value in facts.items()}


def _masked_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list):
        return [_masked_value(item) for item in value]
    if isinstance(value, str) and len(value) > SHOWN:
        return f"{value[:SHOWN]}... ({len(value)} characters)"
    return value


class Wire:
    """The observers. `platform.wire.watch(print)` prints everything."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []

    def __bool__(self) -> bool:
        return bool(self._observers)

    def watch(self, observer: Observer) -> Callable[[], None]:
        """Adds an observer; the returned function removes it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def tell(self, direction: str, kind: str, facts: Mapping[str, Any]) -> None:
        """Passes facts on to all observers. Callers check `if wire:` first, to do no work for nobody."""
        shown = masked(facts)
        for observer in tuple(self._observers):
            observer(direction, kind, shown)
