import random
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.transport import Backoff, ErrorRule, ErrorTable, LinkVerdict, Reaction, ReconnectPolicy, retry_delay
from imbridge.transport.retry import server_delay

NOW = 1_800_000_000.0
RULE = ErrorRule(1, "x", Reaction.RETRY)


class Always(random.Random):
    """Picks the same point of every range."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self.share = share

    def uniform(self, a: float, b: float) -> float:
        return a + self.share * (b - a)


LONGEST, SHORTEST = Backoff(jitter=Always(1.0)), Backoff(jitter=Always(0.0))


def test_backoff_doubles_to_its_cap():
    assert [LONGEST.delay(attempt) for attempt in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert LONGEST.delay(10**9) == 60
    assert SHORTEST.delay(5) == 0


@given(st.integers(0, 10**6), st.integers())
def test_backoff_stays_between_nothing_and_its_ceiling(attempt, seed):
    backoff = Backoff(0.5, 30, random.Random(seed))
    assert 0 <= backoff.delay(attempt) <= backoff.ceiling(attempt) <= 30


def test_backoff_refuses_nonsense():
    with pytest.raises(ValueError, match="0 < base"):
        Backoff(0)
    with pytest.raises(ValueError, match="0 < base"):
        Backoff(2, 1)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"retry-after": " 0 "}, 0),
        ({"RETRY-AFTER": "1.5"}, 1.5),
        ({"Retry-After": formatdate(NOW + 90, usegmt=True)}, 90),
        ({"Retry-After": formatdate(NOW - 90, usegmt=True)}, 0),
        ({"x-ogw-ratelimit-reset": "3"}, 3),
        ({"X-Ogw-RateLimit-Reset": "3", "Retry-After": "5"}, 5),
        ({"x-ogw-ratelimit-reset": str(int(NOW) + 12)}, 12),
        ({"x-ogw-ratelimit-reset": str((int(NOW) + 12) * 1000)}, 12),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "1e999"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "9" * 5000}, None),
        ({"Retry-After": "Fri, 99 Foo 9999 99:99:99 GMT"}, None),
        ({"Retry-After": "junk", "x-ogw-ratelimit-reset": "4"}, 4),
        ({"X-Other": "5"}, None),
    ],
)
def test_what_the_server_asks_for(headers, expected):
    assert server_delay(headers, now=lambda: NOW) == (None if expected is None else pytest.approx(expected))


@given(st.text(), st.integers(0, 100))
def test_no_header_can_break_it_or_make_it_wait_for_ever(value, attempt):
    assert 0 <= retry_delay({"Retry-After": value}, attempt, RULE, LONGEST) <= 3600


def test_the_server_s_wish_wins_over_the_backoff_and_gets_jitter():
    assert retry_delay({"Retry-After": "7"}, 5, RULE, SHORTEST) == 7
    assert retry_delay({"Retry-After": "7"}, 5, RULE, LONGEST) == 8
    assert retry_delay({}, 5, RULE, LONGEST) == 32
    assert retry_delay({}, 5, None, LONGEST) == 32


def test_the_rule_bounds_the_delay():
    rule = ErrorRule(1, "x", Reaction.RETRY, delay=5, max_delay=20)
    assert retry_delay({}, 0, rule, SHORTEST) == 5
    assert retry_delay({"Retry-After": "600"}, 0, rule, SHORTEST) == 20
    assert retry_delay({"Retry-After": "86400"}, 0, RULE, SHORTEST) == 3600
    assert retry_delay({"Retry-After": "86400"}, 0, RULE, SHORTEST, cap=60) == 60


def test_a_platform_s_own_reset_header():
    assert retry_delay({"X-Mine": "9"}, 0, RULE, SHORTEST, reset_headers=("x-mine",)) == 9


def test_error_table_by_code_sub_code_and_status():
    token = ErrorRule(99991663, "token invalid", Reaction.REFRESH)
    general = ErrorRule("40", "refused", Reaction.FAIL)
    narrow = ErrorRule("40", "refused, gone", Reaction.DEAD, sub_code=7)
    table = ErrorTable([token, general, narrow])
    assert table.lookup(99991663) is token
    assert table.lookup("99991663") is token
    assert table.lookup(40, sub_code="7") is narrow
    assert table.lookup(40, sub_code=8) is general
    assert table.lookup(40) is general
    assert table.lookup(99991663, status=500) is token
    assert table.lookup(1, status=404).reaction is Reaction.FAIL
    assert table.lookup(1, status=429).reaction is Reaction.RETRY
    assert table.lookup(1, status=503).reaction is Reaction.RETRY
    assert table.lookup(None, status=502).reaction is Reaction.RETRY
    assert table.lookup(1, status=200).reaction is Reaction.FAIL
    assert table.lookup(None).reaction is Reaction.FAIL
    assert list(table) == [token, general, narrow]
    assert len(table) == 3


def test_error_table_by_family():
    wide = ErrorRule("Forbidden.*", "no right", Reaction.FAIL)
    narrow = ErrorRule("Forbidden.Qps*", "too many", Reaction.RETRY)
    own = ErrorRule("Forbidden.QpsOfOne", "too many of one", Reaction.STOP)
    digits = ErrorRule("900*", "too many", Reaction.RETRY)
    table = ErrorTable([wide, narrow, own, digits])
    assert table.lookup("Forbidden.Scope", status=403) is wide
    assert table.lookup("Forbidden.QpsOfAll", status=403) is narrow
    assert table.lookup("Forbidden.QpsOfOne", status=403) is own
    assert table.lookup(90012) is digits
    assert table.lookup(9001).reaction is Reaction.RETRY
    assert table.lookup("Forbidden", status=403).code == "4xx"
    assert table.lookup(None, status=403).code == "4xx"


def test_error_table_s_defaults_can_be_replaced():
    own = [ErrorRule(name, name, Reaction.STOP) for name in ("any", "4xx", "429", "5xx")]
    table = ErrorTable([], default=own[0], default_4xx=own[1], default_429=own[2], default_5xx=own[3])
    assert [table.lookup(1, status=status) for status in (None, 400, 429, 500)] == own


def test_two_rows_for_one_code_are_refused():
    with pytest.raises(ValueError, match="Two rows"):
        ErrorTable([ErrorRule(40, "a", Reaction.FAIL), ErrorRule("40", "b", Reaction.RETRY)])


def test_reconnects_at_once_then_exponentially():
    policy = ReconnectPolicy(jitter=Always(1.0))
    assert [policy.delay(failures) for failures in range(1, 10)] == [0.1, 1, 2, 4, 8, 16, 32, 60, 60]
    assert ReconnectPolicy(jitter=Always(0.0)).delay(1) == 0


@given(st.integers(1, 1000), st.floats(0, 3600), st.integers())
def test_reconnecting_never_comes_before_the_server_wants_it(failures, wanted, seed):
    policy = ReconnectPolicy(jitter=random.Random(seed))
    assert wanted <= policy.delay(failures, wanted) <= max(60, wanted + 1)


def test_verdicts():
    assert LinkVerdict.FATAL.fatal
    assert not LinkVerdict.RETRY.fatal
    assert LinkVerdict.after(30) == LinkVerdict(fatal=False, min_delay=30)
    assert LinkVerdict.after(-1).min_delay == 0
