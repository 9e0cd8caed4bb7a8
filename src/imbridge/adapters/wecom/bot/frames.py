"""The JSON frames of the long connection.

Source: developer.work.weixin.qq.com, "long connection of smart bots" (path/101463): `{cmd, headers: {req_id}, body}`;
an acknowledgement has no `cmd`, but `errcode` and `errmsg`.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json, to_json

from imbridge.protocol import DecodeError

SUBSCRIBE, PING = "aibot_subscribe", "ping"
MESSAGE, EVENT = "aibot_msg_callback", "aibot_event_callback"
RESPOND, WELCOME, UPDATE = "aibot_respond_msg", "aibot_respond_welcome_msg", "aibot_respond_update_msg"
SEND = "aibot_send_msg"
UPLOAD_INIT, UPLOAD_CHUNK, UPLOAD_FINISH = (
    "aibot_upload_media_init",
    "aibot_upload_media_chunk",
    "aibot_upload_media_finish",
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        cmd: What it is; empty for an acknowledgement.
        req_id: Ties acknowledgements to commands, and answers to callbacks.
        body: What it holds.
        code: Of an acknowledgement: 0 for success.
        said: Of an acknowledgement: the platform's words.
    """

    cmd: str
    req_id: str
    body: dict[str, Any] = field(default_factory=dict, repr=False)
    code: int = 0
    said: str = ""


def parse_frame(data: str) -> Frame:
    """Read a frame.

    Raises:
        DecodeError: it is none.
    """
    try:
        read = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise DecodeError("a frame that is not JSON", data) from None
    headers = read.get("headers") if isinstance(read, dict) else None
    req_id = headers.get("req_id") if isinstance(headers, dict) else None
    if not isinstance(req_id, str):
        raise DecodeError("a frame without req_id", read)
    cmd, body = read.get("cmd", ""), read.get("body")
    if not isinstance(cmd, str):
        raise DecodeError("a frame whose cmd is no text", read)
    code = 0 if cmd else read.get("errcode", 0)
    if isinstance(code, bool) or not isinstance(code, int):
        raise DecodeError("an acknowledgement whose errcode is no number", read)
    return Frame(cmd, req_id, body if isinstance(body, dict) else {}, code, str(read.get("errmsg", ""))[:300])


def command(cmd: str, req_id: str, body: Mapping[str, Any] | None = None) -> str:
    """A frame to send."""
    frame: dict[str, Any] = {"cmd": cmd, "headers": {"req_id": req_id}}
    if body is not None:
        frame["body"] = body
    return to_json(frame).decode()


def new_req_id(cmd: str) -> str:
    """An id for a command of our own, made as the official SDKs make it."""
    return f"{cmd}_{time.time_ns() // 1_000_000}_{secrets.token_hex(4)}"
