"""The official SDK's frames and models, in a process of its own: one JSON question a line, one JSON answer each."""

import asyncio
import json
import sys
from typing import Any

from dingtalk_stream import AckMessage, CallbackMessage, ChatbotMessage, EventMessage, SystemMessage
from dingtalk_stream.handlers import CallbackHandler, SystemHandler

KINDS = {kind.TYPE: kind for kind in (SystemMessage, EventMessage, CallbackMessage)}


class Saying(CallbackHandler):  # type: ignore[misc]  # the package has no types
    """Answers a frame as it is told."""

    def __init__(self, code: int, said: Any) -> None:
        super().__init__()
        self.answer = (code, said)

    async def process(self, message: Any) -> Any:
        return self.answer


def frame(asked: dict[str, Any]) -> dict[str, Any]:
    read = KINDS[asked["type"]].from_dict(asked)
    headers = read.headers
    return {
        "type": read.type,
        "topic": headers.topic,
        "message_id": headers.message_id,
        "event": [headers.event_id, headers.event_type],
        "data": read.data,
    }


def ack(asked: dict[str, Any]) -> dict[str, Any]:
    read = KINDS[asked["frame"]["type"]].from_dict(asked["frame"])
    if read.type == SystemMessage.TYPE:
        answer = asyncio.run(SystemHandler().raw_process(read))
    elif read.type == EventMessage.TYPE:  # with a status, as the platform documents it; its handler repeats the event
        answer = AckMessage()
        answer.headers.message_id, answer.headers.content_type = read.headers.message_id, "application/json"
        answer.message, answer.data = "OK", asked["said"]
    else:
        answer = asyncio.run(Saying(asked["code"], asked["said"]).raw_process(read))
    return dict(answer.to_dict())


def message(asked: dict[str, Any]) -> dict[str, Any]:
    read = ChatbotMessage.from_dict(asked)
    return {
        "id": read.message_id,
        "kind": read.message_type,
        "sender": read.sender_staff_id or read.sender_id,
        "nick": read.sender_nick,
        "conversation": [read.conversation_type, read.conversation_id, read.conversation_title],
        "texts": read.get_text_list(),
        "images": read.get_image_list(),
        "at": [user.staff_id or user.dingtalk_id for user in read.at_users],
        "webhook": [read.session_webhook, read.session_webhook_expired_time],
    }


def main() -> None:
    questions = {"frame": frame, "ack": ack, "message": message}
    for line in sys.stdin:
        what, asked = json.loads(line)
        print(json.dumps(questions[what](asked)), flush=True)


if __name__ == "__main__":
    main()
