"""Event payloads, schema 2.0.

Shapes: https://open.feishu.cn/document/server-docs/im-v1/message/events/receive and its neighbours.
"""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.message import Message, Reaction
from imbridge.emulators.feishu.shown_content import shown_content

if TYPE_CHECKING:
    from imbridge.emulators.feishu.directory import Directory

MESSAGE_RECEIVE = "im.message.receive_v1"
MESSAGE_RECALLED = "im.message.recalled_v1"
MESSAGE_READ = "im.message.message_read_v1"
REACTION_CREATED = "im.message.reaction.created_v1"
REACTION_DELETED = "im.message.reaction.deleted_v1"
CARD_ACTION = "card.action.trigger"
LINK_PREVIEW = "url.preview.get"
CALLBACKS = frozenset({CARD_ACTION, LINK_PREVIEW})
"""Events that are answered; their create_time is in microseconds."""


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def envelope(app: App, event_id: str, event_type: str, event: dict[str, Any], tenant_key: str) -> bytes:
    """The whole payload as JSON bytes."""
    return dump(
        {
            "schema": "2.0",
            "header": {
                "event_id": event_id,
                "token": app.verification_token,
                "create_time": str(now_ms() * 1000 if event_type in CALLBACKS else now_ms()),
                "event_type": event_type,
                "tenant_key": tenant_key,
                "app_id": app.app_id,
            },
            "event": event,
        }
    ).encode()


def message_received(message: Message, app: App, directory: "Directory", tenant_key: str) -> dict[str, Any]:
    """`im.message.receive_v1` of a message, with the ids as this app sees them."""
    chat = message.chat
    body: dict[str, Any] = {
        "message_id": message.message_id,
        "create_time": str(message.create_time),
        "update_time": str(message.update_time or message.create_time),
        "chat_id": chat.chat_id,
        "chat_type": chat.kind,
        "message_type": message.msg_type,
        "content": shown_content(message),
    }
    for name in ("root_id", "parent_id", "thread_id"):
        value = getattr(message, name)
        if value:
            body[name] = value
    if message.mentions:
        body["mentions"] = [
            {
                "key": f"@_user_{number}",
                "id": directory.ids_of(who, app),
                "mentioned_type": "bot" if isinstance(who, App) else "user",
                "name": who.name,
                "tenant_key": tenant_key,
            }
            for number, who in enumerate(message.mentions, start=1)
        ]
    return {
        "sender": {
            "sender_id": directory.ids_of(message.sender, app),
            "sender_type": "app" if isinstance(message.sender, App) else "user",
            "tenant_key": tenant_key,
        },
        "message": body,
    }


def message_recalled(message: Message, recall_type: str) -> dict[str, Any]:
    """`im.message.recalled_v1`."""
    return {
        "message_id": message.message_id,
        "chat_id": message.chat_id,
        "recall_time": str(now_ms()),
        "recall_type": recall_type,
    }


def reaction_changed(message: Message, reaction: Reaction, app: App, directory: "Directory") -> dict[str, Any]:
    """`im.message.reaction.created_v1` and `.deleted_v1`: a person has a user_id, an app an app_id."""
    event: dict[str, Any] = {
        "message_id": message.message_id,
        "reaction_type": {"emoji_type": reaction.emoji_type},
        "action_time": str(now_ms()),
    }
    if isinstance(reaction.by, App):
        return {**event, "operator_type": "app", "app_id": reaction.by.app_id}
    return {**event, "operator_type": "user", "user_id": directory.ids_of(reaction.by, app)}


def messages_read(reader: dict[str, str], message_ids: Iterable[str], tenant_key: str) -> dict[str, Any]:
    """`im.message.message_read_v1`; `reader` are the person's ids as the app sees them."""
    return {
        "reader": {"reader_id": reader, "read_time": str(now_ms()), "tenant_key": tenant_key},
        "message_id_list": list(message_ids),
    }
