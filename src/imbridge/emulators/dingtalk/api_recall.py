"""Taking messages of robots back, and asking who has read them.

Rules: help.dingtalk.io, "Batch recall of messages in chats of people and bots" (20 keys a call, 24 hours), "Recall
internal group messages", and the generated SDK's `robot_1_0` for `oToMessages/readStatus` and `groupMessages/query`.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.api_robot import robot_of
from imbridge.emulators.dingtalk.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.message import BotMessage
    from imbridge.emulators.dingtalk.routes import Call, Routes

MOST_KEYS = 20
PAGE = 200


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/v1.0/robot/otoMessages/batchRecall", batch_recall)
    routes.add("POST", "/v1.0/robot/groupMessages/recall", group_recall)
    routes.add("GET", "/v1.0/robot/oToMessages/readStatus", read_status)
    routes.add("POST", "/v1.0/robot/groupMessages/query", group_query)


def batch_recall(call: "Call") -> dict[str, Any]:
    """Takes messages out of single chats."""
    body = call.json()
    app = robot_of(call, body)
    return _recall(call, body, lambda message: message.app is app and message.chat is None)


def group_recall(call: "Call") -> dict[str, Any]:
    """Takes messages out of a group."""
    body = call.json()
    app, cid = robot_of(call, body), body.get("openConversationId")
    if not cid:
        raise ApiError("invalidParameter.openConversationId.empty", "openConversationId is empty")
    group = call.world.groups.get(str(cid))
    if group is None:
        raise ApiError("invalidParameter.openConversationId.invalid", "openConversationId invalid")
    return _recall(call, body, lambda message: message.app is app and message.chat is group)


def read_status(call: "Call") -> dict[str, Any]:
    """Who has read a message of single chats: those who have consumed it."""
    app = robot_of(call, dict(call.query))
    message = call.world.by_message_id.get(call.query.get("processQueryKey", ""))
    if message is None or message.app is not app or message.chat is not None:
        raise ApiError("invalidParameter.processQueryKey.invalid", "processQueryKey is invalid")
    people = [
        {"name": user.name, "userId": user.userid, "readStatus": "READ" if user.userid in message.read_by else "UNREAD"}
        for user in message.recipients
    ]
    return {"sendStatus": "RECALLED" if message.recalled else "SUCCESS", "messageReadInfoList": people}


def group_query(call: "Call") -> dict[str, Any]:
    """Who has read a message in a group, by pages."""
    body = call.json()
    app = robot_of(call, body)
    message = call.world.by_message_id.get(str(body.get("processQueryKey")))
    if message is None or message.app is not app or message.chat is None:
        raise ApiError("invalidParameter.processQueryKey.invalid", "processQueryKey is invalid")
    readers = [user.userid for user in message.recipients if user.userid in message.read_by]
    start = int(body.get("nextToken") or 0)
    size = min(int(body.get("maxResults") or PAGE), PAGE)
    more = start + size < len(readers)
    answer: dict[str, Any] = {"sendStatus": "SUCCESS", "readUserIds": readers[start : start + size], "hasMore": more}
    return {**answer, "nextToken": str(start + size)} if more else answer


def _recall(call: "Call", body: dict[str, Any], is_there: "Callable[[BotMessage], bool]") -> dict[str, Any]:
    world, keys = call.world, body.get("processQueryKeys")
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
        raise ApiError("invalidParameter.processQueryKeys.empty", "processQueryKeys is empty")
    if len(keys) > MOST_KEYS:
        raise ApiError("invalidParameter.processQueryKeys.overMax", f"processQueryKeys: at most {MOST_KEYS}")
    done, failed = [], {}
    for key in keys:
        message = world.by_message_id.get(key)
        if message is None or not is_there(message):
            failed[key] = "message not exist"
        elif time.time() - message.sent_at > world.settings.recall_window:
            failed[key] = "over the time limit of recall"
        else:
            message.recalled = True
            world.stats.recalls += 1
            done.append(key)
            for user in message.recipients:
                user.inbox.touch()
    return {"successResult": done, "failedResult": failed}
