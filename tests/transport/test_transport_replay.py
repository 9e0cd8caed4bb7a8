import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.transport import Refused, ReplayWindow, constant_time_equal

NOW = 1_800_000_000


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def window(clock: Clock) -> ReplayWindow:
    return ReplayWindow(300, max_entries=5, clock=clock)


def refusal(window: ReplayWindow, timestamp: str | int, nonce: str) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        window.check(timestamp, nonce)
    return caught.value.status, caught.value.reason


def test_lets_each_request_through_once(window):
    window.check(str(NOW), "a")
    window.check(str(NOW), "b")
    window.check(str(NOW + 1), "a")
    assert refusal(window, str(NOW), "a") == (403, "replayed")
    assert refusal(window, NOW, "a") == (403, "replayed")
    assert refusal(window, f"0{NOW}", "a") == (403, "replayed")


def test_old_and_future_timestamps_are_refused(window):
    window.check(NOW - 300, "a")
    window.check(NOW + 300, "a")
    assert refusal(window, NOW - 301, "a") == (403, "stale timestamp")
    assert refusal(window, NOW + 301, "a") == (403, "stale timestamp")
    assert refusal(window, 0, "a") == (403, "stale timestamp")


def test_milliseconds_are_understood(window):
    window.check(str(NOW * 1000 + 250), "a")
    assert refusal(window, (NOW - 301) * 1000, "a") == (403, "stale timestamp")


@pytest.mark.parametrize(
    "junk", ["", "abc", "-1", "1e9", " 1800000000", "1800000000\n", "１８００００００００", "9" * 17, "nan"]
)
def test_junk_timestamps_are_refused(window, junk):
    assert refusal(window, junk, "a") == (403, "junk timestamp")


def test_an_endless_nonce_is_refused(window):
    assert refusal(window, NOW, "x" * 257) == (403, "junk nonce")


def test_a_timestamp_from_the_future_cannot_be_replayed_when_its_time_has_come(window, clock):
    window.check(NOW + 300, "a")
    for later in (1, 299, 301, 599, 600):
        clock.now = NOW + later
        assert refusal(window, NOW + 300, "a") == (403, "replayed")
    clock.now = NOW + 601
    assert refusal(window, NOW + 300, "a") == (403, "stale timestamp")


def test_memory_is_bounded_and_fails_closed(window, clock):
    for number in range(5):
        window.check(NOW, str(number))
    assert refusal(window, NOW, "one more") == (503, "replay window full")
    assert refusal(window, NOW, "0") == (403, "replayed")
    assert len(window) == 5
    clock.now += 601
    window.check(NOW + 601, "one more")
    assert len(window) == 1


def test_is_forgotten_as_soon_as_its_timestamp_is_stale(window, clock):
    window.check(NOW - 200, "old")
    for number in range(4):
        window.check(NOW, str(number))
    clock.now = NOW + 100
    assert refusal(window, NOW + 100, "full") == (503, "replay window full")
    clock.now = NOW + 101
    window.check(NOW + 101, "room for one")
    assert refusal(window, NOW - 200, "old") == (403, "stale timestamp")
    assert refusal(window, NOW, "0") == (403, "replayed")
    clock.now = NOW + 301
    window.check(NOW + 301, "room for four")
    assert len(window) == 2


def test_a_request_whose_handling_failed_may_come_again(window):
    window.check(NOW, "a")
    window.forget(NOW, "a")
    window.check(NOW, "a")
    window.forget(NOW, "never seen")


@given(st.text(), st.text())
def test_nothing_but_refusals_comes_out(timestamp, nonce):
    window = ReplayWindow(clock=lambda: NOW)
    status = 200
    try:
        window.check(timestamp, nonce)
    except Refused as error:
        status = error.status
    assert status in (200, 403)
    if status == 200:
        assert abs(int(timestamp) / (1000 if int(timestamp) >= 10**11 else 1) - NOW) <= 300


def test_comparing():
    assert constant_time_equal("abc", "abc")
    assert constant_time_equal("abc", b"abc")
    assert constant_time_equal("签名", "签名")
    assert constant_time_equal("", "")
    assert constant_time_equal("\ud800", "\ud800")
    assert not constant_time_equal("abc", "abd")
    assert not constant_time_equal("abc", "ab")
    assert not constant_time_equal("abc", "")
    assert not constant_time_equal("签名", "签")


@given(st.text(), st.text())
def test_comparing_agrees_with_equality(a, b):
    assert constant_time_equal(a, b) == (a == b)
    assert constant_time_equal(a, a)


def test_comparing_is_left_to_the_constant_time_primitive(monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[bytes, bytes]] = []

    def spy(a: bytes, b: bytes) -> bool:
        seen.append((a, b))
        return True

    monkeypatch.setattr(hmac, "compare_digest", spy)
    assert constant_time_equal("guess", "signature")
    assert seen == [(b"guess", b"signature")]
