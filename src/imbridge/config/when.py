"""When something is due, as people write it."""

import math
import re
from datetime import UTC, datetime, timedelta

from imbridge.config.timing import UNITS, At, Cron, Every, Timing
from imbridge.config.zones import DEFAULT_ZONE, zone_of

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])")


def timing_of(
    *,
    cron: str | None = None,
    every: float | str | timedelta | None = None,
    at: datetime | str | None = None,
    jitter: float | str | timedelta | None = None,
    anchor: datetime | None = None,
    time_zone: str | None = None,
) -> Timing:
    """A timing of what people write.

    Args:
        cron: A cron expression.
        every: An interval: seconds, a `timedelta`, or a text such as `10m` or `1h30m`.
        at: A moment: a datetime with a time zone, or a text such as `2026-12-01 09:00`.
        jitter: With `every`: how much later by chance, at most.
        anchor: With `every`: a moment from which intervals are counted; from now when left out.
        time_zone: For `cron`, and for a moment in text that names no offset; in which all are shown.

    Raises:
        ValueError: not exactly one of `cron`, `every` and `at` is given, or it cannot be understood.
    """
    given = [name for name, value in (("cron", cron), ("every", every), ("at", at)) if value is not None]
    if len(given) != 1:
        raise ValueError(
            "say when with exactly one of cron, every and at" + (f", not with {' and '.join(given)}" if given else "")
        )
    if every is None and (jitter is not None or anchor is not None):
        raise ValueError(f"jitter and anchor go with every, not with {given[0]}")
    zone = DEFAULT_ZONE if time_zone is None else time_zone
    if cron is not None:
        return Cron(cron, zone)
    if every is not None:
        if anchor is not None and anchor.tzinfo is None:
            raise ValueError("anchor needs a time zone, as datetime(..., tzinfo=ZoneInfo('Asia/Shanghai'))")
        start = None if anchor is None else anchor.timestamp()
        return Every(seconds_of(every), seconds_of(jitter or 0.0), start, zone_of(zone).key)
    return At(_moment(at, zone), zone_of(zone).key)


def seconds_of(duration: float | str | timedelta) -> float:
    """Seconds, a `timedelta`, or a text such as `90`, `10m`, `1h30m`, in seconds.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(duration, timedelta):
        return duration.total_seconds()
    if isinstance(duration, str):
        return _seconds_in(duration)
    return float(duration)


def _seconds_in(text: str) -> float:
    try:
        return float(text) if math.isfinite(float(text)) else math.inf
    except ValueError:
        pieces = _DURATION.findall(text.lower())
        if not pieces or _DURATION.sub("", text.lower()).strip():
            raise ValueError(f"{text!r} is no duration; write seconds, or a text such as 30s, 10m, 1h30m, 2d") from None
        return sum(float(amount) * UNITS[unit] for amount, unit in pieces)


def _moment(at: datetime | str | None, time_zone: str) -> float:
    """A moment; a time that the zone's clocks leave out is refused, of one that they show twice it is the first."""
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise ValueError("at needs a time zone, as datetime(..., tzinfo=ZoneInfo('Asia/Shanghai'))")
        return at.timestamp()
    try:
        written = datetime.fromisoformat(str(at).strip())
    except ValueError:
        raise ValueError(f"{at!r} is no moment; write it as 2026-12-01 09:00") from None
    if written.tzinfo is not None:
        return written.timestamp()
    zone = zone_of(time_zone)
    local = written.replace(tzinfo=zone)
    try:
        shown = local.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(f"{at!r} is no moment that {time_zone} has; write it as 2026-12-01 09:00") from None
    if shown != written:
        raise ValueError(f"there is no {written} in {time_zone}: clocks are put forward over it; name a time after it")
    return local.timestamp()
