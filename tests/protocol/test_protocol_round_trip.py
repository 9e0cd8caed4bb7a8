"""Everything the inbox and the outbox store comes back equal from JSON."""

import json
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from protocol_strategies import JSON, instances
from pydantic import BaseModel, TypeAdapter, ValidationError

from imbridge.protocol import (
    ELEMENT_TYPES,
    EVENT_TYPES,
    Address,
    AnyElement,
    AnyEvent,
    Capabilities,
    Channel,
    Degradation,
    Media,
    Message,
    Receipt,
    Reply,
    Sender,
    SentPart,
    Unknown,
    UnknownEvent,
)

ELEMENT: TypeAdapter[Any] = TypeAdapter(AnyElement)
EVENT: TypeAdapter[Any] = TypeAdapter(AnyEvent)
MODELS: list[type[BaseModel]] = [
    *ELEMENT_TYPES.values(),
    *EVENT_TYPES.values(),
    Capabilities,
    Channel,
    Degradation,
    Message,
    Receipt,
    Reply,
    Sender,
    SentPart,
]
FEW = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_json_gives_back_the_same(model: type[BaseModel]) -> None:
    @FEW
    @given(instances(model))
    def comes_back(instance: BaseModel) -> None:
        again = model.model_validate_json(instance.model_dump_json())
        assert again == instance
        assert type(again) is type(instance)
        assert model.model_validate(instance.model_dump()) == instance
        assert model.model_validate_json(json.dumps(instance.model_dump(mode="json"))) == instance

    comes_back()


@pytest.mark.parametrize("kind", ELEMENT_TYPES)
def test_an_element_is_told_apart_by_its_type(kind: str) -> None:
    @FEW
    @given(instances(ELEMENT_TYPES[kind]))
    def comes_back(element: BaseModel) -> None:
        text = ELEMENT.dump_json(element)
        assert json.loads(text)["type"] == kind
        again = ELEMENT.validate_json(text)
        assert type(again) is ELEMENT_TYPES[kind]
        assert again == element
        assert ELEMENT.validate_python(element) is element

    comes_back()


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_an_event_is_told_apart_by_its_type(kind: str) -> None:
    @FEW
    @given(instances(EVENT_TYPES[kind]))
    def comes_back(event: BaseModel) -> None:
        text = EVENT.dump_json(event)
        assert json.loads(text)["type"] == kind
        again = EVENT.validate_json(text)
        assert type(again) is EVENT_TYPES[kind]
        assert again == event

    comes_back()


def test_every_class_has_a_discriminator_of_its_own() -> None:
    assert len(ELEMENT_TYPES) == len(set(ELEMENT_TYPES.values())) == 19
    assert len(EVENT_TYPES) == len(set(EVENT_TYPES.values())) == len(get_args(get_args(AnyEvent)[0]))
    for types in (ELEMENT_TYPES, EVENT_TYPES):
        for kind, cls in types.items():
            assert cls.model_fields["type"].default == kind


NEW_KINDS = st.text(min_size=1, max_size=20).filter(lambda kind: kind not in ELEMENT_TYPES and kind not in EVENT_TYPES)


@FEW
@given(NEW_KINDS, st.dictionaries(st.text(max_size=9), JSON, max_size=4))
def test_an_element_of_a_newer_version_is_kept_whole(kind: str, fields: dict[str, Any]) -> None:
    written = {**fields, "type": kind}
    reply = Reply.model_validate_json(json.dumps({"elements": [written, {"type": "text", "text": "after"}]}))
    assert reply.elements[0] == Unknown(kind=kind, payload=written)
    assert reply.elements[1].as_text() == "after"
    assert Reply.model_validate_json(reply.model_dump_json()) == reply


COMMON = {"id": "e1", "platform": "feishu", "account": "work", "timestamp": "2025-01-01T00:00:00Z"}


@FEW
@given(NEW_KINDS, st.dictionaries(st.text(max_size=9), JSON, max_size=4))
def test_an_event_of_a_newer_version_is_kept_whole(kind: str, fields: dict[str, Any]) -> None:
    written = {"payload": {"wire": 1}, **fields, **COMMON, "channel": None, "actor": None, "type": kind}
    event = EVENT.validate_json(json.dumps(written))
    assert type(event) is UnknownEvent
    assert (event.id, event.platform, event.account, event.kind) == ("e1", "feishu", "work", kind)
    assert event.payload == written
    assert EVENT.validate_json(EVENT.dump_json(event)) == event


@pytest.mark.parametrize("adapter", [ELEMENT, EVENT], ids=["element", "event"])
@pytest.mark.parametrize("broken", [{}, {"type": None}, {"type": 5}, {"type": ["text"]}, [], "text"])
def test_what_has_no_type_is_refused(adapter: TypeAdapter[Any], broken: Any) -> None:
    with pytest.raises(ValidationError):
        adapter.validate_json(json.dumps({**COMMON, **broken} if isinstance(broken, dict) else broken))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models_are_frozen_and_closed(model: type[BaseModel]) -> None:
    @settings(deadline=None, max_examples=1, database=None)
    @given(instances(model))
    def is_frozen(instance: BaseModel) -> None:
        for name in model.model_fields:
            with pytest.raises(ValidationError, match="frozen"):
                setattr(instance, name, getattr(instance, name))
        with pytest.raises(ValidationError, match="Extra inputs"):
            model.model_validate({**instance.model_dump(), "no_such_field": 1})

    is_frozen()


@pytest.mark.parametrize("data", [b"", b"\xff\xfe?>", bytes(range(256))])
@pytest.mark.parametrize("kind", ["image", "file", "audio", "video", "sticker"])
def test_bytes_are_base64_in_json_and_untouched_in_python(kind: str, data: bytes) -> None:
    media = ELEMENT.validate_python({"type": kind, "data": data})
    assert isinstance(media, Media)
    assert media.data == data
    assert ELEMENT.validate_json(ELEMENT.dump_json(media)).data == data


def test_addresses_in_models_are_strings_in_json() -> None:
    class Holder(BaseModel):
        where: Address

    holder = Holder.model_validate_json('{"where": "feishu:work/group/oc_1#t"}')
    assert type(holder.where) is Address
    assert holder.where.channel.thread == "t"
    assert holder.model_dump_json() == '{"where":"feishu:work/group/oc_1#t"}'
    with pytest.raises(ValidationError, match="not an address: 'nowhere'"):
        Holder.model_validate_json('{"where": "nowhere"}')
