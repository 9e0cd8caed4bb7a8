"""A wall clock that can be moved. To be imported before the library, which remembers `time.time` where it is loaded."""

import datetime as dt
import sys
import time

_REAL = time.time
_JULIAN_1970 = 2440587.5
_ahead = 0.0


def move(seconds: float) -> None:
    """Be so much ahead of the real one from now on."""
    global _ahead  # noqa: PLW0603 - a process has one clock
    _ahead = seconds


def now() -> float:
    """Seconds since 1970, by the moved clock."""
    return _REAL() + _ahead


def julian_day(_: str) -> float:
    """The same for SQLite."""
    return now() / 86_400.0 + _JULIAN_1970


class _Instances(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, dt.datetime)


class _Moved(dt.datetime, metaclass=_Instances):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
        return dt.datetime.fromtimestamp(now(), tz)


def govern(package: str) -> None:
    """Modules of a package that ask `datetime` are told the moved time, too; those that are loaded by now."""
    for name, module in tuple(sys.modules.items()):
        if name.partition(".")[0] == package and getattr(module, "datetime", None) is dt.datetime:
            module.datetime = _Moved  # type: ignore[attr-defined]


time.time = now
