"""No input makes the decoder raise anything but its own error, and the payload is always kept."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.feishu.frames import parse_json
from imbridge.adapters.feishu.inbound import Identity, decode, unreadable
from imbridge.protocol import DecodeError

ME = Identity(account="work", app_id="cli_a1b2c3", bot_id="ou_bot")
SAMPLES = Path(__file__).parents[2] / "samples" / "feishu"
PAYLOADS = [json.loads(path.read_text()) for path in sorted(SAMPLES.glob("*.json")) if ".expected" not in path.name]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [prefix] if prefix else []
    if isinstance(value, dict):
        children: Any = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    else:
        children = ()
    for key, child in children:
        found.extend(paths(child, (*prefix, key)))
    return found


def check(payload: Any) -> None:
    before = copy.deepcopy(payload)
    try:
        inbound = decode(payload, ME)
    except DecodeError as error:
        kept = error.payload
        assert kept is payload
    else:
        assert inbound.item.payload is payload
        assert inbound.dedup_keys
        assert all(isinstance(key, str) and key for key in inbound.dedup_keys)
        inbound.item.model_dump_json()
    assert repr(payload) == repr(before)


@given(json_values)
def test_any_json(payload: Any) -> None:
    check(payload)


@given(st.sampled_from(PAYLOADS), st.data())
def test_a_real_payload_with_anything_anywhere(payload: dict[str, Any], data: st.DataObject) -> None:
    changed = copy.deepcopy(payload)
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(paths(changed)))
        place: Any = changed
        for key in parents:
            place = place[key]
        if isinstance(place, dict) and data.draw(st.booleans()):
            del place[last]
        else:
            place[last] = data.draw(json_values)
        if not paths(changed):
            break
    check(changed)


@given(st.sampled_from(["text", "post", "image", "file", "audio", "media", "sticker"]), json_values | st.text())
def test_any_content(kind: str, content: Any) -> None:
    payload = copy.deepcopy(next(p for p in PAYLOADS if p["header"]["event_type"] == "im.message.receive_v1"))
    payload["event"]["message"]["message_type"] = kind
    payload["event"]["message"]["content"] = json.dumps(content)
    check(payload)


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    try:
        payload = parse_json(raw)
    except DecodeError as error:
        kept = error.payload
        assert kept == raw
        assert unreadable(raw.decode("utf-8", "replace"), raw, ME).dedup_keys
    else:
        check(payload)


def test_deep_json_is_refused_not_crashed_on() -> None:
    for raw in (b"[" * 100_000, b'{"a":' * 100_000):
        with pytest.raises(DecodeError) as caught:
            parse_json(raw)
        assert caught.value.payload == raw
