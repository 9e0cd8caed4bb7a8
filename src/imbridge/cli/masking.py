"""Settings as they may be shown."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from imbridge.config import Settings, SkillSpec
from imbridge.config.schedule import ScheduleSpec
from imbridge.config.storage import StorageSpec

MASK = "********"
_SECRET_NAME = re.compile(
    r"secret|token|passw|pwd|credential|webhook|(^|[_-])(api|access|private|encrypt|app)?[_-]?key$", re.IGNORECASE
)
_TOKEN_ADDRESS = re.compile(r"(^|_)token_url$", re.IGNORECASE)
"""Where tokens are fetched, which is no secret as long as it has no query."""
_MIN_SECRET = 6
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def masked(settings: Settings, environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings in the form of the YAML file, without any secret.

    Secrets of accounts are known by their type. In the options of skills, a secret is what has a name like one, or
    holds the value of an environment variable that has.
    """
    known = [value for name, value in environ.items() if _is_secret(name, value) and len(value) >= _MIN_SECRET]
    channels: dict[str, Any] = {}
    for account in settings.accounts:
        shown = account.model_dump(mode="json", exclude={"name"})
        accounts = channels.setdefault(account.platform, {"accounts": {}})["accounts"]
        accounts[account.name] = _mask(shown, known)
    return {
        "channels": channels,
        "skills": [_skill(skill, known) for skill in settings.skills],
        "permissions": _mask(settings.permissions, known),
        "bridge": settings.bridge.model_dump(mode="json"),
        **_schedule(settings.schedule, known),
        **_storage(settings.storage, known),
    }


def _skill(spec: SkillSpec, known: list[str]) -> Any:
    """One of the section: its name alone, where nothing more is said of it."""
    more = spec.model_dump(mode="json", exclude_none=True, include={"on_overlap", "debounce"})
    if spec.options:
        more["options"] = _mask(spec.options, known)
    return {"use": spec.target, **more} if more else spec.target


def _schedule(specs: Sequence[ScheduleSpec], known: list[str]) -> dict[str, Any]:
    """The section; nothing where nothing is planned."""
    shown = [_mask(spec.model_dump(mode="json", exclude_defaults=True, exclude={"where"}), known) for spec in specs]
    return {"schedule": shown} if shown else {}


def _storage(spec: StorageSpec, known: list[str]) -> dict[str, Any]:
    """The section."""
    if not spec.keeps:
        return {"storage": "memory"}
    if spec.database is None:
        return {"storage": {"type": spec.reference, **_mask(spec.options, known)}}
    return {"storage": _mask(spec.database.model_dump(mode="json"), known)}


def _is_secret(name: str, value: Any) -> bool:
    if _TOKEN_ADDRESS.search(name) and isinstance(value, str) and "?" not in value:
        return False
    return _SECRET_NAME.search(name) is not None


def _mask(value: Any, known: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: MASK if item not in (None, "") and _is_secret(str(key), item) else _mask(item, known)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_mask(item, known) for item in value]
    if isinstance(value, str) and any(secret in value for secret in known):
        return MASK
    return _USER_INFO.sub(MASK, value) if isinstance(value, str) else value
