"""Watching the wire: every frame and HTTP call, for a demo to print. Secrets are masked."""

from collections.abc import Callable, Mapping
from typing import Any

Observer = Callable[[str, str, dict[str, Any]], None]
"""Called with the direction (`in`: to the platform, `out`: from it), the kind (`http`, `ws`, `callback`) and facts."""

SECRET_FIELDS = frozenset(
    {
        "AppSecret",
        "app_secret",
        "access_key",
        "ticket",
        "tenant_access_token",
        "app_access_token",
        "authorization",
        "token",
        "URL",
        "client_secret",
        "access_token",
        "refresh_token",
        "code_verifier",
        "device_code",
        "user_code",
        "verification_uri_complete",
        "sign",
    }
)
SHOWN = 500


def masked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with the value of every secret field replaced, at any depth, and long texts cut."""
    return {key: "***" if _is_secret(key, value) else _masked_value(value) for key, value in facts.items()}


def _is_secret(key: str, value: Any) -> bool:
    # A `code` that is text is an authorisation code; the others are numbers that say what went wrong.
    return key in SECRET_FIELDS or (key == "code" and isinstance(value, str))


def _masked_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list):
        return [_masked_value(item) for item in value]
    if isinstance(value, str) and len(value) > SHOWN:
        return f"{value[:SHOWN]}... ({len(value)} characters)"
    return value


class Wire:
    """The observers. `feishu.wire.watch(print)` prints everything."""

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
