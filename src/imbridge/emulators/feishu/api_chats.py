"""im/v1/chats: the groups of the bot, and who is in them.

Rules: https://open.feishu.cn/document/server-docs/group/chat/list and its neighbours,
https://open.feishu.cn/document/server-docs/group/chat-member/get.
"""

from typing import Any

from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.paging import page
from imbridge.emulators.feishu.user import User

ID_TYPES = frozenset({"open_id", "user_id", "union_id"})
FOR_EVERYBODY = (
    "add_member_permission",
    "at_all_permission",
    "edit_permission",
    "join_message_visibility",
    "leave_message_visibility",
    "moderation_permission",
    "urgent_setting",
    "video_conference_setting",
    "hide_member_count_setting",
)
"""A group's settings, none of which is emulated."""


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("GET", "im/v1/chats", list_chats)
    routes.add("GET", "im/v1/chats/search", search)
    routes.add("GET", "im/v1/chats/:id", get_chat)
    routes.add("GET", "im/v1/chats/:id/members", get_members)
    routes.add("GET", "im/v1/chats/:id/members/is_in_chat", is_in_chat)


def list_chats(call: Call) -> dict[str, Any]:
    """`GET im/v1/chats`: the bot's groups, oldest first; no private chats; on pages."""
    return _listed(call, _groups(call))


def search(call: Call) -> dict[str, Any]:
    """`GET im/v1/chats/search?query=`: the groups with this in their name; none without a query."""
    query = call.query("query").lower()
    return _listed(call, [chat for chat in _groups(call) if query and query in chat.name.lower()])


def get_chat(call: Call) -> dict[str, Any]:
    """`GET im/v1/chats/:id`."""
    chat = _chat(call)
    _must_be_in(call, chat)
    shown = {
        **_summary(call, chat),
        "i18n_names": {"zh_cn": chat.name, "en_us": chat.name, "ja_jp": chat.name},
        "chat_mode": "p2p" if chat.kind == "p2p" else ("topic" if chat.topic else "group"),
        "chat_type": "private",
        "chat_tag": "inner",
        "user_count": str(len(chat.members)),
        "bot_count": str(len(chat.apps)),
    }
    del shown["chat_id"]
    if chat.kind == "p2p":
        return shown
    return {
        **shown,
        **dict.fromkeys(FOR_EVERYBODY, "all_members"),
        "share_card_permission": "allowed",
        "membership_approval": "no_approval_required",
        "group_message_type": "thread" if chat.topic else "chat",
        "user_manager_id_list": [],
        "bot_manager_id_list": [],
    }


def get_members(call: Call) -> dict[str, Any]:
    """`GET im/v1/chats/:id/members`: the people, not the bots, on pages."""
    chat = _chat(call)
    if chat.dissolved:
        raise ApiError(232009)
    _must_be_in(call, chat)
    id_type = _id_type(call, "member_id_type")
    shown, pages = page(call, chat.members, default=20, limit=100, bad_size=232001, bad_token=232001)
    items = [
        {
            "member_id_type": id_type,
            "member_id": call.world.directory.ids_of(member, call.app)[id_type],
            "name": member.name,
            "tenant_key": call.world.settings.tenant_key,
        }
        for member in shown
    ]
    return {"items": items, **pages, "member_total": len(chat.members)}


def is_in_chat(call: Call) -> dict[str, Any]:
    """`GET im/v1/chats/:id/members/is_in_chat`: whether the bot is."""
    return {"is_in_chat": call.app in _chat(call).apps}


def _groups(call: Call) -> list[Chat]:
    chats = call.world.directory.chats.values()
    return [chat for chat in chats if chat.kind == "group" and call.app in chat.apps and not chat.dissolved]


def _listed(call: Call, chats: list[Chat]) -> dict[str, Any]:
    shown, pages = page(call, chats, default=20, limit=100, bad_size=232001, bad_token=232001)
    return {"items": [_summary(call, chat) for chat in shown], **pages}


def _summary(call: Call, chat: Chat) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "chat_id": chat.chat_id,
        "avatar": "",
        "name": chat.name,
        "description": chat.description,
        "external": False,
        "tenant_key": call.world.settings.tenant_key,
        "chat_status": "dissolved" if chat.dissolved else "normal",
    }
    if chat.owner is not None:  # a bot that owns the group is not named here
        id_type = _id_type(call, "user_id_type")
        shown |= {"owner_id": _id(call, chat.owner, id_type), "owner_id_type": id_type}
    return shown


def _id(call: Call, user: User, id_type: str) -> str:
    return call.world.directory.ids_of(user, call.app)[id_type]


def _id_type(call: Call, name: str) -> str:
    id_type = call.query(name, "open_id")
    if id_type not in ID_TYPES:
        raise ApiError(232001, f"{name} {id_type!r}")
    return id_type


def _chat(call: Call) -> Chat:
    chat = call.world.directory.chats.get(call.args[0])
    if chat is None:
        raise ApiError(232006)
    return chat


def _must_be_in(call: Call, chat: Chat) -> None:
    """Whoever asks, an app or a person through one, has to be in the chat: 232011."""
    if (call.app not in chat.apps) if call.user_token is None else (call.user_token.user not in chat.members):
        raise ApiError(232011)
