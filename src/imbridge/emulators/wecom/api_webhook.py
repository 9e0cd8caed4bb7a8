"""`webhook/send` and `webhook/upload_media`: what group robots post.

Rule: https://developer.work.weixin.qq.com/document/path/91770: eight kinds, 20 messages a minute, files for this robot
only. Clients report that a text is refused only beyond 5120 bytes (`text.content exceed max length 5120`); here the
documented 2048 count, see `EmulatorSettings.robot_text_limit`.
"""

import re
import time
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.content import Sender, checked_content
from imbridge.emulators.wecom.errors import ApiError
from imbridge.emulators.wecom.group_robot import GroupRobot
from imbridge.emulators.wecom.known_fields import MENTIONS, ROBOT, note_unknown
from imbridge.emulators.wecom.multipart import check_format, posted_file

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call, Routes

KINDS = frozenset({"text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card"})
UPLOADS = frozenset({"file", "voice"})
PICTURE = frozenset({"base64", "md5"})
AT = re.compile(r"<@([^<>]+)>")


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "webhook/send", send, public=True)
    routes.add("POST", "webhook/upload_media", upload, public=True)


def send(call: "Call") -> dict[str, Any]:
    """Posts a message into the robot's group."""
    world, robot = call.world, _robot(call)
    if world.settings.rate_limits and world.robot_rates.take(robot.key)[0] > 0:
        world.stats.rate_limited += 1
        world.violation(
            "rate_exceeded", f"{robot.name} posted more than {world.settings.robot_rate_minute} in a minute"
        )
        raise ApiError(45009)
    body = call.json()
    kind = body.get("msgtype")
    if kind not in KINDS:
        raise ApiError(40008)
    settings = world.settings
    sender = Sender(settings.robot_text_limit, settings.robot_markdown_limit, cuts=False, robot_key=robot.key)
    content = checked_content(world, kind, body, sender)
    note_unknown(world, kind, body, ROBOT, {"text": MENTIONS, "image": PICTURE}.get(kind, ()))
    mentioned = _mentioned(call, kind, content)
    message = world.show(None, robot.members, kind, body, content, chatid=robot.chatid, mentioned=mentioned)
    robot.messages.append(message)
    del robot.messages[: -settings.history]
    world.stats.robot_sends += 1
    return {}


async def upload(call: "Call") -> dict[str, Any]:
    """Takes a file that this robot can post, for three days."""
    world, robot, kind = call.world, _robot(call), call.query.get("type", "")
    if kind not in UPLOADS:
        raise ApiError(40005)
    posted = await posted_file(call)
    if len(posted.data) > (world.settings.file_limit if kind == "file" else world.settings.voice_limit):
        raise ApiError(45001)
    kept = world.uploads.add(kind, posted.name, posted.data, check_format(kind, posted), robot.key)
    world.stats.uploads += 1
    return {"type": kind, "media_id": kept.media_id, "created_at": str(int(time.time()))}


def _robot(call: "Call") -> GroupRobot:
    robot = call.world.robots.get(call.query.get("key", ""))
    if robot is None or robot.removed:
        raise ApiError(93000)
    return robot


def _mentioned(call: "Call", kind: str, content: dict[str, Any]) -> tuple[str, ...]:
    """Who is mentioned: as `<@userid>` in a text or a markdown, in a text by lists beside it, in markdown_v2 nobody.

    Rule: https://developer.work.weixin.qq.com/document/path/99110, the page's present address.
    """
    if kind == "markdown":
        return tuple(AT.findall(content["content"]))
    if kind != "text":
        return ()
    found = [*AT.findall(content["content"]), *(content.get("mentioned_list") or ())]
    for mobile in content.get("mentioned_mobile_list") or ():
        users = call.world.directory.users.values()
        found += [mobile] if mobile == "@all" else [user.userid for user in users if user.mobile == mobile]
    return tuple(dict.fromkeys(found))
