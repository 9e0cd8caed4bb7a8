"""Which platforms there are, and which could be installed."""

from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, entry_points, metadata

from imbridge.config.problems import did_you_mean

_NO_PLATFORMS = frozenset({"all", "fast"})


def unknown_platform(name: str, known: Collection[str]) -> str:
    """What to say of a platform that no installed adapter serves."""
    if name in entry_points(group="imbridge.adapters").names:
        return f"the platform {name} is not installed: pip install 'imbridge[{name}]'; installed: {_list(known)}"
    if name in _extras():
        return f"this version of imbridge has no adapter for {name}; installed: {_list(known)}"
    return f"unknown platform{did_you_mean(name, known)}; installed: {_list(known)}"


def _list(names: Collection[str]) -> str:
    return ", ".join(names) or "none"


def _extras() -> set[str]:
    try:
        extras = metadata("imbridge").get_all("Provides-Extra") or []
    except PackageNotFoundError:  # run from a source tree that is not installed
        return set()
    return set(extras) - _NO_PLATFORMS
