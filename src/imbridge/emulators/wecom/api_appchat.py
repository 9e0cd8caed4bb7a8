"""`appchat/create`, `update`, `get` and `send`: groups that an app made.

Rules: https://developer.work.weixin.qq.com/document/path/90245, /path/98913, /path/90247, /path/90248. Which codes the
refusals have is unverified, except 86001 and 40008.
"""

import re
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.appchat import AppChat
from imbridge.emulators.wecom.content import Sender, checked_content
from imbridge.emulators.wecom.errors import ApiError
from imbridge.emulators.wecom.known_fields import APPCHAT, check_flags, note_unknown

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call, Routes
    from imbridge.emulators.wecom.user import User

KINDS = frozenset({"text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown"})
CHATID = re.compile(r"[0-9A-Za-z]{1,32}")
NAME, FEWEST, MOST = 50, 2, 2000


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "appchat/create", create)
    routes.add("POST", "appchat/update", update)
    routes.add("GET", "appchat/get", get)
    routes.add("POST", "appchat/send", send)


def create(call: "Call") -> dict[str, Any]:
    """Makes a group; only an app that sees the whole corp may."""
    world, body = call.world, call.json()
    if call.app.visible is not None:
        raise ApiError(60011)
    members = _people(call, body.get("userlist"), "userlist")
    if not FEWEST <= len(members) <= MOST:
        raise ApiError(86216)
    chatid = body.get("chatid") or world.ids.hex("chatid", 32)
    if not isinstance(chatid, str) or not CHATID.fullmatch(chatid):
        raise ApiError(86001)
    if chatid in world.appchats:
        raise ApiError(86215)
    owner = _owner(call, body.get("owner"), members)
    world.appchats[chatid] = AppChat(chatid, _name(body.get("name") or "群聊"), call.app, owner, members)
    return {"chatid": chatid}


def update(call: "Call") -> dict[str, Any]:
    """Changes a group's name, owner or members."""
    body = call.json()
    chat = _chat(call, body.get("chatid"))
    joining = _people(call, body.get("add_user_list") or [], "add_user_list")
    leaving = _people(call, body.get("del_user_list") or [], "del_user_list")
    members = [user for user in chat.members if user not in leaving]
    members += [user for user in joining if user not in members]
    if not FEWEST <= len(members) <= MOST:
        raise ApiError(86216)
    owner = chat.owner if chat.owner in members else members[0]
    chat.owner = _owner(call, body["owner"], members) if body.get("owner") else owner
    chat.members = members
    if body.get("name"):
        chat.name = _name(body["name"])
    return {}


def get(call: "Call") -> dict[str, Any]:
    """A group."""
    chat = _chat(call, call.query.get("chatid"))
    userlist = [user.userid for user in chat.members]
    info = {"chatid": chat.chatid, "name": chat.name, "owner": chat.owner.userid, "userlist": userlist}
    return {"chat_info": {**info, "chat_type": 0}}


def send(call: "Call") -> dict[str, Any]:
    """Sends a message into a group. Members over their rate do not get it, and the answer is 0 all the same."""
    world, body = call.world, call.json()
    chat = _chat(call, body.get("chatid"))
    kind = body.get("msgtype")
    if kind not in KINDS:
        raise ApiError(40008)
    settings = world.settings
    sender = Sender(settings.text_limit, settings.markdown_limit, agent_id=call.app.agent_id)
    content = checked_content(world, kind, body, sender)
    check_flags(body)
    note_unknown(world, kind, body, APPCHAT, {"mentioned_list"} if kind == "text" else ())
    reached = chat.members
    if settings.rate_limits:
        if world.appchat_rates.take(len(reached)):
            world.stats.rate_limited += 1
            raise ApiError(45009)
        reached = [user for user in reached if world.group_member_rates.take(user.userid)[0] == 0]
        dropped = len(chat.members) - len(reached)
        if dropped:
            world.stats.silently_dropped += dropped
            world.violation("member_rate", f"{dropped} member(s) of {chat.chatid} got more than their rate: dropped")
    mentioned = tuple(content.get("mentioned_list") or ()) if kind == "text" else ()
    world.show(call.app, reached, kind, body, content, chatid=chat.chatid, mentioned=mentioned)
    world.stats.appchat_sends += 1
    return {}


def _chat(call: "Call", chatid: object) -> AppChat:
    chat = call.world.appchats.get(chatid) if isinstance(chatid, str) else None
    if chat is None:
        raise ApiError(86001)
    if chat.app is not call.app:
        raise ApiError(86008)
    return chat


def _people(call: "Call", userids: object, name: str) -> "list[User]":
    if not isinstance(userids, list):
        raise ApiError(40058, f"{name} is not a list")
    found: dict[str, User] = {}
    for userid in userids:
        user = call.world.directory.user(userid)
        if user is None or not call.app.sees(user.userid):
            raise ApiError(40031, f"{userid!r} in {name}")
        found[user.userid] = user
    return list(found.values())


def _owner(call: "Call", userid: object, members: "list[User]") -> "User":
    if not userid:
        return members[0]
    owner = call.world.directory.user(userid)
    if owner is None or owner not in members:
        raise ApiError(40003, "owner is not in the group")
    return owner


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise ApiError(86004)
    # Longer names are cut ("超过将截断").
    return name[:NAME]
