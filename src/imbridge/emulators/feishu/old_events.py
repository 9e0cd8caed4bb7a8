"""Event payloads of the old schema 1.0: `{"uuid", "token", "ts", "type": "event_callback", "event": {"type": ...}}`.

Shapes: https://open.feishu.cn/document/server-docs/approval-v4/event/common-event/approval-instance-event and, for the
events that schema 2.0 replaced, https://open.feishu.cn/document/ukTMukTMukTM/uETNz4SM1MjLxUzM (directory),
https://open.feishu.cn/document/ukTMukTMukTM/uQDOwUjL0gDM14CN4ATN (groups) and the models of the official SDKs.
"""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.message import Message

if TYPE_CHECKING:
    from imbridge.emulators.feishu.chat import Chat
    from imbridge.emulators.feishu.department import Department
    from imbridge.emulators.feishu.directory import Directory
    from imbridge.emulators.feishu.user import User

MESSAGE = "message"
MESSAGE_READ = "message_read"
BOT_ADDED = "add_bot"
BOT_REMOVED = "remove_bot"
PRIVATE_CHAT_CREATED = "p2p_chat_create"
USERS_ADDED = "add_user_to_chat"
USERS_REMOVED = "remove_user_from_chat"
USERS_WITHDRAWN = "revoke_add_user_from_chat"
CHAT_DISBANDED = "chat_disband"
GROUP_CHANGED = "group_setting_update"
USER_ADDED, USER_CHANGED, USER_LEFT = "user_add", "user_update", "user_leave"
USER_STATUS_CHANGED = "user_status_change"
DEPARTMENT_ADDED, DEPARTMENT_CHANGED, DEPARTMENT_DELETED = "dept_add", "dept_update", "dept_delete"
SCOPE_CHANGED = "contact_scope_change"
APPROVAL_INSTANCE, APPROVAL_TASK, APPROVAL_CC = "approval_instance", "approval_task", "approval_cc"

OLD_CHAT_TYPES = {"p2p": "private", "group": "group"}


def envelope(app: App, uuid: str, event_type: str, event: dict[str, Any], tenant_key: str) -> bytes:
    """The whole payload as JSON bytes; `app_id`, `tenant_key` and `type` are added to the event."""
    now = time.time_ns() // 100
    return dump(
        {
            "uuid": uuid,
            "token": app.verification_token,
            "ts": f"{now // 10_000_000}.{now % 10_000_000:07d}",  # seconds, with seven digits behind the point
            "type": "event_callback",
            "event": {"app_id": app.app_id, "tenant_key": tenant_key, "type": event_type, **event},
        }
    ).encode()


def message(message: Message, app: App, directory: "Directory") -> dict[str, Any]:
    """`message`: the text with its mentions as people see them, and without that of the bot."""
    sender = directory.ids_of(message.sender, app)
    event: dict[str, Any] = {
        "root_id": message.root_id,
        "parent_id": message.parent_id,
        "open_chat_id": message.chat_id,
        "chat_type": OLD_CHAT_TYPES[message.chat.kind],
        "msg_type": message.msg_type,
        "open_id": sender["open_id"],
        "employee_id": sender["user_id"],
        "union_id": sender["union_id"],
        "open_message_id": message.message_id,
        "is_mention": app in message.mentions,
        "text": message.text,
        "text_without_at_bot": " ".join(message.text.replace(f"@{app.name}", "").split()),
    }
    keys = ("image_key", "file_key", "title")
    return event | {key: message.content[key] for key in keys if isinstance(message.content.get(key), str)}


def messages_read(user: "User", app: App, chat_id: str, ids: Iterable[str], directory: "Directory") -> dict[str, Any]:
    """`message_read`."""
    open_id = directory.ids_of(user, app)["open_id"]
    return {"open_chat_id": chat_id, "open_id": open_id, "open_message_ids": list(ids)}


def bot_membership(chat: "Chat", app: App, by: "User", directory: "Directory") -> dict[str, Any]:
    """`add_bot` and `remove_bot`."""
    event: dict[str, Any] = {
        "chat_i18n_names": {"en_us": chat.name, "zh_cn": chat.name},
        "chat_name": chat.name,
        "open_chat_id": chat.chat_id,
        "operator_employee_id": by.user_id,
        "operator_name": by.name,
        "operator_open_id": directory.ids_of(by, app)["open_id"],
        "owner_is_bot": chat.owner is None,
    }
    if chat.owner is not None:
        event["chat_owner_employee_id"] = chat.owner.user_id
        event["chat_owner_name"] = chat.owner.name
        event["chat_owner_open_id"] = directory.ids_of(chat.owner, app)["open_id"]
    return event


def private_chat_created(chat: "Chat", app: App, user: "User", directory: "Directory") -> dict[str, Any]:
    """`p2p_chat_create`, the person being the one who opened it."""
    person = _person(user, app, directory)
    return {"chat_id": chat.chat_id, "operator": person, "user": {"name": user.name, **person}}


def chat_users(chat: "Chat", app: App, by: "User", users: "Iterable[User]", directory: "Directory") -> dict[str, Any]:
    """`add_user_to_chat`, `remove_user_from_chat`, `revoke_add_user_from_chat`."""
    return {
        "chat_id": chat.chat_id,
        "operator": _person(by, app, directory),
        "users": [{"name": user.name, **_person(user, app, directory)} for user in users],
    }


def chat_disbanded(chat: "Chat", app: App, by: "User", directory: "Directory") -> dict[str, Any]:
    """`chat_disband`."""
    return {"chat_id": chat.chat_id, "operator": _person(by, app, directory)}


def group_owner_changed(
    chat: "Chat", app: App, by: "User", before: "User | None", after: "User | None", directory: "Directory"
) -> dict[str, Any]:
    """`group_setting_update` of a new owner."""

    def owner(user: "User | None") -> dict[str, Any]:
        if user is None:
            return {}
        return {"owner_open_id": directory.ids_of(user, app)["open_id"], "owner_user_id": user.user_id}

    return {**chat_disbanded(chat, app, by, directory), "before_change": owner(before), "after_change": owner(after)}


def user_changed(user: "User", app: App, directory: "Directory") -> dict[str, Any]:
    """`user_add`, `user_update`, `user_leave`."""
    ids = directory.ids_of(user, app)
    return {"open_id": ids["open_id"], "employee_id": ids["user_id"], "union_id": ids["union_id"]}


def department_changed(department: "Department") -> dict[str, Any]:
    """`dept_add`, `dept_update`, `dept_delete`."""
    ids = {"open_id": department.open_department_id, "custom_id": department.department_id}
    return {"open_department_id": department.department_id, "department": ids}


def _person(user: "User", app: App, directory: "Directory") -> dict[str, str]:
    ids = directory.ids_of(user, app)
    return {"open_id": ids["open_id"], "user_id": ids["user_id"]}
