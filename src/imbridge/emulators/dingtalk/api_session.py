"""`/robot/sendBySession`: the answer at the address that came with a message.

Rule: open.dingtalk.com, "Robots reply and send messages".
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.errors import OapiError
from imbridge.emulators.dingtalk.message import BotMessage
from imbridge.emulators.dingtalk.sessions import PATH
from imbridge.emulators.dingtalk.webhook_content import posted

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call, Routes


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", PATH, send, public=True)


def send(call: "Call") -> dict[str, Any]:
    """Answers in the conversation of the message whose address it is."""
    world = call.world
    session = world.sessions.find(call.query.get("session", ""))
    if session is None:
        raise OapiError(300001, "session 不存在")
    if not session.alive:
        world.violation("session_expired", "a session webhook was used after sessionWebhookExpiredTime")
        raise OapiError(300001, "session 不存在")
    kind, text, mentioned = posted(call)
    message = BotMessage(
        text=text, kind=kind, body=call.json(), way="session", app=session.app, chat=session.chat, mentioned=mentioned
    )
    world.show(message, session.chat.members if session.chat is not None else [session.user])
    world.stats.session_sends += 1
    return {}
