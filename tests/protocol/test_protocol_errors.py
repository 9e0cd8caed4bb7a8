"""The error tree and what its errors carry."""

import pickle

import pytest

from imbridge import protocol
from imbridge.protocol import (
    AskTimeoutError,
    AuthError,
    ConfigError,
    ContentRefusedError,
    DecodeError,
    Degradation,
    DegradedError,
    DeliveryError,
    DeliveryState,
    ImbridgeError,
    LinkError,
    Loss,
    NotPermittedError,
    RateLimitedError,
    Receipt,
    SentPart,
    TargetGoneError,
)

LOST = Degradation(loss=Loss.DROPPED, what="button", how="left out", why="too many")
LOST = Degradation(loss=Loss.DROPPED, what="button", how="left out", why="too many")
ERRORS = [getattr(protocol, name) for name in protocol.__all__ if name.endswith("Error")]


def test_all_are_imbridge_errors() -> None:
    assert len(ERRORS) == 16
    assert all(issubclass(error, ImbridgeError) for error in ERRORS)
    assert issubclass(AskTimeoutError, TimeoutError)


@pytest.mark.parametrize("error", [RateLimitedError, TargetGoneError, ContentRefusedError, NotPermittedError])
def test_refusals_carry_the_facts(error: type[DeliveryError]) -> None:
    raised = error("refused", code=230002, platform="feishu", log_id="L1", ambiguous=True)
    assert isinstance(raised, DeliveryError)
    assert (raised.code, raised.platform, raised.log_id, raised.ambiguous) == (230002, "feishu", "L1", True)
    assert str(raised) == "refused"


def test_what_else_they_carry() -> None:
    assert RateLimitedError("slow down", retry_after=2.5, code=429).retry_after == 2.5
    assert RateLimitedError("slow down").retry_after is None
    link = LinkError("closed", code=1006, fatal=True)
    assert (link.code, link.fatal) == (1006, True)
    config = ConfigError("missing", key="channels.feishu", where="imbridge.yaml:7")
    assert (config.key, config.where) == ("channels.feishu", "imbridge.yaml:7")
    assert AuthError("wrong", code=10014).code == 10014
    assert DeliveryError("x").ambiguous is False


def test_a_payload_is_kept_but_not_shown() -> None:
    error = DecodeError("no JSON", b"s3cret")
    assert error.payload == b"s3cret"
    assert "s3cret" not in str(error)
    assert "s3cret" not in repr(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_errors_survive_a_process_boundary(error: type[ImbridgeError]) -> None:
    degraded = error is DegradedError
    raised = DegradedError([LOST], Receipt(state=DeliveryState.FAILED)) if degraded else error("what happened")
    raised.code = 7  # type: ignore[attr-defined]  # not all have it; what is set must come along
    again = pickle.loads(pickle.dumps(raised))  # noqa: S301 - our own
    assert type(again) is error
    assert str(again) == str(raised)
    assert ("button" if degraded else "what happened") in str(again)
    assert again.__dict__ == raised.__dict__


@pytest.mark.parametrize("state", DeliveryState)
def test_a_receipt_is_true_only_when_all_arrived(state: DeliveryState) -> None:
    assert bool(Receipt(state=state)) is (state in (DeliveryState.SENT, DeliveryState.SKIPPED))


def test_ids_of_a_receipt() -> None:
    receipt = Receipt(state=DeliveryState.SENT, parts=(SentPart(), SentPart(message_id="a"), SentPart(message_id="b")))
    assert receipt.message_ids == ("a", "b")
    assert receipt.message_id == "a"
    assert Receipt(state=DeliveryState.FAILED).message_id is None
