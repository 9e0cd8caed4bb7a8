"""No input makes the decoder raise anything but its own error, and the payload is always kept."""

import copy
import json
from collections import Counter
from typing import Any

import pytest
from dingtalk_samples import NAMES, me, read
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.dingtalk.frames import parse_frame
from imbridge.adapters.dingtalk.inbound import decode_click, decode_event, decode_message, unreadable
from imbridge.adapters.dingtalk.received import content, events
from imbridge.adapters.dingtalk.received.reading import Reading
from imbridge.adapters.dingtalk.received.rich_text import rich_text
from imbridge.protocol import DecodeError, Element, Message, Unknown

SAMPLES = [(name, read(name)) for name in NAMES]
FIELDS = [
    "content", "text", "conversationId", "conversationType", "senderId", "senderStaffId", "senderCorpId", "atUsers",
    "chatbotCorpId", "isInAtList", "createAt", "quoteMessage", "originalMsgId", "richText", "isReplyMsg", "repliedMsg",
    "chatbotUserId", "conversationTitle",
]  # fmt: skip
EVENT_FIELDS = [
    "openConversationId", "chatId", "operator", "operatorUnionId", "userId", "unionId", "deptId", "title", "owner",
    "timeStamp", "processInstanceId", "type", "result", "taskId", "staffId", "labelIdList", "userIdList", "robotCode",
    "processQueryKey",
]  # fmt: skip
CLICK_FIELDS = ["outTrackId", "userId", "userIdType", "spaceId", "spaceType", "type", "content", "value", "corpId"]
ITEM_KEYS = ["type", "msgType", "text", "content", "downloadCode", "atName", "atUserId", "duration", "fileName"]

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
packed = json_values | json_values.map(json.dumps)
"""Some clients send objects as JSON in a text."""


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [prefix] if prefix else []
    children: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found.extend(paths(child, (*prefix, key)))
    return found


def spoiled(value: Any, data: st.DataObject) -> Any:
    """A copy with anything in one to three places, or without them."""
    changed = copy.deepcopy(value)
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(paths(changed)))
        place: Any = changed
        for key in parents:
            place = place[key]
        if isinstance(place, dict) and data.draw(st.booleans()):
            del place[last]
        else:
            place[last] = data.draw(packed)
        if not paths(changed):
            break
    return changed


def check(kind: str, headers: dict[str, Any], data: dict[str, Any]) -> Any:
    """Whatever it is, it is read or refused, kept whole, and can be stored."""
    before = repr(data)
    try:
        if kind == "event":
            found = decode_event(headers, data, me())
        elif kind == "click":
            found = decode_click("f1", data, me(), headers.get("time"))
        else:
            found = decode_message(data, me())
    except DecodeError as error:
        kept = error.payload
        found = unreadable(kept, b"x", me())
        assert kept is not None
    else:
        assert repr(found.item.payload) == before
    assert found.dedup_keys
    assert all(isinstance(key, str) and key for key in found.dedup_keys)
    found.item.model_dump_json()
    assert repr(data) == before
    return found.item


@given(st.sampled_from(sorted(content.READERS)), st.dictionaries(st.sampled_from(FIELDS), packed))
def test_any_message_of_a_known_kind(kind: str, fields: dict[str, Any]) -> None:
    item = check("message", {}, {"senderId": "$:x", **fields, "msgId": "m1", "msgtype": kind})
    if isinstance(item, Message) and kind != "text" and "content" not in fields and "richText" not in fields:
        assert any(isinstance(element, Unknown) for element in item.elements) or "text" in fields


@given(st.sampled_from(sorted(events.READERS)), st.dictionaries(st.sampled_from(EVENT_FIELDS), packed))
def test_any_event_of_a_known_kind(kind: str, fields: dict[str, Any]) -> None:
    check("event", {"eventId": "e1", "eventType": kind, "eventBornTime": fields.get("timeStamp")}, fields)


@given(st.dictionaries(st.sampled_from(CLICK_FIELDS), packed))
def test_any_click(fields: dict[str, Any]) -> None:
    check("click", {"time": fields.get("value")}, fields)


@given(st.sampled_from(["content", "value"]), packed, packed, st.lists(packed, max_size=3))
def test_any_parameters_of_a_click(place: str, params: Any, form: Any, ids: list[Any]) -> None:
    private = {"actionIds": ids, "params": {**params, "form": form} if isinstance(params, dict) else params}
    click = {"outTrackId": "card", "userId": "u", place: json.dumps({"cardPrivateData": private})}
    assert check("click", {}, click).type == "button_clicked"


@given(packed, packed)
def test_any_quotation(kind: Any, body: Any) -> None:
    text = {"content": "said", "isReplyMsg": True, "repliedMsg": {"msgType": kind, "content": body}}
    item = check("message", {}, {"msgId": "m", "msgtype": "text", "senderId": "s", "text": text})
    assert item.text == "said"


@pytest.mark.parametrize("kind", [*sorted(content.READERS), "", "unknownMsgType"])
def test_any_content_of_a_quotation(kind: str) -> None:
    @given(json_values | st.dictionaries(st.sampled_from([*ITEM_KEYS, "richText", "title", "summary"]), packed))
    def of_this_kind(body: Any) -> None:
        text = {"content": "said", "isReplyMsg": True, "repliedMsg": {"msgType": kind, "content": body}}
        item = check("message", {}, {"msgId": "m", "msgtype": "text", "senderId": "s", "text": text})
        assert (item.text, item.quote is not None) == ("said", True)

    of_this_kind()


@given(st.lists(st.dictionaries(st.sampled_from(ITEM_KEYS), json_values) | json_values, max_size=5))
def test_nothing_of_rich_text_is_lost(items: list[Any]) -> None:
    """Every text is in an element, and every item that is not empty makes one."""
    elements: tuple[Element, ...] = rich_text(items)
    said = "".join(element.as_text() for element in elements)
    for item in items:
        if not isinstance(item, dict):
            assert any(isinstance(element, Unknown) for element in elements)
        elif item.get("type", "") in ("", "text") and isinstance(text := item.get("text"), str):
            assert text in said


@given(st.lists(st.dictionaries(st.sampled_from(["senderNick", "content", "msgType", "createAt"]), packed), max_size=5))
def test_any_chat_record(entries: list[Any]) -> None:
    wire = {"summary": "s", "chatRecord": json.dumps(entries)}
    item = check("message", {}, {"msgId": "m", "msgtype": "chatRecord", "senderId": "s", "content": wire})
    assert item.content_type == "forward"
    assert len(item.forward.messages) == len(entries)


@given(st.text(max_size=60), st.lists(st.text(max_size=8), max_size=3), st.booleans())
def test_a_text_stays_as_it_is_whoever_is_called(said: str, people: list[str], rich: bool) -> None:
    listed = [{"dingtalkId": f"$:{one}", "staffId": one} for one in people] + [{"dingtalkId": "$:bot"}]
    body = {"content": {"richText": [{"text": said}]}} if rich else {"text": {"content": said}}
    item = check(
        "message",
        {},
        {
            "msgId": "m", "msgtype": "richText" if rich else "text", "senderId": "s", "conversationType": "2",
            "conversationId": "cid", "chatbotUserId": "$:bot", "isInAtList": True, "atUsers": listed, **body,
        },
    )  # fmt: skip
    assert item.raw == said
    assert said.endswith(item.text)
    assert item.mentions_me
    assert {mention.id for mention in item.mentions} == {one for one in people if one} | {
        f"$:{one}" for one in people if not one
    } | {"$:bot"}


@given(st.sampled_from(SAMPLES), st.data())
def test_a_sample_with_anything_anywhere(sample: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    _, whole = sample
    if "http" in whole:
        check("event", {}, spoiled(whole["http"], data))
        return
    headers = whole["headers"]
    kind = "event" if whole["type"] == "EVENT" else "click" if "card" in headers["topic"] else "message"
    check(kind, headers, spoiled(whole["data"], data))


@given(st.sampled_from(SAMPLES), st.data())
def test_a_frame_with_anything_anywhere(sample: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    _, whole = sample
    try:
        frame = parse_frame(json.dumps(spoiled(whole, data)))
    except DecodeError:
        return
    counts: Counter[str] = Counter()
    found = Reading("dingtalk:work", me(), counts).read(frame)
    assert not counts["decoder_failed"]
    assert all(found.dedup_keys)
    found.item.model_dump_json()


@given(st.text(max_size=200))
def test_any_text_as_a_frame(text: str) -> None:
    try:
        frame = parse_frame(text)
    except DecodeError:
        return
    assert frame.topic is not None


def test_deep_json_is_refused_not_crashed_on() -> None:
    for text in ("[" * 100_000, '{"a":' * 100_000, '{"type":"EVENT","headers":' + "[" * 100_000):
        with pytest.raises(DecodeError):
            parse_frame(text)
    deep = {"msgId": "m", "msgtype": "picture", "senderId": "s", "content": '{"a":' * 50_000}
    assert check("message", {}, deep).content_type == "unknown"
