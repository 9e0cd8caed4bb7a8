"""Models that are made without validating: they must not differ from others in anything."""

import copy
import pickle
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from imbridge.protocol import (
    Degradation,
    DeliveryState,
    Image,
    Loss,
    Markdown,
    Receipt,
    Reply,
    SentPart,
    Text,
    to_reply,
)
from imbridge.protocol.model import ProtocolModel, assembled
from imbridge.storage import Progress

PART = SentPart(message_id="om_1", kind="text", key="k")
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
LOST = Degradation(loss=Loss.SPLIT, what="length", how="split into 2")


class Loud(Text):
    volume: int = 1


PAIRS = [
    (
        assembled(Receipt, state=DeliveryState.SENT, channel="feishu:a/group/b", parts=(PART,), sent_at=AT, key="k"),
        Receipt(state=DeliveryState.SENT, channel="feishu:a/group/b", parts=(PART,), sent_at=AT, key="k"),
    ),
    (assembled(SentPart, message_id="om_1", kind="text", key="k"), PART),
    (Text("hello"), Text(text="hello")),
    (Markdown("**hello**"), Markdown(text="**hello**")),
    (to_reply("hello"), Reply(elements=(Text(text="hello"),))),
    (
        Progress().but(done=1, parts=2, sent=(PART,), unclear_since=AT, degradations=(LOST,)),
        Progress(done=1, parts=2, sent=(PART,), unclear_since=AT, degradations=(LOST,)),
    ),
]


@pytest.mark.parametrize(("made", "validated"), PAIRS, ids=lambda one: type(one).__name__)
def test_what_is_assembled_is_as_what_is_validated(made: ProtocolModel, validated: ProtocolModel) -> None:
    assert made == validated
    assert hash(made) == hash(validated)
    assert repr(made) == repr(validated)
    assert made.model_dump_json() == validated.model_dump_json()
    assert list(made.__dict__) == list(validated.__dict__)
    assert made.model_fields_set >= validated.model_fields_set
    assert type(made).model_validate_json(made.model_dump_json()) == validated
    pickled = pickle.loads(pickle.dumps(made))  # noqa: S301 - our own
    for again in (copy.copy(made), copy.deepcopy(made), pickled, made.model_copy()):
        assert again == validated
    with pytest.raises(ValidationError):
        setattr(made, next(iter(made.__dict__)), None)


def test_two_that_are_assembled_share_nothing_that_changes() -> None:
    one, other = assembled(SentPart, message_id="1"), assembled(SentPart, message_id="2")
    assert (one.message_id, other.message_id) == ("1", "2")
    assert one.model_copy(update={"kind": "text"}).kind == "text"
    assert other.kind == ""


def test_what_holds_more_than_fields_is_not_assembled() -> None:
    with pytest.raises(TypeError, match="Image"):
        assembled(Image, key="k")


@pytest.mark.parametrize("wrong", [5, ["text"]])
def test_a_text_of_what_is_no_text_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Text(wrong)  # type: ignore[arg-type]


def test_a_kind_of_text_with_fields_of_its_own_has_them() -> None:
    assert (Loud("hello").volume, Loud("hello", volume=2).volume) == (1, 2)


def test_a_text_of_a_kind_of_str_holds_a_plain_one() -> None:
    class Name(str):
        __slots__ = ()

    assert type(Text(Name("hello")).text) is str
    assert type(to_reply(Name("hello")).elements[0].as_text()) is str
