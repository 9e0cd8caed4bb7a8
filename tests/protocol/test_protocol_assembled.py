"""Models that are made without validating: they must not differ from others in anything."""

import copy
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import PrivateAttr, ValidationError

from imbridge.protocol import (
    Channel,
    ChannelKind,
    Degradation,
    DeliveryState,
    Image,
    Loss,
    Markdown,
    Message,
    Receipt,
    Reply,
    Sender,
    SentPart,
    Text,
    UnboundError,
    to_reply,
)
from imbridge.protocol.model import ProtocolModel, assembled
from imbridge.storage import Progress

PART = SentPart(message_id="om_1", kind="text", key="k")
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
SAID: dict[str, Any] = {
    "id": "om_2",
    "channel": Channel(platform="feishu", account="work", kind=ChannelKind.GROUP, id="oc_1"),
    "sender": Sender(id="ou_1", ids={"union_id": "on_1"}),
    "elements": (Text(text="hello"),),
    "text": "hello",
    "timestamp": AT,
}
LOST = Degradation(loss=Loss.SPLIT, what="length", how="split into 2")


class Loud(Text):
    volume: int = 1


PAIRS = [
    (
        assembled(Receipt, state=DeliveryState.SENT, channel="feishu:a/group/b", parts=(PART,), sent_at=AT, key="k"),
        Receipt(state=DeliveryState.SENT, channel="feishu:a/group/b", parts=(PART,), sent_at=AT, key="k"),
    ),
    (assembled(SentPart, message_id="om_1", kind="text", key="k"), PART),
    (assembled(Message, **SAID), Message(**SAID)),
    (assembled(Sender, id="ou_1", ids={"union_id": "on_1"}), Sender(id="ou_1", ids={"union_id": "on_1"})),
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
    if not isinstance(made, Sender):  # it holds a dict
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


def test_what_begins_with_more_than_fields_is_not_assembled() -> None:
    class Numbered(Text):
        _number: int = PrivateAttr(default=1)

    with pytest.raises(TypeError, match="Numbered"):
        assembled(Numbered, text="hello")


async def test_what_is_bound_later_begins_unbound() -> None:
    image, message = assembled(Image, key="k"), assembled(Message, **SAID)
    with pytest.raises(UnboundError):
        await image.read()
    with pytest.raises(UnboundError):
        await message.reply("hello")
    assert message == Message(**SAID)
    other = message.model_copy()
    conversation: Any = object()
    assert other.bind(conversation)._conversation is conversation
    assert message._conversation is None


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
