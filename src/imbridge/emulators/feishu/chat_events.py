"""Event payloads, schema 2.0, of groups and private chats.

Shapes: https://open.feishu.cn/document/server-docs/group/chat-member/event/added and its neighbours,
https://open.feishu.cn/document/server-docs/group/chat/events/updated and its neighbours.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.chat import Chat

if TYPE_CHECKING:
    from imbridge.emulators.feishu.message import Message
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World

BOT_ADDED = "im.chat.member.bot.added_v1"
BOT_DELETED = "im.chat.member.bot.deleted_v1"
USERS_ADDED = "im.chat.member.user.added_v1"
USERS_DELETED = "im.chat.member.user.deleted_v1"
USERS_WITHDRAWN = "im.chat.member.user.withdrawn_v1"
CHAT_UPDATED = "im.chat.updated_v1"
CHAT_DISBANDED = "im.chat.disbanded_v1"
PRIVATE_CHAT_ENTERED = "im.chat.access_event.bot_p2p_chat_entered_v1"


def chat_event(world: "World", chat: Chat, app: App, by: "User") -> dict[str, Any]:
    """What all events of a group have; the whole of `bot.added`, `bot.deleted` and `disbanded`."""
    return {
        **_common(world, chat, app, by),
        "name": chat.name,
        "i18n_names": {"zh_cn": chat.name, "en_us": chat.name, "ja_jp": chat.name},
    }


def users_event(world: "World", chat: Chat, app: App, by: "User", users: "Iterable[User]") -> dict[str, Any]:
    """`user.added`, `user.deleted`, `user.withdrawn`."""
    tenant_key = world.settings.tenant_key
    people = [
        {"name": user.name, "tenant_key": tenant_key, "user_id": world.directory.ids_of(user, app)} for user in users
    ]
    return {**chat_event(world, chat, app, by), "users": people}


def updated(
    world: "World", chat: Chat, app: App, by: "User", before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """`im.chat.updated_v1`; `before` and `after` hold what was changed.

    The document's example holds every field on both sides; that the platform sends the changed ones alone is
    what clients report, and unverified.
    """

    def side(values: Mapping[str, Any]) -> dict[str, Any]:
        owner = values.get("owner_id")
        return {**values, "owner_id": world.directory.ids_of(owner, app)} if owner is not None else dict(values)

    return {**_common(world, chat, app, by), "after_change": side(after), "before_change": side(before)}


def private_chat_entered(world: "World", chat: Chat, app: App, user: "User", last: "Message | None") -> dict[str, Any]:
    """`im.chat.access_event.bot_p2p_chat_entered_v1`."""
    event: dict[str, Any] = {"chat_id": chat.chat_id, "operator_id": world.directory.ids_of(user, app)}
    if last is not None:
        event |= {"last_message_id": last.message_id, "last_message_create_time": str(last.create_time)}
    return event


def _common(world: "World", chat: Chat, app: App, by: "User") -> dict[str, Any]:
    return {
        "chat_id": chat.chat_id,
        "operator_id": world.directory.ids_of(by, app),
        "external": False,
        "operator_tenant_key": world.settings.tenant_key,
    }
