"""The JSON frames of a stream connection.

Source: open-dingtalk.github.io, "stream protocol": `{specVersion, type, headers: {topic, messageId, ...}, data}`, where
`data` is JSON in a text; an acknowledgement is `{code, headers: {messageId, contentType}, message, data}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.json_text import read_json
from imbridge.protocol import DecodeError

SYSTEM, EVENT, CALLBACK = "SYSTEM", "EVENT", "CALLBACK"
PING, DISCONNECT = "ping", "disconnect"
NOTICES = frozenset({"CONNECTED", "REGISTERED", "KEEPALIVE"})
"""System topics that want no answer; the platform's own clients know them, its documents do not."""
MESSAGES = "/v1.0/im/bot/messages/get"
DELEGATED = "/v1.0/im/bot/messages/delegate"
CARDS = "/v1.0/card/instances/callback"

OK, BAD_REQUEST, NOT_FOUND, FAILED = 200, 400, 404, 500
_SAID = {OK: "OK", BAD_REQUEST: "bad request", NOT_FOUND: "topic not found", FAILED: "internal error"}


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Frame:
    """One frame.

    Attributes:
        kind: `SYSTEM`, `EVENT`, `CALLBACK`, or one that this version does not know.
        topic: What it is about.
        message_id: What its acknowledgement names; the platform's own frames may have none.
        headers: All of its headers.
        data: The text with its JSON.
    """

    kind: str
    topic: str
    message_id: str
    headers: Mapping[str, Any] = field(repr=False)
    data: str = field(repr=False)


def parse_frame(text: str) -> Frame:
    """Read a frame.

    Raises:
        DecodeError: it is none.
    """
    try:
        read = read_json(text)
    except ValueError:
        raise DecodeError("a frame that is not JSON", text) from None
    headers = read.get("headers") if isinstance(read, dict) else None
    if not isinstance(headers, dict):
        raise DecodeError("a frame without headers", read)
    kind, topic = read.get("type"), headers.get("topic")
    # The documents' example of a `disconnect` has no messageId.
    message_id = headers.get("messageId", "" if kind == SYSTEM else None)
    if not isinstance(kind, str) or not isinstance(topic, str) or not isinstance(message_id, str):
        raise DecodeError("a frame without type, topic or messageId", read)
    if not message_id and kind != SYSTEM:
        raise DecodeError("a frame whose messageId is empty", read)
    data = read.get("data", "")
    return Frame(kind, topic, message_id, headers, data if isinstance(data, str) else to_json(data).decode())


def parse_data(text: str) -> dict[str, Any]:
    """Read a frame's data.

    Raises:
        DecodeError: it is no JSON object.
    """
    try:
        read = read_json(text)
    except ValueError:
        raise DecodeError("data that are not JSON", text) from None
    if not isinstance(read, dict):
        raise DecodeError("data that are no JSON object", read)
    return read


def ack(message_id: str, data: str = '{"response": null}', code: int = OK) -> str:
    """An acknowledgement; `data` is JSON."""
    headers = {"messageId": message_id, "contentType": "application/json"}
    return to_json({"code": code, "headers": headers, "message": _SAID[code], "data": data}).decode()
