"""A dispatched payload → Message or Event. Pure.

Source: bot.q.qq.com, "message events" and "events of groups and single chats".
"""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.base import Inbound
from imbridge.adapters.qq.api import DIRECT
from imbridge.adapters.qq.received.facts import Identity, digest, moment, text_of
from imbridge.protocol import Channel, ChannelKind, DecodeError, Message, Sender, Text, UnknownEvent

__all__ = ["Identity", "decode", "unreadable"]

MESSAGES = frozenset(
    {"C2C_MESSAGE_CREATE", "GROUP_AT_MESSAGE_CREATE", "GROUP_MESSAGE_CREATE", "AT_MESSAGE_CREATE", "MESSAGE_CREATE",
     "DIRECT_MESSAGE_CREATE"}
)  # fmt: skip


def decode(payload: Mapping[str, Any], me: Identity) -> Inbound:
    """Read one payload.

    Raises:
        DecodeError: it lacks what every payload has.
    """
    kind, data = payload.get("t"), payload.get("d")
    if not isinstance(kind, str) or not isinstance(data, Mapping):
        raise DecodeError("a payload without t or d", payload)
    if kind in MESSAGES:
        return _message(kind, data, me)
    key = text_of(payload, "id") or digest(to_json(dict(data)))
    event = UnknownEvent(
        id=key,
        platform="qq",
        account=me.account,
        timestamp=moment(data.get("timestamp")),
        payload=dict(data),
        kind=kind,
    )
    return Inbound(event, (key,))


def unreadable(payload: Any, me: Identity) -> Inbound:
    """What cannot be read, passed on whole; its digest stands for the id it lacks."""
    key = digest(to_json(payload))
    event = UnknownEvent(id=key, platform="qq", account=me.account, timestamp=moment(None), payload=payload)
    return Inbound(event, (key,))


def _message(kind: str, data: Mapping[str, Any], me: Identity) -> Inbound:
    message_id, author = text_of(data, "id"), data.get("author")
    if not message_id or not isinstance(author, Mapping):
        raise DecodeError("a message without id or author", data)
    sender = _sender(author, me)
    text = text_of(data, "content")
    message = Message(
        id=message_id,
        channel=_channel(kind, data, sender, me),
        sender=sender,
        elements=(Text(text),) if text else (),
        content_type="text",
        text=text.strip() if kind != "C2C_MESSAGE_CREATE" else text,
        raw=text,
        timestamp=moment(data.get("timestamp")),
        payload=dict(data),
    )
    return Inbound(message, (message_id,))


def _sender(author: Mapping[str, Any], me: Identity) -> Sender:
    names = ("user_openid", "member_openid", "id")
    identity = next((value for name in names if (value := text_of(author, name))), "")
    if not identity:
        raise DecodeError("a message from nobody", author)
    ids = {name: text_of(author, name) for name in (*names, "union_openid") if text_of(author, name)}
    return Sender(
        id=identity,
        ids=ids,
        name=text_of(author, "username") or None,
        is_bot=author.get("bot") is True,
        is_self=bool(me.bot_id) and identity == me.bot_id,
    )


def _channel(kind: str, data: Mapping[str, Any], sender: Sender, me: Identity) -> Channel:
    if kind == "C2C_MESSAGE_CREATE":
        return me.channel(ChannelKind.PRIVATE, sender.id)
    if kind.startswith("GROUP_"):
        where, identity = ChannelKind.GROUP, text_of(data, "group_openid") or text_of(data, "group_id")
    elif kind == "DIRECT_MESSAGE_CREATE":
        where, identity = ChannelKind.PRIVATE, text_of(data, "guild_id")
        identity = identity and DIRECT + identity
    else:
        where, identity = ChannelKind.GUILD, text_of(data, "channel_id")
    if not identity:
        raise DecodeError("a message from nowhere", data)
    return me.channel(where, identity)
