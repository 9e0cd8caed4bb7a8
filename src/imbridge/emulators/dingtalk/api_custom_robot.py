"""`/robot/send`: what custom robots post into their group.

Rules: help.dingtalk.io, "Custom bots send group messages" (20 messages a minute, then limited for ten minutes;
`msgUuid` against repetitions) and "Custom bot security settings" (keywords; `timestamp` and `sign`, the Base64 of the
HMAC-SHA256 of `timestamp`, a line feed and the secret, keyed with the secret, one hour; addresses). Errors come with
HTTP 200.
"""

import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.errors import OapiError
from imbridge.emulators.dingtalk.message import BotMessage
from imbridge.emulators.dingtalk.webhook_content import mentioned, posted
from imbridge.emulators.dingtalk.webhook_errors import refusal

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.custom_robot import CustomRobot
    from imbridge.emulators.dingtalk.routes import Call, Routes

PATH = "/robot/send"


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", PATH, send, public=True)


def send(call: "Call") -> dict[str, Any]:
    """Posts a message into the robot's group."""
    world, robot = call.world, _robot(call)
    _check_signature(call, robot)
    _check_rate(call, robot)
    kind, text, body = posted(call)
    title = (body.get(kind) or {}).get("title", "")
    if robot.keywords and not any(word in f"{title}\n{text}" for word in robot.keywords):
        raise refusal(call, "keywords")
    uuid = str(body.get("msgUuid") or "")
    if uuid and (robot.access_token, uuid) in world.posted_uuids:
        world.stats.duplicates_absorbed += 1
        return {}
    group = robot.group
    at = mentioned(body, text, group)
    message = BotMessage(text=text, kind=kind, body=body, way="robot", robot=robot, chat=group, mentioned=at)
    world.show(message, group.members)
    if uuid:
        world.posted_uuids[robot.access_token, uuid] = message
    world.stats.robot_sends += 1
    return {}


def signature(timestamp: str, secret: str) -> str:
    """The `sign` that belongs to a `timestamp` in milliseconds, before it is quoted for an address."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _robot(call: "Call") -> "CustomRobot":
    robot = call.world.robots.get(call.query.get("access_token", ""))
    if robot is None:
        raise OapiError(300005, "token is not exist")
    if robot.group.disbanded:
        raise OapiError(400013, "群已被解散")
    if robot.removed:
        raise OapiError(400106, "机器人不存在")
    if robot.stopped:
        raise OapiError(400102, "机器人已停用")
    if robot.trusted_ips is not None and call.address not in robot.trusted_ips:
        raise refusal(call, "address")
    return robot


def _check_signature(call: "Call", robot: "CustomRobot") -> None:
    if not robot.secret:
        return
    timestamp = call.query.get("timestamp", "")
    if not timestamp.isdigit() or abs(int(timestamp) / 1000 - time.time()) > call.world.settings.sign_skew:
        raise refusal(call, "timestamp")
    if not hmac.compare_digest(signature(timestamp, robot.secret).encode(), call.query.get("sign", "").encode()):
        raise refusal(call, "sign")


def _check_rate(call: "Call", robot: "CustomRobot") -> None:
    world = call.world
    if not world.settings.rate_limits:
        return
    most = world.settings.robot_rate_minute
    if time.monotonic() >= robot.banned_until:
        if world.robot_rates.take(robot.access_token)[0] == 0:
            return
        robot.banned_until = time.monotonic() + world.settings.robot_ban
        world.violation("robot_rate_exceeded", f"{robot.name} posted more than {most} messages in a minute")
    world.stats.rate_limited += 1
    raise refusal(call, "rate")
