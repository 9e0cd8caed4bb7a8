"""No input makes the decoder raise anything but its own error, and the payload is always kept."""

import copy
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.wecom.inbound import Identity, decode, unreadable
from imbridge.adapters.wecom.received import content, events
from imbridge.adapters.xml import read_xml, write_xml
from imbridge.protocol import DecodeError

ME = Identity(account="work", corp_id="ww8a7d6c5b4e3f2a10", agent_id=1000002)
SAMPLES = Path(__file__).parents[2] / "samples" / "wecom" / "in"
PAYLOADS = [read_xml(path.read_bytes()) for path in sorted(SAMPLES.glob("*.xml"))]
NAMES = sorted({name for payload in PAYLOADS for name in payload})

texts = st.text(max_size=20) | st.sampled_from(["", "nan", "inf", "-1", "1e999", "123", "{", '{"imbridge": 1}', "sys"])
values = st.recursive(
    texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), inner),
    max_leaves=12,
)


def check(payload: Any) -> None:
    before = copy.deepcopy(payload)
    try:
        inbound = decode(payload, ME)
    except DecodeError as error:
        kept = error.payload
        assert kept == payload
    else:
        assert inbound.item.payload == payload
        assert inbound.dedup_keys
        assert all(isinstance(key, str) and key for key in inbound.dedup_keys)
        type(inbound.item).model_validate_json(inbound.item.model_dump_json())
    assert payload == before


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), values))
def test_any_fields(payload: dict[str, Any]) -> None:
    check(payload)


@given(st.sampled_from(PAYLOADS), st.dictionaries(st.sampled_from(NAMES), values), st.lists(st.sampled_from(NAMES)))
def test_a_real_callback_with_anything_in_it(payload: dict[str, Any], more: dict[str, Any], less: list[str]) -> None:
    check({name: value for name, value in {**payload, **more}.items() if name not in less})


@given(st.sampled_from(sorted(content.READERS)), st.dictionaries(st.sampled_from(NAMES), values))
def test_any_message_of_a_known_kind(kind: str, fields: dict[str, Any]) -> None:
    check({**fields, "MsgType": kind, "MsgId": "1", "FromUserName": "alice"})


@given(st.sampled_from(sorted(events.READERS)), st.dictionaries(st.sampled_from(NAMES), values))
def test_any_event_of_a_known_kind(kind: str, fields: dict[str, Any]) -> None:
    check({**fields, "MsgType": "event", "Event": kind})


@given(values, st.sampled_from(["template_card_event", "template_card_menu_event"]), st.text(max_size=60))
def test_any_choice_in_a_card(chosen: Any, kind: str, key: str) -> None:
    check({"MsgType": "event", "Event": kind, "EventKey": key, "SelectedItems": chosen, "TaskId": "t"})


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    try:
        payload = read_xml(raw)
    except DecodeError:
        assert unreadable(raw.decode("utf-8", "replace"), raw, ME).dedup_keys
    else:
        check(payload)


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=60), min_size=1))
def test_what_is_written_is_read_again(fields: dict[str, str]) -> None:
    """Whatever a text holds, it stays in its field; what XML cannot say becomes U+FFFD."""
    again = read_xml(write_xml(fields))
    assert again.keys() == fields.keys()
    for name, text in fields.items():
        kept = "".join(char if char in "\t\n\r" or char >= " " else "�" for char in text)
        kept = kept.replace("\ufffe", "�").replace("\uffff", "�")
        assert again[name] == kept.replace("\r\n", "\n").replace("\r", "\n")
