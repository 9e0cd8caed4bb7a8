"""`POST /v2/users/{openid}/messages` and `POST /v2/groups/{group_openid}/messages`.

Rules: bot.q.qq.com/wiki, `autogen/api/v2_users_user_openid_messages.post.html` and `v2_groups_...` (2026). That an
input notice (`msg_type` 6) is one of the answers is as clients report; the documents do not say it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq import content as contents
from imbridge.emulators.qq.content import Content
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.group import Group
from imbridge.emulators.qq.message import BotMessage, Way
from imbridge.emulators.qq.replies import Answering
from imbridge.emulators.qq.sends import answer, check_text, make, show

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.routes import Call, Routes
    from imbridge.emulators.qq.uploads import Stored
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World

TEXT, MARKDOWN, ARK, EMBED, INPUT, MEDIA = 0, 2, 3, 4, 6, 7
LONGEST_INPUT = 60


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/v2/users/{openid}/messages", send_c2c)
    routes.add("POST", "/v2/groups/{group_openid}/messages", send_group)


def send_c2c(call: "Call") -> dict[str, Any]:
    """Sends to somebody."""
    world, bot, body, openid = call.world, call.bot, call.json(), call.places["openid"]
    user = world.people.user(bot, openid)
    if bot in user.strangers:
        raise ApiError(40054004)
    if body.get("msg_type") == INPUT:
        return _input(world, bot, user, openid, body)
    content, stored = read(world, bot, "c2c", body)
    answering = world.replies.check(bot, "c2c", None, openid, body)
    if body.get("is_wakeup"):
        if answering is not None:
            raise ApiError(40034001, "请求参数错误: is_wakeup with msg_id or event_id")
        user.wakeups.setdefault(bot, set()).add(world.active.wakeup(bot, user))
        answering = Answering(wakeup=True)
    elif answering is None:
        world.active.check_c2c(bot, user)
    message = make(world, bot, "c2c", None, body, content, answering)
    return _sent(world, message, stored, [user])


def send_group(call: "Call") -> dict[str, Any]:
    """Sends to a group."""
    world, bot, body, openid = call.world, call.bot, call.json(), call.places["group_openid"]
    group = world.people.group(bot, openid)
    if body.get("msg_type") == INPUT:
        raise ApiError(340069)
    content, stored = read(world, bot, "group", body)
    answering = world.replies.check(bot, "group", group, openid, body)
    if answering is None:
        world.active.check_group(bot, group)
    message = make(world, bot, "group", group, body, content, answering)
    return _sent(world, message, stored, group.members)


def send_media(world: "World", bot: "Bot", place: "User | Group", stored: "Stored") -> BotMessage:
    """Sends a file as `srv_send_msg` asks for: as a message that answers nothing.

    Raises:
        ApiError: The robot may not.
    """
    said = Content("media", stored.name)
    if isinstance(place, Group):
        world.active.check_group(bot, place)
        message = make(world, bot, "group", place, {}, said, None)
        people = place.members
    else:
        world.active.check_c2c(bot, place)
        message = make(world, bot, "c2c", None, {}, said, None)
        people = [place]
    _sent(world, message, stored, people)
    return message


def read(world: "World", bot: "Bot", way: Way, body: Mapping[str, Any]) -> "tuple[Content, Stored | None]":
    """What a message to a single chat or group says.

    Raises:
        ApiError: It is not right, or not allowed.
    """
    text = body.get("content")
    text = text if isinstance(text, str) else ""
    stored = None
    match body.get("msg_type", TEXT):
        case 0:
            if not text.strip():
                raise ApiError(50006)
            content = Content("text", text, contents.read_keyboard(bot, body.get("keyboard")))
        case 2:
            if text.strip():
                raise ApiError(22006)
            content = contents.read_markdown(bot, body)
        case 3:
            content = contents.read_ark(bot, body.get("ark"))
        case 4:
            content = contents.read_embed(body.get("embed"))
        case 7:
            media = body.get("media")
            stored = world.uploads.find(bot, way, media.get("file_info") if isinstance(media, dict) else None)
            content = Content("media", text.strip() or stored.name)
        case kind:
            raise ApiError(340069, f"message type is not valid: {kind!r}")
    check_text(world, bot, content.text)
    return content, stored


def _sent(world: "World", message: BotMessage, stored: "Stored | None", people: "list[User]") -> dict[str, Any]:
    if stored is not None:
        message.file_type, message.data, message.filename = stored.file_type, stored.data, stored.name
    show(world, message, people)
    return answer(message)


def _input(world: "World", bot: "Bot", user: "User", openid: str, body: Mapping[str, Any]) -> dict[str, Any]:
    notify = body.get("input_notify")
    seconds = notify.get("input_second") if isinstance(notify, dict) else None
    if not isinstance(notify, dict) or notify.get("input_type") != 1:
        raise ApiError(50059)
    if not isinstance(seconds, int) or not 1 <= seconds <= LONGEST_INPUT:
        raise ApiError(50059)
    answering = world.replies.check(bot, "c2c", None, openid, body)
    if answering is None:
        raise ApiError(40034102)
    world.replies.count(bot, answering)
    user.typing.append((bot, seconds))
    return {"ext_info": {"ref_idx": ""}}
