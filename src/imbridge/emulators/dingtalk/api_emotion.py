"""Emotions of robots on messages: `robot/emotion/reply` and `robot/emotion/recall`.

Fields as the generated SDK's `robot_1_0` and DingTalk's own connector (github.com/DingTalk-Real-AI/
dingtalk-openclaw-connector) have them; the documents have no page on them. Refusals are unverified.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.api_robot import robot_of
from imbridge.emulators.dingtalk.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.message import SentMessage
    from imbridge.emulators.dingtalk.routes import Call, Routes

TEXT_EMOTION = 2


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/v1.0/robot/emotion/reply", reply)
    routes.add("POST", "/v1.0/robot/emotion/recall", recall)


def reply(call: "Call") -> dict[str, Any]:
    """Puts an emotion on a message of a person."""
    sent, name = _asked(call)
    if name not in sent.reactions:
        sent.reactions.append(name)
    return {"success": True}


def recall(call: "Call") -> dict[str, Any]:
    """Takes an emotion away again."""
    sent, name = _asked(call)
    if name not in sent.reactions:
        return {"success": False}
    sent.reactions.remove(name)
    return {"success": True}


def _asked(call: "Call") -> "tuple[SentMessage, str]":
    body = call.json()
    robot_of(call, body)
    sent = call.world.sent.get(str(body.get("openMsgId")))
    if sent is None or sent.conversation_id != body.get("openConversationId"):
        raise ApiError("invalidParameter.openMsgId.invalid", "openMsgId is not in this conversation")
    if body.get("emotionType") != TEXT_EMOTION:
        raise ApiError("invalidParameter.emotionType.invalid", "emotionType")
    name, emotion = body.get("emotionName"), body.get("textEmotion")
    if not isinstance(name, str) or not name:
        raise ApiError("invalidParameter.emotionName.empty", "emotionName is empty")
    wanted = ("emotionId", "emotionName", "text", "backgroundId")
    if not isinstance(emotion, dict) or not all(isinstance(emotion.get(one), str) for one in wanted):
        raise ApiError("invalidParameter.textEmotion.invalid", f"textEmotion needs {', '.join(wanted)}")
    return sent, name
