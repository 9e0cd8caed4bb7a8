"""No input makes the decoder raise anything but its own error, and the payload is always kept."""

import base64
import copy
import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from qq_samples import BOT, NAMES, me, read

from imbridge.adapters.qq.inbound import MESSAGES, decode, unreadable
from imbridge.adapters.qq.received import events
from imbridge.adapters.qq.received.reading import Reading
from imbridge.adapters.qq.received.tags import elements, unescaped
from imbridge.adapters.said import GAPS
from imbridge.protocol import DecodeError, Emoji, Message, Text

SAMPLES = [read(name) for name in NAMES]
KINDS = sorted({*MESSAGES, *events.READERS, "FORUM_POST_CREATE", "MESSAGE_AUDIT_PASS"})
FIELDS = [
    "id", "author", "content", "timestamp", "group_openid", "group_id", "channel_id", "guild_id", "member", "mentions",
    "mention_everyone", "attachments", "message_type", "message_scene", "msg_elements", "message_reference", "ark",
    "ark_data", "embeds", "markdown", "openid", "user_openid", "member_openid", "op_member_openid", "op_user_id",
    "op_user", "message", "user", "user_id", "emoji", "target", "name", "nick", "type", "data", "scene", "chat_type",
]  # fmt: skip
INNER = [
    "id", "username", "bot", "is_you", "scope", "member_openid", "user_openid", "content_type", "url", "filename",
    "size", "voice_wav_url", "asr_refer_text", "msg_idx", "ext", "message_id", "kv", "obj", "obj_kv", "key", "value",
    "title", "fields", "prompt", "resolved", "button_data", "button_id", "type", "content", "author", "msg_elements",
]  # fmt: skip

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    scalars | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(INNER) | st.text(max_size=4), inner),
    max_leaves=12,
)
pieces = st.sampled_from(
    ["<@", "<@!", ">", "<#", "<emoji:", "4", "<faceType=1,faceId=\"", "\",ext=\"", "\">", "&amp;", "&lt;", "&gt;", "&",
     "@everyone", BOT, "A" * 32, "hello", " ", "\n", "😀", "得"]
)  # fmt: skip


def check(payload: dict[str, Any]) -> Any:
    """What is made of a payload; nothing else than a `DecodeError` is raised."""
    before = copy.deepcopy(payload)
    try:
        found = decode(payload, me())
    except DecodeError:
        found = unreadable(payload, me())
        assert found.item.payload == payload
    else:
        assert found.item.payload == payload["d"]
    assert payload == before, "what came is not changed"
    assert found.dedup_keys
    assert all(found.dedup_keys)
    found.item.model_dump_json()
    json.dumps(found.item.model_dump(mode="json"))
    return found.item


def spoiled(whole: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """A sample in which something is something else."""
    changed = copy.deepcopy(whole)
    place: Any = changed
    for _ in range(data.draw(st.integers(0, 5))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(anything)
            break
        place = place[key]
    return changed


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), anything, max_size=8))
def test_any_data_of_any_kind(kind: str, data: dict[str, Any]) -> None:
    check({"id": "e1", "op": 0, "s": 1, "t": kind, "d": data})


@given(st.sampled_from(sorted(MESSAGES)), st.dictionaries(st.sampled_from(FIELDS), anything, max_size=8))
def test_any_message(kind: str, data: dict[str, Any]) -> None:
    own = {"id": "m1", "author": {"id": "a1"}, "group_openid": "g1", "channel_id": "c1", "guild_id": "g1"}
    item = check({"id": "e1", "op": 0, "s": 1, "t": kind, "d": {**data, **own}})
    assert isinstance(item, Message)
    assert item.id == "m1"


@given(st.sampled_from(SAMPLES), st.data())
def test_a_sample_with_anything_anywhere(sample: dict[str, Any], data: st.DataObject) -> None:
    payload = spoiled(sample, data)
    counts: Counter[str] = Counter()
    found = Reading("qq:work", me(), counts).read(payload)
    assert not counts["decoder_failed"]
    assert all(found.dedup_keys)
    found.item.model_dump_json()


@given(st.lists(pieces, max_size=25).map("".join))
def test_any_content(content: str) -> None:
    for kind in sorted(MESSAGES):
        own = {"id": "m1", "author": {"id": "a1"}, "group_openid": "g1", "channel_id": "c1", "guild_id": "g1"}
        item = check({"id": "e1", "t": kind, "d": {**own, "content": content}})
        texts = [element for element in item.elements if isinstance(element, Text)]
        assert all(text.text for text in texts)
        following = zip(item.elements, item.elements[1:], strict=False)
        assert not any(isinstance(one, Text) and isinstance(two, Text) for one, two in following)


@given(st.text(max_size=60))
def test_what_was_typed_comes_back(said: str) -> None:
    """As the platform escapes it, nothing that somebody types is anything but text."""
    content = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert "".join(element.as_text() for element in elements(content)) == said
    assert unescaped(content) == said
    item = check({"id": "e1", "t": "C2C_MESSAGE_CREATE", "d": {"id": "m", "author": {"id": "a"}, "content": content}})
    assert item.raw == said
    assert item.text == (said if said.strip(GAPS) else "")
    assert all(isinstance(element, Text) for element in item.elements)


@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.booleans())
def test_any_face_between_any_texts(name: str, around: str, urlsafe: bool) -> None:
    around = around.replace("&", "").replace("<", "").replace("@", "")
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    ext = encode(json.dumps({"text": name}).encode("utf-8", "surrogatepass")).decode()
    found = [*elements(f'{around}<faceType=1,faceId="4",ext="{ext}">{around}')]
    emojis = [element for element in found if isinstance(element, Emoji)]
    assert len(emojis) == 1
    assert [element.text for element in found if isinstance(element, Text)] == ([around] * 2 if around else [])


lines = st.sampled_from(
    ["=== 消息 1 ===", "=== 消息 2 ===", "--- 第1条 ---", "    --- 第2条 ---", "  --- 第3条 ---", "[消息内容] hi",
     "    [消息内容] [x的聊天记录]", "[发送者] Alice", "[消息类型] 合并转发消息", "[关联消息]", "        [发送者] Bob",
     "[附件1] 类型:图片 文件名:a b.jpg URL:https://x", "[附件2]", "[title]", "", "more", "    more"]
)  # fmt: skip


@given(st.lists(lines, max_size=40).map("\n".join), st.sampled_from([3, 101, 102, 103]), st.booleans())
def test_any_record(text: str, kind: int, quoted: bool) -> None:
    own = {"id": "m1", "author": {"id": "a1"}, "message_type": kind}
    scene = {"ext": ["ref_msg_idx=TMP_1" if quoted else "ref_msg_idx=REFIDX_1"]}
    told = {"msg_elements": [{"content": text}], "message_scene": scene} if kind == 103 else {"content": text}
    item = check({"id": "e1", "t": "C2C_MESSAGE_CREATE", "d": {**own, **told}})
    if item.forward is not None:
        assert len(item.forward.messages) <= 200
        assert item.forward.messages or not item.forward.complete
    elif kind == 102 and text:
        assert item.raw == text


@given(st.dictionaries(st.text(max_size=6), anything, max_size=5))
def test_any_payload(payload: dict[str, Any]) -> None:
    check(payload)
