"""What of all that comes can be answered.

Source: bot.q.qq.com, "sending messages": messages, by `msg_id`; and some events, by `event_id`. Clients quote messages
of single chats and groups by the index in `message_scene.ext`.
"""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.qq.api import kind_of
from imbridge.adapters.qq.sent.windows import Windows
from imbridge.protocol import Event, Message

EVENTS: dict[str, tuple[str, ...]] = {
    "c2c": ("INTERACTION_CREATE", "C2C_MSG_RECEIVE", "FRIEND_ADD"),
    "group": ("INTERACTION_CREATE", "GROUP_ADD_ROBOT", "GROUP_MSG_RECEIVE"),
    "guild": ("INTERACTION_CREATE", "GUILD_MEMBER_", "MESSAGE_REACTION_", "FORUM_"),
    "dms": ("INTERACTION_CREATE",),
}
"""Their names, or how these begin, by where they happen."""
_INDEX = "msg_idx="


def note_inbound(windows: Windows, payload: Mapping[str, Any], item: Message | Event) -> None:
    """Something came: if it can be answered, that is noted."""
    if isinstance(item, Message):
        at = item.timestamp.timestamp()
        windows.open(item.id, "msg_id", item.channel, at, quoted_as=index_of(payload.get("d")))
        return
    event_id, kind = payload.get("id"), payload.get("t")
    if item.channel is None or not isinstance(event_id, str) or not event_id or not isinstance(kind, str):
        return
    if kind.startswith(EVENTS[kind_of(item.channel)]):
        windows.open(event_id, "event_id", item.channel, item.timestamp.timestamp())


def index_of(data: Any) -> str:
    """What a message is quoted by in single chats and groups; empty when it does not say."""
    scene = data.get("message_scene") if isinstance(data, Mapping) else None
    ext = scene.get("ext") if isinstance(scene, Mapping) else None
    for entry in ext if isinstance(ext, list) else ():
        if isinstance(entry, str) and entry.startswith(_INDEX):
            return entry.removeprefix(_INDEX)
    return ""
