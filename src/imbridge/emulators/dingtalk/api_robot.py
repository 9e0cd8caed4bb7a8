"""`oToMessages/batchSend` and `groupMessages/send`: what robots send of themselves.

Rules: help.dingtalk.io, "Batch send bot messages in one-on-one chats" and "Send group chat messages with a bot", with
their tables of errors; `staffId.notExisted` and `invalidParameter.openConversationId.invalid` are as clients report
them.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.errors import ApiError
from imbridge.emulators.dingtalk.message import BotMessage
from imbridge.emulators.dingtalk.templates import filled

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call, Routes


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/v1.0/robot/oToMessages/batchSend", batch_send)
    routes.add("POST", "/v1.0/robot/groupMessages/send", group_send)


def batch_send(call: "Call") -> dict[str, Any]:
    """Sends a message to people, each in their single chat with the robot."""
    world, body = call.world, call.json()
    app = robot_of(call, body)
    userids = body.get("userIds")
    if not isinstance(userids, list) or not userids or not all(isinstance(one, str) and one for one in userids):
        raise ApiError("invalidParameter.userIds.empty", "The user userId list is empty.")
    if len(userids) > world.settings.recipients_limit:
        raise ApiError("invalidParameter.userIds.overMax", "The user userId list exceeds the maximum limit.")
    message = _message(call, app, body)
    known = [world.users[one] for one in dict.fromkeys(userids) if one in world.users]
    if not known:
        raise ApiError("staffId.notExisted", "staffId不存在")
    slowed = world.faults.slowed([user.userid for user in known])
    world.show(message, [user for user in known if user.userid not in slowed])
    world.stats.api_sends += 1
    return {
        "processQueryKey": message.message_id,
        "invalidStaffIdList": [one for one in userids if one not in world.users],
        "flowControlledStaffIdList": slowed,
    }


def group_send(call: "Call") -> dict[str, Any]:
    """Sends a message into a group the robot is in."""
    world, body = call.world, call.json()
    app = robot_of(call, body)
    cid = body.get("openConversationId")
    if not cid:
        raise ApiError("invalidParameter.openConversationId.empty", "The openConversationId is empty.")
    group = world.groups.get(str(cid))
    if group is None or group.disbanded or app not in group.apps:
        raise ApiError("invalidParameter.openConversationId.invalid", "The openConversationId is invalid.")
    message = _message(call, app, body)
    message.chat = group
    world.show(message, group.members)
    world.stats.api_sends += 1
    return {"processQueryKey": message.message_id}


def robot_of(call: "Call", body: dict[str, Any]) -> App:
    """The app whose robotCode the body has, which must be the caller's.

    Raises:
        ApiError: It is missing or another's.
    """
    code = body.get("robotCode")
    if not code:
        raise ApiError("invalidParameter.robotCode.empty", "The bot robotCode is empty.")
    if code != call.app.robot_code:
        call.world.violation("robot_code", f"{call.path} with robotCode {code!r} of another app")
        raise ApiError("invalidParameter.robotCode.auth", "This app's appkey does not match the bot's robotCode.")
    return call.app


def _message(call: "Call", app: App, body: dict[str, Any]) -> BotMessage:
    kind, text, param = filled(call.world, body.get("msgKey"), body.get("msgParam"))
    key = call.world.ids.base64("process_query_key", 24)
    return BotMessage(text=text, kind=kind, body={**body, "msgParam": param}, way="api", message_id=key, app=app)
