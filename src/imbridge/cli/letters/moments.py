"""Moments as people write and read them."""

import time
from datetime import datetime

import click


def read_moment(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """`2026-11-26`, `2026-11-26 14:30` (local time, unless it has an offset), or how long ago: `15m`, `2h`, `7d`.

    Returns:
        Seconds since 1970.
    """
    if value is None:
        return None
    from imbridge.config.timing import UNITS
    from imbridge.config.when import seconds_of

    text = value.strip()
    try:
        if text[-1:] in UNITS:
            return time.time() - seconds_of(text)
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is no moment; expected 2026-11-26, '2026-11-26 14:30', 15m, 2h or 7d", context, parameter
        ) from None


def short(at: float) -> str:
    """Local time, for a table."""
    return datetime.fromtimestamp(at).astimezone().strftime("%m-%d %H:%M:%S")


def full(at: float) -> str:
    """Local time with its offset from UTC."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")
