"""Points in time as Feishu writes them → datetimes.

A message's and most events' times are milliseconds; a callback's, and some events', are microseconds
(open.feishu.cn, "card callback communication", "event overview"); the old schema's `ts` is seconds with a fraction.
"""

from datetime import UTC, datetime
from typing import Any

_SECONDS, _MILLISECONDS, _MICROSECONDS = 1e11, 1e14, 1e17
"""Beyond each of these a number counts in the next smaller unit: all three are the years 1973 to 5138."""


def moment(value: Any) -> datetime:
    """An aware UTC time from a number or its text, in whichever unit the platform chose.

    Raises:
        ValueError: it is no number, or outside the years that a datetime can hold.
        TypeError: it is neither a number nor text.
    """
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError("not a time: a number beyond all bounds") from error
    if _SECONDS <= number < _MILLISECONDS:  # nearly all
        return datetime.fromtimestamp(number / 1e3, UTC)
    size = abs(number)
    if size >= _MICROSECONDS:
        number /= 1e9
    elif size >= _MILLISECONDS:
        number /= 1e6
    elif size >= _SECONDS:
        number /= 1e3
    try:
        return datetime.fromtimestamp(number, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"not a time: {value!r}") from error


def moment_or_now(value: Any) -> datetime:
    """The same; now, where it cannot be read (it then counts as fresh)."""
    try:
        return moment(value)
    except (TypeError, ValueError):
        return datetime.now(UTC)


def shown(value: Any) -> str:
    """A time as a person reads it, to the minute; empty when there is none."""
    if value in (None, "", 0, "0"):
        return ""
    return f"{moment(value):%Y-%m-%d %H:%M} UTC"
