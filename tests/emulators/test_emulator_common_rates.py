"""Rates as sliding windows."""

import time

import pytest

from imbridge.emulators.common.rates import Rates


class Clock:
    now = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    return clock


def test_a_place_is_taken_under_every_rule_or_none(clock: Clock) -> None:
    rates = Rates((2, 60.0), (3, 3600.0))
    assert [rates.take("a") for _ in range(2)] == [(0.0, 0)] * 2
    clock.now = 20.0
    assert rates.take("a") == (40.0, 2)
    assert rates.take("b") == (0.0, 0)
    clock.now = 60.0
    assert rates.take("a") == (0.0, 0)
    assert rates.take("a") == (3540.0, 3), "the hour is full; the refused one took no place in the minute"
    clock.now = 3600.0
    assert [rates.take("a")[0] for _ in range(3)] == [0.0, 0.0, 60.0]


def test_the_least_recently_used_keys_are_forgotten(clock: Clock) -> None:
    rates = Rates((1, 60.0), keep=2)
    for key in ("a", "b", "a", "c"):
        rates.take(key)
    assert rates.take("a")[0] == 60.0
    assert rates.take("b")[0] == 0.0


def test_a_key_has_parts(clock: Clock) -> None:
    rates = Rates((1, 60.0))
    assert rates.take("app", "api") == rates.take("appapi") == rates.take("app") == (0.0, 0)
