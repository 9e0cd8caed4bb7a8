"""What of all that comes can be answered.

Source: bot.q.qq.com, "sending messages": messages, by `msg_id`; and some events, by `event_id`.
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


def note_inbound(windows: Windows, payload: Mapping[str, Any], item: Message | Event) -> None:
    """Something came: if it can be answered, that is noted."""
    if isinstance(item, Message):
        windows.open(item.id, "msg_id", item.channel, item.timestamp.timestamp())
        return
    event_id, kind = payload.get("id"), payload.get("t")
    if item.channel is None or not isinstance(event_id, str) or not event_id or not isinstance(kind, str):
        return
    if kind.startswith(EVENTS[kind_of(item.channel)]):
        windows.open(event_id, "event_id", item.channel, item.timestamp.timestamp())
