"""Moments as people write and read them."""

import re
import time
from datetime import datetime

import click

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGO = re.compile(r"(\d+)\s*([smhd])")


def read_moment(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """`2026-11-26`, `2026-11-26 14:30` (local time, unless it has an offset), or how long ago: `15m`, `2h`, `7d`.

    Returns:
        Seconds since 1970.
    """
    if value is None:
        return None
    if ago := _AGO.fullmatch(value.strip()):
        return time.time() - int(ago[1]) * _UNITS[ago[2]]
    try:
        return datetime.fromisoformat(value.strip()).timestamp()
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
