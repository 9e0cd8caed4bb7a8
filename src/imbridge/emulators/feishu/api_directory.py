"""Chats and people: im/v1/chats and contact/v3/users."""

from typing import Any

from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.user import User


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("GET", "im/v1/chats/:id", get_chat)
    routes.add("GET", "im/v1/chats/:id/members", get_members)
    routes.add("GET", "contact/v3/users/batch", get_users)
    routes.add("GET", "contact/v3/users/:id", get_user)


def get_chat(call: Call) -> dict[str, Any]:
    """`GET im/v1/chats/:id`."""
    chat = _chat(call)
    return {
        "avatar": "",
        "name": chat.name,
        "description": "",
        "chat_mode": "p2p" if chat.kind == "p2p" else ("topic" if chat.topic else "group"),
        "chat_type": "private",
        "chat_tag": "inner",
        "external": False,
        "tenant_key": call.world.settings.tenant_key,
        "user_count": str(len(chat.members)),
        "bot_count": str(len(chat.apps)),
        "chat_status": "normal",
    }


def get_members(call: Call) -> dict[str, Any]:
    """`GET im/v1/chats/:id/members`: the people, not the bots, on pages."""
    chat = _chat(call)
    id_type = call.query("member_id_type", "open_id")
    if id_type not in {"open_id", "user_id", "union_id"}:
        raise ApiError(232006, f"member_id_type {id_type!r}")
    size = call.query("page_size", "20")
    token = call.query("page_token", "0")
    if not size.isdigit() or not token.isdigit() or not 1 <= int(size) <= 100:
        raise ApiError(232006, "page_size is 1 to 100, page_token one that was returned")
    start, end = int(token), int(token) + int(size)
    more = end < len(chat.members)
    items = [
        {
            "member_id_type": id_type,
            "member_id": call.world.directory.ids_of(member, call.app)[id_type],
            "name": member.name,
            "tenant_key": call.world.settings.tenant_key,
        }
        for member in chat.members[start:end]
    ]
    page_token = str(end) if more else ""
    return {"items": items, "page_token": page_token, "has_more": more, "member_total": len(chat.members)}


def get_user(call: Call) -> dict[str, Any]:
    """`GET contact/v3/users/:id?user_id_type=`."""
    who = call.world.directory.find(call.app, call.query("user_id_type", "open_id"), call.args[0])
    if not isinstance(who, User):
        raise ApiError(99992351)
    return {"user": _as_json(call, who)}


def get_users(call: Call) -> dict[str, Any]:
    """`GET contact/v3/users/batch?user_ids=&user_ids=`: those that exist."""
    id_type = call.query("user_id_type", "open_id")
    found = [call.world.directory.find(call.app, id_type, user_id) for user_id in call.query_all("user_ids")]
    return {"items": [_as_json(call, who) for who in found if isinstance(who, User)]}


def _chat(call: Call) -> Chat:
    chat = call.world.directory.chats.get(call.args[0])
    if chat is None:
        raise ApiError(232006)
    if (call.app not in chat.apps) if call.user_token is None else (call.user_token.user not in chat.members):
        raise ApiError(232011)
    return chat


def _as_json(call: Call, user: User) -> dict[str, Any]:
    return {**call.world.directory.ids_of(user, call.app), "name": user.name, "en_name": user.name, "email": user.email}
