"""Watching the wire: every callback and API call, for a demo to print. Secrets are masked."""

from collections.abc import Callable, Mapping
from typing import Any

Observer = Callable[[str, str, dict[str, Any]], None]
"""Called with the direction (`in`: to the platform, `out`: from it), the kind (`http`, `callback`) and facts."""

SECRET_FIELDS = frozenset({"secret", "access_token", "refresh_token", "code", "signature", "msg_signature"})
SHOWN = 500


def masked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with every secret replaced, at any depth, and long texts cut."""
    return {name: "***" if name in SECRET_FIELDS else _shown(value) for name, value in facts.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, str) and len(value) > SHOWN:
        return f"{value[:SHOWN]}... ({len(value)} characters)"
    return value


class Wire:
    """The observers. `wechat.wire.watch(observer)` gets everything."""

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
