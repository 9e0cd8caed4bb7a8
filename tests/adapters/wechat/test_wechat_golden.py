"""Callbacks as the platform sends them, and what we make of each.

To accept a changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

from pathlib import Path
from typing import Any

import pytest
from golden import as_expected
from hypothesis import given
from hypothesis import strategies as st
from wechatpy import parse_message

from imbridge.adapters.wechat.inbound import Identity, can_be_answered, decode
from imbridge.adapters.wechat.received import content, events
from imbridge.adapters.xml import read_xml
from imbridge.protocol import DecodeError, Event, Location, Message, UnknownEvent

SAMPLES = Path(__file__).parents[2] / "samples" / "wechat" / "in"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.xml"))
ME = Identity("work", "wx0123456789abcdef")


def fields(name: str) -> dict[str, Any]:
    return read_xml((SAMPLES / f"{name}.xml").read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str) -> None:
    inbound = decode(fields(name), ME)
    item = inbound.item.model_dump(mode="json", exclude={"payload", "hops", "joined"}, exclude_none=True)
    result = {
        "class": type(inbound.item).__name__,
        "dedup_keys": list(inbound.dedup_keys),
        "can_be_answered": can_be_answered(inbound.item),
        "item": item,
    }
    as_expected(SAMPLES / f"{name}.expected.json", result)


@pytest.mark.parametrize("name", NAMES)
def test_the_payload_is_kept_whole(name: str) -> None:
    assert decode(fields(name), ME).item.payload == fields(name)


def test_every_kind_has_a_sample() -> None:
    kinds = {fields(name)["MsgType"] for name in NAMES}
    assert kinds >= set(content.READERS)
    happened = {fields(name).get("Event", "").lower() for name in NAMES}
    assert happened >= set(events.READERS) | events.NOT_ANSWERED


def test_the_latitude_is_the_latitude() -> None:
    place = decode(fields("location"), ME).item.elements[0]
    assert isinstance(place, Location)
    assert (place.latitude, place.longitude) == (23.134521, 113.358803)


@pytest.mark.parametrize("name", NAMES)
def test_as_wechatpy_reads_it(name: str) -> None:
    """Another reader of the same documents sees the same person, id, time and content."""
    theirs = parse_message((SAMPLES / f"{name}.xml").read_text(encoding="utf-8"))
    ours = decode(fields(name), ME).item
    assert ours.channel is not None
    assert (ours.channel.id, int(ours.timestamp.timestamp())) == (theirs.source, theirs.create_time.timestamp())
    if isinstance(ours, Message):
        assert ours.id == str(theirs.id)
        if theirs.type == "text":
            assert ours.text == (theirs.content or "")
        elif theirs.type == "location" and isinstance(ours.elements[0], Location):
            assert (ours.elements[0].latitude, ours.elements[0].longitude) == tuple(map(float, theirs.location))
        elif theirs.type in ("image", "video", "shortvideo") and ours.media:
            assert ours.media[0].key == theirs.media_id
        elif theirs.type == "voice":
            assert ours.media[0].as_text() == (theirs.recognition or "[audio]")
    elif hasattr(ours, "key"):
        assert ours.key == getattr(theirs, "key", getattr(theirs, "url", ours.key))


keys = st.sampled_from([
    "MsgType", "MsgId", "FromUserName", "ToUserName", "CreateTime", "Event", "EventKey", "Content", "MediaId", "Url",
    "Location_X", "Latitude", "Longitude", "Precision", "bizmsgmenuid", "Title", "FileTotalLen",
])  # fmt: skip
kinds = st.sampled_from([*content.READERS, "event", "odd"]) | st.sampled_from([*events.READERS])
texts = st.text(max_size=20) | kinds | st.sampled_from(["1", "-1", "nan", "inf", "9" * 30, "=%", "a=1", "a=[}"])
values = st.recursive(
    texts | st.none() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(keys | st.text(max_size=6), values, max_size=12), kinds)
def test_anything_is_a_message_an_event_or_a_decode_error(fields: dict[str, Any], kind: str) -> None:
    for given_fields in (fields, {**fields, "MsgType": kind}):
        before = dict(given_fields)
        try:
            inbound = decode(given_fields, ME)
        except DecodeError as error:
            kept = error.payload
            assert kept is given_fields
            continue
        assert isinstance(inbound.item, Message | Event)
        assert all(inbound.dedup_keys)
        assert given_fields == before
        assert inbound.item.payload == before
        can_be_answered(inbound.item)
        type(inbound.item).model_validate_json(inbound.item.model_dump_json())


def test_an_event_that_lacks_what_it_should_have_is_kept() -> None:
    item = decode(fields("location_reported_without_place"), ME).item
    assert isinstance(item, UnknownEvent)
    assert item.kind == "LOCATION"
