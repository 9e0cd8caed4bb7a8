"""No input makes the decoder raise anything but its own error, and the payload is always kept."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.feishu.frames import parse_json
from imbridge.adapters.feishu.inbound import OLD_MESSAGE, Identity, decode, unreadable
from imbridge.adapters.feishu.received import events, old_events
from imbridge.adapters.feishu.received.content import READERS, TYPES, read_content
from imbridge.adapters.feishu.received.fetched import Bounds, forwarded, items_of, quoted
from imbridge.adapters.feishu.received.mentions import MentionTable
from imbridge.adapters.feishu.received.posts import TAGS
from imbridge.protocol import DecodeError

ME = Identity(account="work", app_id="cli_a1b2c3", bot_id="ou_bot", bot_name="Demo Bot")
SAMPLES = Path(__file__).parents[2] / "samples" / "feishu"
PAYLOADS = [json.loads(path.read_text()) for path in sorted(SAMPLES.glob("*.json")) if ".expected" not in path.name]

NODE_KEYS = ["text", "href", "user_id", "user_name", "image_key", "file_key", "emoji_type", "language", "un_escape"]
MESSAGE = next(p for p in PAYLOADS if p.get("header", {}).get("event_type") == "im.message.receive_v1")
CONTENTS = [
    (m["message_type"], json.loads(m["content"]))
    for m in (p["event"]["message"] for p in PAYLOADS if "message" in p.get("event", {}))
    if str(m.get("content")).startswith('{"')
]

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


def spoiled(value: Any, data: st.DataObject) -> Any:
    """A copy with anything in one to three places."""
    changed = copy.deepcopy(value)
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
    return changed


@given(st.sampled_from(PAYLOADS), st.data())
def test_a_real_payload_with_anything_anywhere(payload: dict[str, Any], data: st.DataObject) -> None:
    check(spoiled(payload, data))


@given(st.sampled_from(CONTENTS), st.data())
def test_a_real_content_with_anything_anywhere(content: tuple[str, Any], data: st.DataObject) -> None:
    kind, body = content
    changed = spoiled(body, data)
    read = read_content(kind, json.dumps(changed), MentionTable([], "ou_bot"))
    assert read.elements or (read.kind == "text" and read.text == "")  # an empty text, an empty post


@given(st.sampled_from(sorted(TAGS)), st.dictionaries(st.sampled_from(NODE_KEYS), json_values))
def test_any_tag_in_rich_text(tag: str, node: dict[str, Any]) -> None:
    body = {"title": "t", "content": [[{**node, "tag": tag}]]}
    read = read_content("post", json.dumps(body), MentionTable([], "ou_bot"))
    assert (read.kind, len(read.elements) > 0) in {("text", True), ("unknown", True)}


@given(st.sampled_from(sorted(events.READERS)), st.dictionaries(st.text(max_size=8), json_values))
def test_any_event_of_a_known_kind(kind: str, event: dict[str, Any]) -> None:
    check({"schema": "2.0", "header": {"event_id": "e", "event_type": kind, "create_time": "1"}, "event": event})


@given(st.sampled_from([*sorted(old_events.READERS), OLD_MESSAGE]), st.dictionaries(st.text(max_size=8), json_values))
def test_any_event_of_the_older_schema(kind: str, event: dict[str, Any]) -> None:
    check({"type": "event_callback", "uuid": "u", "ts": "1.5", "event": {**event, "type": kind}})


@given(st.sampled_from(sorted(READERS)), st.dictionaries(st.text(max_size=8), json_values))
def test_any_message_of_the_older_schema(kind: str, event: dict[str, Any]) -> None:
    known = {
        "type": OLD_MESSAGE,
        "open_message_id": "om_1",
        "open_chat_id": "oc_1",
        "open_id": "ou_1",
        "msg_type": kind,
    }
    check({"type": "event_callback", "uuid": "u", "ts": "1.5", "event": {**event, **known}})


ITEM = {
    "message_id": "om_1", "msg_type": "text", "create_time": "1766900000123", "upper_message_id": "om_0",
    "sender": {"id": "ou_1", "sender_name": "Alice"}, "body": {"content": '{"text": "@_user_1 hi"}'},
    "mentions": [{"key": "@_user_1", "id": "ou_bot", "name": "Demo Bot"}],
}  # fmt: skip
ANSWER = {"items": [{**ITEM, "message_id": "om_0", "msg_type": "merge_forward", "upper_message_id": ""}, ITEM]}


@given(json_values | st.just(ANSWER), st.data())
def test_any_answer_of_the_api(answer: Any, data: st.DataObject) -> None:
    changed = spoiled(answer, data) if paths(answer) else answer
    items = items_of(changed)
    quote = quoted(items, "om_0", ME, Bounds(3, 10))
    forward = forwarded(items, "om_0", ME, Bounds(3, 10))
    assert quote.message_id == "om_0"
    quote.model_dump_json()
    forward.model_dump_json()


@given(st.sampled_from(sorted(TYPES)), json_values | st.text())
def test_any_content(kind: str, content: Any) -> None:
    payload = copy.deepcopy(MESSAGE)
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
