"""Frames of the stream, as the protocol's page has them.

Rule: open-dingtalk developerpedia, `docs/learn/stream/protocol.md`.
"""

import time
from collections.abc import Mapping
from typing import Any

from imbridge.emulators.common.compact_json import dump

BOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"
EVENT_TOPIC = "*"
JSON = "application/json"


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return int(time.time() * 1000)


def frame(kind: str, headers: Mapping[str, str], data: str) -> str:
    """The text of a frame; `contentType` and `time` are added to its headers."""
    head = {**headers, "contentType": JSON, "time": str(now_ms())}
    return dump({"specVersion": "1.0", "type": kind, "headers": head, "data": data})


def ping(message_id: str, opaque: str) -> str:
    """A SYSTEM ping."""
    return frame("SYSTEM", {"topic": "ping", "messageId": message_id}, dump({"opaque": opaque}))


def disconnect(message_id: str, reason: str) -> str:
    """A SYSTEM disconnect."""
    return frame("SYSTEM", {"topic": "disconnect", "messageId": message_id}, dump({"reason": reason}))


def data_text(data: Mapping[str, Any]) -> str:
    """What stands in a frame's `data`."""
    return dump(data)
