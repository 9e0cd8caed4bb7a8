"""`/robot/sendBySession`: the answer at the address that came with a message.

Rule: help.dingtalk.io, "Receive messages" (`sessionWebhook`, `sessionWebhookExpiredTime`). 300001 is what clients
report of an address that is unknown or too old (github.com/agentscope-ai/QwenPaw, issue 2221).
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.errors import OapiError
from imbridge.emulators.dingtalk.message import BotMessage
from imbridge.emulators.dingtalk.sessions import PATH
from imbridge.emulators.dingtalk.webhook_content import mentioned, posted

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call, Routes

NO_SESSION = 300001


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", PATH, send, public=True)


def send(call: "Call") -> dict[str, Any]:
    """Answers in the conversation of the message whose address it is."""
    world = call.world
    session = world.sessions.find(call.query.get("session", ""))
    if session is None:
        raise OapiError(NO_SESSION, "session 不存在")
    if not session.alive:
        if session.overdue:
            world.violation("session_expired", "a session webhook was used after sessionWebhookExpiredTime")
        raise OapiError(NO_SESSION, "session 不存在")
    kind, text, body = posted(call)
    if session.chat is not None and (session.chat.disbanded or session.app not in session.chat.apps):
        raise OapiError(400013, "群已被解散")
    at = mentioned(body, text, session.chat)
    message = BotMessage(
        text=text, kind=kind, body=body, way="session", app=session.app, chat=session.chat, mentioned=at
    )
    world.show(message, session.chat.members if session.chat is not None else [session.user])
    world.stats.session_sends += 1
    return {}
