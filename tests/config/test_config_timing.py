"""When something is due: cron expressions around changes of clocks, intervals, moments; what cannot be understood."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbridge.config.timing import Cron, Every, Timing, timing_from
from imbridge.config.when import timing_of
from imbridge.config.zones import zone_of

BERLIN = "Europe/Berlin"  # 2026-03-29: 02:00 becomes 03:00; 2026-10-25: 03:00 becomes 02:00
LORD_HOWE = "Australia/Lord_Howe"  # half an hour: 2026-10-04: 02:00 becomes 02:30; 2026-04-05: 02:00 becomes 01:30


def moment(text: str, zone: str = "UTC", fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def due_on(timing: Timing, day: str, zone: str = BERLIN) -> list[str]:
    """The times of a day, with the offset of the clock."""
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    found, now = [], start.timestamp() - 1
    while (due := timing.next_after(now)) is not None:
        local = datetime.fromtimestamp(due, ZoneInfo(zone))
        if local.date() != start.date():
            break
        found.append(f"{local:%H:%M%z}")
        now = due
    return found


# The table in docs/scheduling.md.
@pytest.mark.parametrize(
    ("expression", "day", "expected"),
    [
        ("30 2 * * *", "2026-03-28", ["02:30+0100"]),
        ("30 2 * * *", "2026-03-29", ["03:00+0200"]),
        ("0 3 * * *", "2026-03-29", ["03:00+0200"]),
        ("0,30 2 * * *", "2026-03-29", ["03:00+0200"]),
        ("0 1,2,3 * * *", "2026-03-29", ["01:00+0100", "03:00+0200"]),
        ("*/30 2 * * *", "2026-03-29", []),
        ("30 */2 * * *", "2026-03-29", [f"{hour:02}:30+0{1 + (hour > 2)}00" for hour in (0, *range(4, 24, 2))]),
        ("30 2 * * *", "2026-10-25", ["02:30+0200"]),
        ("0 3 * * *", "2026-10-25", ["03:00+0100"]),
        ("0,30 2 * * *", "2026-10-25", ["02:00+0200", "02:30+0200"]),
        ("*/30 2 * * *", "2026-10-25", ["02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100"]),
        ("0 30 2 * * *", "2026-10-25", ["02:30+0200", "02:30+0100"]),
        ("0 30 2 * * *", "2026-03-29", []),
    ],
)
def test_changes_of_clocks(expression: str, day: str, expected: list[str]) -> None:
    assert due_on(Cron(expression, BERLIN), day) == expected


def test_an_hour_that_is_skipped_or_doubled_for_what_runs_all_day() -> None:
    hourly = Cron("15 * * * *", BERLIN)
    assert [len(due_on(hourly, day)) for day in ("2026-03-29", "2026-06-01", "2026-10-25")] == [23, 24, 25]


def test_a_change_of_half_an_hour() -> None:
    assert due_on(Cron("15 2 * * *", LORD_HOWE), "2026-10-04", LORD_HOWE) == ["02:30+1100"]
    assert due_on(Cron("45 1 * * *", LORD_HOWE), "2026-04-05", LORD_HOWE) == ["01:45+1100"]


def test_from_within_the_second_of_two_hours_nothing_is_due_again() -> None:
    after = moment("2026-10-25T02:10:00", BERLIN, fold=1)
    assert Cron("30 2 * * *", BERLIN).next_after(after) == moment("2026-10-26T02:30:00", BERLIN)


def test_zones_have_their_own_nine_o_clock() -> None:
    since = moment("2026-06-01T00:00:00")
    assert Cron("0 9 * * *", "Asia/Shanghai").next_after(since) == moment("2026-06-01T01:00:00")
    assert Cron("0 9 * * *", BERLIN).next_after(since) == moment("2026-06-01T07:00:00")
    assert Cron("0 9 * * *", "UTC").next_after(moment("2026-06-01T09:00:00")) == moment("2026-06-02T09:00:00")


EXPRESSIONS = st.sampled_from(
    ["30 2 * * *", "0,30 2 * * *", "*/20 * * * *", "5 */2 * * *", "0 0 * * *", "59 23 L * *", "*/30 1-3 * * *"]
)
AROUND = st.sampled_from(["2026-03-29T00:30:00", "2026-10-25T00:30:00", "2026-10-03T15:30:00", "2026-04-04T15:00:00"])


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS, st.sampled_from([BERLIN, LORD_HOWE, "America/New_York"]), AROUND, st.integers(-7200, 7200))
def test_due_times_only_go_forward_and_none_is_left_out(expression: str, zone: str, around: str, offset: int) -> None:
    cron, start = Cron(expression, zone), moment(around) + offset + 0.5
    times = [start]
    for _ in range(5):
        due = cron.next_after(times[-1])
        assert due is not None
        times.append(due)
    assert all(one < other for one, other in pairwise(times))
    for one, other in pairwise(times):  # from any moment in between the next one is the same
        assert cron.next_after((one + other) / 2) == other


def test_intervals_are_counted_from_their_anchor() -> None:
    every = Every(600.0, anchor=1_000.0)
    assert [every.next_after(now) for now in (999.0, 1_000.0, 1_599.9, 1_600.0, 100_000.0)] == [
        1_000.0, 1_600.0, 1_600.0, 2_200.0, 100_600.0,
    ]  # fmt: skip
    assert Every(0.1 + 0.9, anchor=0.3).next_after(1_700_000_000.3) == 1_700_000_001.3
    late = {Every(600.0, 60.0, 1_000.0).next_after(1_000.0) for _ in range(50)}
    assert len(late) > 10
    assert all(1_600.0 <= due < 1_660.0 for due in late)


def test_a_moment_is_due_once() -> None:
    at = timing_of(at="2026-12-01 09:00", time_zone=BERLIN)
    assert at.next_after(0) == moment("2026-12-01T08:00:00")
    assert at.next_after(moment("2026-12-01T08:00:00")) is None
    assert timing_of(at="2026-12-01T09:00:00+09:00").next_after(0) == moment("2026-12-01T00:00:00")
    assert timing_of(at=datetime(2026, 12, 1, 9, tzinfo=UTC)).next_after(0) == moment("2026-12-01T09:00:00")
    twice = timing_of(at="2026-10-25 02:30", time_zone=BERLIN)
    assert twice.next_after(0) == moment("2026-10-25T00:30:00")  # the first of the two


@pytest.mark.parametrize("timing", [Cron("*/10 * * * *", BERLIN), Every(600.0, anchor=0.0)])
def test_the_newest_of_many(timing: Timing) -> None:
    until = moment("2026-06-01T12:05:00")
    assert [timing.newest(count, until) for count in (1, 3)] == [until - 300, until - 1500]
    assert timing_of(at="2026-06-01T12:05:00Z").newest(3, until) == until
    assert timing_of(at="2026-06-01T12:05:01Z").newest(3, until) is None


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(90, 90), ("90", 90), ("10m", 600), ("1h30m", 5400), (timedelta(days=1), 86_400), ("1w", 604_800)],
)
def test_intervals_as_people_write_them(written: float | str | timedelta, seconds: float) -> None:
    assert timing_of(every=written).data["every"] == seconds


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "exactly one of cron, every and at"),
        ({"cron": "* * * * *", "every": 60}, "not with cron and every"),
        ({"cron": "0 9 * *"}, "'0 9 \\* \\*' is no cron expression"),
        ({"cron": "0 0 30 2 *"}, "no cron expression"),
        ({"cron": "0 9 * * *", "time_zone": "Asia/Peking"}, "no time zone 'Asia/Peking'"),
        ({"cron": "0 9 * * *", "time_zone": "../etc/passwd"}, "no time zone"),
        ({"cron": "0 9 * * *", "time_zone": ""}, "no time zone"),
        ({"cron": "0 9 * * *", "jitter": 5}, "jitter and anchor go with every, not with cron"),
        ({"every": 0}, "from 1 second"),
        ({"every": -60}, "from 1 second"),
        ({"every": float("nan")}, "from 1 second"),
        ({"every": "inf"}, "from 1 second"),
        ({"every": "10 minutes"}, "no duration"),
        ({"every": ""}, "no duration"),
        ({"every": 60, "jitter": 60}, "less than the interval of 60 seconds"),
        ({"every": 60, "anchor": datetime(2026, 1, 1)}, "anchor needs a time zone"),  # noqa: DTZ001 - what is refused
        ({"at": datetime(2026, 1, 1)}, "at needs a time zone"),  # noqa: DTZ001 - what is refused
        ({"at": "tomorrow"}, "no moment"),
        ({"at": "0001-01-01 00:00", "time_zone": BERLIN}, "no moment that Europe/Berlin has"),
        ({"at": "9999-12-31 23:59Z"}, "years 1 to 9999"),
        ({"at": "2026-03-29 02:30", "time_zone": BERLIN}, "there is no 2026-03-29 02:30:00 in Europe/Berlin"),
    ],
)
def test_what_cannot_be_understood(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        timing_of(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "written",
    [{"cron": "0 9 * * 1-5", "time_zone": BERLIN}, {"every": 90, "jitter": 5}, {"at": "2026-12-01 09:00"}],
)
def test_they_are_kept_as_json(written: dict[str, object]) -> None:
    timing = timing_of(**written)  # type: ignore[arg-type]
    assert timing_from(timing.data) == timing
    with pytest.raises(ValueError, match="says no time"):
        timing_from({"moon": "full"})


def test_words_for_people() -> None:
    assert timing_of(cron="0 9 * * *").words == "0 9 * * * Asia/Shanghai"
    assert timing_of(every="90m", jitter=30).words == "every 90m and up to 30s more"
    assert timing_of(at="2026-12-01T01:00:00Z").words == "at 2026-12-01 09:00:00 Asia/Shanghai"
    assert zone_of("UTC").key == "UTC"
