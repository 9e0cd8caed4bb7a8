"""Compares what we read with what the official SDK's models read; run in a process of its own, for it logs at import.

Arguments: files with frames. Writes `ok`, and how many messages, clicks and events were compared.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import dingtalk_stream
from dingtalk_stream.card_callback import CardCallbackMessage

from imbridge.adapters.dingtalk.frames import parse_frame
from imbridge.adapters.dingtalk.inbound import Identity, decode
from imbridge.protocol import Audio, ButtonClicked, File, Image, Message, Text, Unknown, Video


def compare_frames(wire: dict[str, Any], text: str) -> None:
    """Kind, topic, ids and data of a frame."""
    ours = parse_frame(text)
    model = dingtalk_stream.EventMessage if wire["type"] == "EVENT" else dingtalk_stream.CallbackMessage
    theirs = model.from_dict(json.loads(text))
    assert (ours.kind, ours.topic) == (theirs.type, theirs.headers.topic)
    assert ours.message_id == theirs.headers.message_id
    assert json.loads(ours.data) == theirs.data
    if theirs.headers.event_id is not None:
        assert ours.headers["eventId"] == theirs.headers.event_id
        assert ours.headers["eventType"] == theirs.headers.event_type


def compare_message(ours: Message, data: dict[str, Any]) -> None:
    """Everything that the SDK's model has of a message."""
    theirs = dingtalk_stream.ChatbotMessage.from_dict(data)
    assert ours.id == theirs.message_id
    assert ours.sender.name == theirs.sender_nick
    assert ours.sender.ids.get("staff_id") == theirs.sender_staff_id
    assert ours.sender.ids.get("dingtalk_id") == theirs.sender_id
    assert ours.sender.ids.get("corp_id") == theirs.sender_corp_id
    if theirs.create_at is not None:
        assert round(ours.timestamp.timestamp() * 1000) == theirs.create_at
    if theirs.conversation_type == "2":
        assert (ours.channel.kind, ours.channel.id) == ("group", theirs.conversation_id)
        assert ours.channel.name == theirs.conversation_title
        if theirs.is_in_at_list is not None:
            assert ours.mentions_me == theirs.is_in_at_list
    else:
        assert (ours.channel.kind, ours.channel.id) == ("private", theirs.sender_staff_id or theirs.sender_id)
    if theirs.message_type in ("text", "richText") and "richText" not in data:
        said = "".join(element.as_text() for element in ours.elements if isinstance(element, Text))
        for text in theirs.get_text_list() or ():
            assert all(word.lstrip("@") in ours.raw for word in str(text).split()), (text, said)
    if theirs.message_type in ("picture", "richText") and "richText" not in data:
        keys = [one.key for one in ours.elements if isinstance(one, Image | Audio | Video | File)]
        assert keys == [code for code in theirs.get_image_list() or () if code]


def compare_click(ours: ButtonClicked, data: dict[str, Any]) -> None:
    """Card, person, action and parameters of a click."""
    theirs = CardCallbackMessage.from_dict(data)
    assert ours.message_id == theirs.card_instance_id
    assert (ours.actor.id if ours.actor else "") == theirs.user_id
    private = theirs.content.get("cardPrivateData", {})
    ids, params = private.get("actionIds", []), private.get("params", {})
    if "imbridge" in params:
        assert (ours.action, ours.value) == (params["imbridge"], params.get("value"))
    elif ids and not ids[0].startswith("{"):
        assert ours.action == params.get("action", ids[0])
        assert ours.value == (params or None)


def main() -> None:
    compared: Counter[str] = Counter()
    for name in sys.argv[1:]:
        wire = json.loads(Path(name).read_text(encoding="utf-8"))
        data = wire["data"]
        text = json.dumps({**wire, "data": json.dumps(data)})
        compare_frames(wire, text)
        item = decode(parse_frame(text), Identity("work", "robot")).item
        if isinstance(item, Message):
            if any(isinstance(element, Unknown) for element in item.elements):
                compared["unknown"] += 1
                continue
            compare_message(item, data)
            compared["messages"] += 1
        elif isinstance(item, ButtonClicked):
            compare_click(item, data)
            compared["clicks"] += 1
        else:
            compared["events"] += 1
    sys.stdout.write(f"ok {json.dumps(compared)}\n")


main()
