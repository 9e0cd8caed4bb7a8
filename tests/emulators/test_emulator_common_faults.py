"""The registry of faults that every emulator has."""

from typing import Any

import pytest

from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.faults import FaultRegistry
from imbridge.emulators.common.http_faults import HttpFaults


class Faults(FaultRegistry):
    """Faults of any kind and facts."""

    def add(self, kind: str, times: int | None = 1, **facts: Any) -> Fault:
        return self._add(kind, times, **facts)


def test_a_fault_strikes_as_often_as_was_asked() -> None:
    faults = Faults()
    fault = faults.add("refuse", 2)
    assert faults.active
    assert [faults.take("refuse") for _ in range(3)] == [fault, fault, None]
    assert (fault.hits, fault.left) == (2, 0)
    assert not faults.active


def test_a_fault_lasts_as_long_as_its_context() -> None:
    faults = Faults()
    with faults.add("refuse", None) as fault:
        assert [faults.take("refuse") for _ in range(3)] == [fault] * 3
    assert faults.take("refuse") is None
    assert (fault.hits, fault.left) == (3, None)


@pytest.mark.parametrize(
    ("facts", "subject", "method", "strikes"),
    [
        ({}, "/any", "GET", True),
        ({"pattern": "*/send"}, "/message/send", "GET", True),
        ({"pattern": "*/send"}, "/message/recall", "GET", False),
        ({"pattern": "*/SEND"}, "/message/send", "GET", False),
        ({"method": "PUT"}, "/message/send", "GET", False),
        ({"method": "PUT", "pattern": "*/send"}, "/message/send", "PUT", True),
        ({"method": None}, "/message/send", "PUT", True),
    ],
)
def test_whom_a_fault_concerns(facts: dict[str, Any], subject: str, method: str, strikes: bool) -> None:
    faults = Faults()
    fault = faults.add("refuse", **facts)
    assert (faults.take("refuse", subject, method=method) is fault) is strikes
    assert faults.take("another", subject, method=method) is None
    assert fault.hits == int(strikes)


def test_the_second_fault_of_a_kind_waits_for_the_first() -> None:
    faults = Faults()
    first, second = faults.add("refuse"), faults.add("refuse")
    assert [faults.take("refuse"), faults.take("refuse")] == [first, second]


def test_clearing_undoes_once() -> None:
    faults = Faults()
    undone: list[str] = []
    fault = faults.add("freeze", None).on_clear(lambda: undone.append("freeze"))
    faults.add("refuse", None)
    faults.clear()
    fault.clear()
    assert undone == ["freeze"]
    assert not faults.active


def test_tokens_that_die_early_live_again() -> None:
    class Tokens:
        early_death: float | None = None

    class Mortal(FaultRegistry):
        def token_lifetime(self, tokens: Tokens, seconds: float) -> Fault:
            return self._early_death(tokens, seconds)

    tokens = Tokens()
    with Mortal().token_lifetime(tokens, 0.5):
        assert tokens.early_death == 0.5
    assert tokens.early_death is None


def test_what_a_failing_request_is_answered_with() -> None:
    faults = HttpFaults()
    faults.http_fail("*/send", 502, body="bad", headers={"Retry-After": "1"}, method="POST")
    assert faults.failure("/message/send", "GET") is None
    answer = faults.failure("/message/send", "POST")
    assert answer is not None
    assert (answer.status, answer.body, answer.headers["Retry-After"]) == (502, b"bad", "1")
    assert faults.failure("/message/send", "POST") is None
