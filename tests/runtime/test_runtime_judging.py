"""Which failures may pass by themselves, and which of those are tried again."""

import pytest

from imbridge.adapters.base import Sent
from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.adapters.pieces import PartlySentError
from imbridge.config.options import OnUnclear
from imbridge.protocol import (
    AuthError,
    ContentRefusedError,
    DegradedError,
    DeliveryError,
    ImbridgeError,
    LinkError,
    NotPermittedError,
    NotSupportedError,
    RateLimitedError,
    SentPart,
    TargetGoneError,
)
from imbridge.runtime.outbox.judging import MOST_UNCLEAR, is_passing, is_unclear, may_be_repeated


def partly(cause: ImbridgeError) -> PartlySentError:
    error = PartlySentError(cause, Sent(SentPart()))
    error.__cause__ = cause
    return error


PASSING = [
    DeliveryError("no connection"),
    DeliveryError("a gateway's page instead of a token", code=502),
    DeliveryError("the answer got lost", ambiguous=True),
    DeliveryError("a gateway's page", code=502, ambiguous=True),
    RateLimitedError("slow down", code=99991400),
    LinkError("not connected"),
    partly(RateLimitedError("slow down")),
]
FINAL = [
    DeliveryError("invalid parameter", code=230001),
    DeliveryError("404", code=404),
    TargetGoneError("no such chat"),
    ContentRefusedError("sensitive"),
    DegradeError("a plainer form may pass"),
    NotPermittedError("a scope is missing"),
    NotSupportedError("not here"),
    DegradedError([]),
    DeliveryError("nobody has written", window_closed=True),
    AuthError("wrong secret"),
    LinkError("wrong secret", fatal=True),
    ImbridgeError("whatever"),
    partly(ContentRefusedError("sensitive")),
]
LEAST, MOST = OnUnclear.AT_LEAST_ONCE, OnUnclear.AT_MOST_ONCE


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_it_may_pass(error: ImbridgeError) -> None:
    assert is_passing(error)
    assert may_be_repeated(error, recognised=True, unclear_ends=99, on_unclear=MOST)


@pytest.mark.parametrize("error", FINAL, ids=str)
def test_it_will_not_pass(error: ImbridgeError) -> None:
    assert not is_passing(error)
    assert not may_be_repeated(error, recognised=True, unclear_ends=0, on_unclear=LEAST)


@pytest.mark.parametrize(
    ("error", "ends", "on_unclear", "again"),
    [
        (DeliveryError("lost", ambiguous=True), 1, LEAST, True),
        (DeliveryError("lost", ambiguous=True), MOST_UNCLEAR, LEAST, False),
        (DeliveryError("lost", ambiguous=True), 1, MOST, False),
        (RateLimitedError("slow down"), 0, MOST, True),
        (RateLimitedError("slow down"), MOST_UNCLEAR, LEAST, True),
        (partly(RateLimitedError("slow down")), 0, LEAST, False),
    ],
)
def test_where_the_platform_shows_twice_what_is_sent_twice(
    error: ImbridgeError, ends: int, on_unclear: OnUnclear, again: bool
) -> None:
    assert may_be_repeated(error, recognised=False, unclear_ends=ends, on_unclear=on_unclear) is again


def test_only_what_left_is_unclear() -> None:
    assert [is_unclear(error) for error in PASSING] == [False, False, True, True, False, False, False]
