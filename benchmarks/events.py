"""Events as the platform writes them, for the measurements."""

import json
from typing import Any


def message_event(event_id: str, message_id: str, now_ms: int, *, chat: int, token: str = "") -> dict[str, Any]:
    """One `im.message.receive_v1`: a short text in a private chat."""
    message = {
        "message_id": message_id,
        "create_time": str(now_ms),
        "chat_id": f"oc_{chat:032d}",
        "chat_type": "p2p",
        "message_type": "text",
        "content": json.dumps({"text": "今天天气怎么样？"}, ensure_ascii=False),
    }
    sender = {"sender_id": {"open_id": "ou_1", "union_id": "on_1", "user_id": "u1"}, "sender_type": "user"}
    return {
        "schema": "2.0",
        "header": {
            "event_id": event_id,
            "event_type": "im.message.receive_v1",
            "create_time": str(now_ms),
            "token": token,
            "app_id": "cli_bench",
            "tenant_key": "t",
        },
        "event": {"sender": sender, "message": message},
    }
