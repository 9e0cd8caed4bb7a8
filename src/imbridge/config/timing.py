"""When something is due: by a cron expression, at intervals, or once.

Moments are seconds since 1970: a day on which clocks are put back has each of them once. Only a cron expression needs
a time zone.
"""

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from imbridge.config.zones import DEFAULT_ZONE, zone_of

_SHORTEST = 1.0
_LONGEST = 10 * 366 * 86_400.0
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}


class Timing(ABC):
    """When something is due."""

    @abstractmethod
    def next_after(self, moment: float) -> float | None:
        """The first time it is due that is later than `moment`; None: never again."""

    @abstractmethod
    def newest(self, count: int, until: float) -> float | None:
        """The earliest of the newest `count` times it was due, up to and with `until`; None where there was none."""

    @property
    @abstractmethod
    def data(self) -> dict[str, Any]:
        """As JSON; `timing_from` reads it."""

    @property
    @abstractmethod
    def words(self) -> str:
        """For people."""

    @property
    @abstractmethod
    def zone(self) -> ZoneInfo:
        """In which its times are shown."""


@dataclass(frozen=True)
class Cron(Timing):
    """At the times of a cron expression (five fields, or six with seconds first), on the clocks of a time zone.

    Clocks that are put forward leave out an hour, clocks that are put back show one twice. An expression that names
    its hour and minute is due when the hour that is left out is over, and in the first of the two. One that begins with
    `*` for hour or minute, or that names seconds, follows the clock: not in the one, and in both. As Debian's cron.

    Attributes:
        expression: As it is written.
        time_zone: Its name in the IANA database.
    """

    expression: str
    time_zone: str = DEFAULT_ZONE

    def __post_init__(self) -> None:
        """Check both.

        Raises:
            ValueError: the message says what is wrong.
        """
        object.__setattr__(self, "time_zone", zone_of(self.time_zone).key)
        if self.next_after(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) is None:
            raise ValueError(f"the cron expression {self.expression!r} names no time that ever comes")

    @cached_property
    def zone(self) -> ZoneInfo:  # noqa: D102 - inherited
        return zone_of(self.time_zone)

    def next_after(self, moment: float) -> float | None:  # noqa: D102 - inherited
        # Around an hour that clocks show twice or leave out it may give the same time again, or an earlier one.
        return next((due for each in self._times(moment) if (due := each.timestamp()) > moment), None)

    def newest(self, count: int, until: float) -> float | None:  # noqa: D102 - inherited
        times = (each.timestamp() for each in islice(self._times(until + 1, backwards=True), count))
        past = [due for due in times if due <= until]
        return min(past, default=None)

    def _times(self, moment: float, *, backwards: bool = False) -> CronSim:
        start = datetime.fromtimestamp(moment, self.zone)
        try:
            return CronSim(_PRESETS.get(self.expression.strip().lower(), self.expression), start, reverse=backwards)
        except CronSimError as error:
            raise ValueError(
                f"{self.expression!r} is no cron expression ({error}); write minute hour day month weekday, "
                "such as '0 9 * * 1-5' for nine o'clock from Monday to Friday"
            ) from None

    @property
    def data(self) -> dict[str, Any]:  # noqa: D102 - inherited
        return {"cron": self.expression, "time_zone": self.time_zone}

    @property
    def words(self) -> str:  # noqa: D102 - inherited
        return f"{self.expression} {self.time_zone}"


@dataclass(frozen=True)
class Every(Timing):
    """At intervals.

    Attributes:
        seconds: From one to the next.
        jitter: Each is later by something from 0 to this (seconds), chosen by chance.
        anchor: One of the times, from which the others are counted; None: not known yet.
        time_zone: In which its times are shown.
    """

    seconds: float
    jitter: float = 0.0
    anchor: float | None = None
    time_zone: str = DEFAULT_ZONE

    def __post_init__(self) -> None:
        """Check them.

        Raises:
            ValueError: the message says what is wrong.
        """
        if not _SHORTEST <= self.seconds <= _LONGEST:
            raise ValueError(f"an interval is from 1 second to 10 years, not {self.seconds:g} seconds")
        if not 0 <= self.jitter < self.seconds:
            raise ValueError(
                f"jitter is from 0 to less than the interval of {self.seconds:g} seconds, not {self.jitter:g} seconds"
            )

    def next_after(self, moment: float) -> float:  # noqa: D102 - inherited
        anchor = moment if self.anchor is None else self.anchor
        number = math.floor((moment - anchor) / self.seconds) + 1
        while (due := anchor + number * self.seconds) <= moment:  # a float is not exact
            number += 1
        return due + (random.uniform(0, self.jitter) if self.jitter else 0.0)  # noqa: S311 - no secret

    @cached_property
    def zone(self) -> ZoneInfo:  # noqa: D102 - inherited
        return zone_of(self.time_zone)

    def newest(self, count: int, until: float) -> float | None:  # noqa: D102 - inherited
        if self.anchor is None:
            return None
        return self.anchor + (math.floor((until - self.anchor) / self.seconds) - count + 1) * self.seconds

    @property
    def data(self) -> dict[str, Any]:  # noqa: D102 - inherited
        return {"every": self.seconds, "jitter": self.jitter, "anchor": self.anchor, "time_zone": self.time_zone}

    @property
    def words(self) -> str:  # noqa: D102 - inherited
        late = f" and up to {_in_words(self.jitter)} more" if self.jitter else ""
        return f"every {_in_words(self.seconds)}{late}"


@dataclass(frozen=True)
class At(Timing):
    """Once.

    Attributes:
        moment: When (seconds since 1970).
        time_zone: In which it is shown.
    """

    moment: float
    time_zone: str = DEFAULT_ZONE

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            ValueError: no calendar shows it.
        """
        try:
            datetime.fromtimestamp(self.moment, self.zone)
        except (OverflowError, OSError, ValueError):
            raise ValueError("a moment is one of the years 1 to 9999") from None

    def next_after(self, moment: float) -> float | None:  # noqa: D102 - inherited
        return self.moment if self.moment > moment else None

    def newest(self, count: int, until: float) -> float | None:  # noqa: D102 - inherited
        return self.moment if self.moment <= until else None

    @cached_property
    def zone(self) -> ZoneInfo:  # noqa: D102 - inherited
        return zone_of(self.time_zone)

    @property
    def data(self) -> dict[str, Any]:  # noqa: D102 - inherited
        return {"at": self.moment, "time_zone": self.time_zone}

    @property
    def words(self) -> str:  # noqa: D102 - inherited
        return f"at {datetime.fromtimestamp(self.moment, self.zone):%Y-%m-%d %H:%M:%S} {self.time_zone}"


def timing_from(data: Mapping[str, Any]) -> Timing:
    """The timing that `Timing.data` describes.

    Raises:
        ValueError: it describes none.
    """
    match data:
        case {"cron": str(expression), "time_zone": str(zone)}:
            return Cron(expression, zone)
        case {"every": int() | float() as seconds, "jitter": jitter, "anchor": anchor, "time_zone": str(zone)}:
            return Every(float(seconds), float(jitter), anchor, zone)
        case {"at": int() | float() as moment, "time_zone": str(zone)}:
            return At(float(moment), zone)
    raise ValueError("this says no time; was it written by a newer imbridge?")


def _in_words(seconds: float) -> str:
    for unit, length in reversed(UNITS.items()):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds:g}s"
