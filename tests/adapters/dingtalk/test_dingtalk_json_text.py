"""Half of a surrogate pair in what the platform says costs that character, and nothing else."""

import json

import pytest
from dingtalk_rig import Rig

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.json_text import read_json


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r'"\ud83d\ude00"', "😀"),
        (r'"a\ud83d"', "a\ufffd"),
        (r'"\uDE00b"', "\ufffdb"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (r'"\\ud83d \ud83d"', "\\ud83d \ufffd"),
        (r'"\\\ud83d\""', '\\\ufffd"'),
    ],
)
def test_halves_are_replaced(text: str, said: str) -> None:
    assert read_json(text) == said


@pytest.mark.parametrize("text", ["", "{", r'"\ud83d', "NaN", r'{"a": "\ud83d", }'])
def test_what_is_no_json_stays_none(text: str) -> None:
    with pytest.raises(ValueError, match=" at line "):
        read_json(text)


@pytest.mark.parametrize("escaped_once", [True, False])
async def test_a_message_with_half_a_character_is_read_and_acknowledged(
    rig: Rig, adapter: DingTalkAdapter, escaped_once: bool
) -> None:
    """It stands in the data, which are JSON in a text, or in the frame around them."""
    said = {
        "msgId": "m1", "msgtype": "text", "text": {"content": "cut \ud83d"}, "conversationType": "1",
        "conversationId": "cid1", "senderId": "$:LWCP_v1:$a", "senderStaffId": rig.alice.userid,
    }  # fmt: skip
    data = json.dumps(said, ensure_ascii=not escaped_once)
    headers = {"topic": "/v1.0/im/bot/messages/get", "messageId": "x1"}
    frame = {"specVersion": "1.0", "type": "CALLBACK", "headers": headers, "data": data}
    rig.ding.faults.send_raw(rig.app, json.dumps(frame))
    await rig.intake.has("cut \ufffd")
    counts = adapter.counters()
    assert "bad_frame" not in counts
    assert "bad_delivery" not in counts
