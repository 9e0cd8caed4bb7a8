"""Wire payload → Message or Event. Pure but for one thing: what sort of chat each is, is remembered in the `Identity`.

Event shapes: open.feishu.cn, server docs of im-v1 events (`im.message.receive_v1` and its neighbours). There are two
schemas: 2.0 with a `header`, and an older one, `event_callback`, in which some events come to this day.
"""

import hashlib
import time
from functools import lru_cache, partial
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.feishu.received import events, old_events
from imbridge.adapters.feishu.received.clicks import old_button_clicked
from imbridge.adapters.feishu.received.content import read_content
from imbridge.adapters.feishu.received.facts import Facts
from imbridge.adapters.feishu.received.identity import Identity, sender
from imbridge.adapters.feishu.received.mentions import MentionTable
from imbridge.adapters.feishu.received.moments import moment, moment_or_now
from imbridge.adapters.feishu.received.old_messages import old_message
from imbridge.adapters.unexpected import NOT_AS_EXPECTED
from imbridge.protocol import Channel, ChannelKind, DecodeError, Event, UnknownEvent
from imbridge.protocol import Message as ChatMessage
from imbridge.protocol.message import utc
from imbridge.protocol.model import assembled

__all__ = ["MESSAGE", "OLD_MESSAGE", "Identity", "decode", "unreadable"]

MESSAGE, OLD_MESSAGE = "im.message.receive_v1", "message"
_NOBODY = MentionTable()


def decode(payload: Any, me: Identity) -> Inbound:
    """Read one event, of either schema.

    Args:
        payload: Its parsed JSON.
        me: Who receives it.

    Raises:
        DecodeError: it lacks what every event has; the payload is kept in it.
    """
    header = payload.get("header") if isinstance(payload, dict) else None
    event = payload.get("event") if isinstance(payload, dict) else None
    if not isinstance(header, dict) or not isinstance(event, dict):
        return _decode_old(payload, event, me)
    kind, event_id = header.get("event_type"), header.get("event_id")
    if not isinstance(kind, str) or not isinstance(event_id, str) or not event_id:
        raise DecodeError("an event without event_type or event_id", payload)
    if kind == MESSAGE:
        try:
            message = _message(event, me, payload)
        except NOT_AS_EXPECTED:
            pass
        else:
            return Inbound(message, (event_id, _message_key(message, event["message"])))
    told = Facts(event_id, kind, moment_or_now(header.get("create_time")), event, payload, me)
    return Inbound(_event(told, events.READERS), (event_id,))


def _decode_old(payload: Any, event: Any, me: Identity) -> Inbound:
    """An event of the older schema, or the older callback of a card, which has no event at all."""
    if isinstance(payload, dict) and isinstance(payload.get("action"), dict) and event is None:
        return _decode_old_click(payload, me)
    event_id = payload.get("uuid") if isinstance(payload, dict) else None
    kind = event.get("type") if isinstance(event, dict) else None
    if not isinstance(kind, str) or not isinstance(event_id, str) or not event_id:
        raise DecodeError("not an event: neither a header (schema 2.0) nor a type and uuid (the older one)", payload)
    if kind == OLD_MESSAGE:
        try:
            message = old_message(event, payload.get("ts"), me, payload)
        except NOT_AS_EXPECTED:
            pass
        else:
            return Inbound(message, (event_id, message.id))
    told = Facts(event_id, kind, moment_or_now(payload.get("ts")), event, payload, me)
    return Inbound(_event(told, old_events.READERS), (event_id,))


def _decode_old_click(payload: dict[str, Any], me: Identity) -> Inbound:
    """It has no id and no time. Its token is new for each click; as it lets the card be changed, it is not shown."""
    token = payload.get("token")
    if not isinstance(token, str) or not token:
        raise DecodeError("a click without its token", payload)
    digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:32]
    told = Facts(digest, "card.action", moment_or_now(None), payload, payload, me)
    return Inbound(_event(told, {"card.action": old_button_clicked}), (digest,))


def _event(told: Facts, readers: dict[str, events.Reader]) -> Event:
    reader = readers.get(told.kind)
    if reader is not None:
        try:
            return reader(told)
        except NOT_AS_EXPECTED:
            pass
    return told.make(UnknownEvent, kind=told.kind)


def unreadable(payload: Any, raw: bytes, me: Identity) -> Inbound:
    """What is no event we can read, passed on whole; its digest stands for the id it lacks."""
    digest = hashlib.sha256(raw).hexdigest()[:32]
    event = UnknownEvent(
        id=digest, platform="feishu", account=me.account, timestamp=utc(time.time() * 1000), payload=payload
    )
    return Inbound(event, (digest,))


# -- messages ----------------------------------------------------------------------------------------------------------


def _message(event: dict[str, Any], me: Identity, payload: Any) -> ChatMessage:
    wire = event["message"]
    message_id, chat_id, kind = wire["message_id"], wire["chat_id"], wire["message_type"]
    if not (isinstance(message_id, str) and message_id and isinstance(chat_id, str) and chat_id):
        raise ValueError("a message without message_id or chat_id")
    where = me.kind_of(chat_id, wire.get("chat_type"))
    channel = _conversation(me.account, where, chat_id, wire.get("thread_id") or None)
    wanted = wire.get("mentions")
    # Nearly all messages are texts that mention nobody.
    mentions = MentionTable(wanted or (), me.bot_id) if wanted or kind != "text" else _NOBODY
    content = read_content(kind, wire.get("content"), mentions, me.locale)
    edited = _is_edited(wire)
    parent = wire.get("parent_id") or None
    if parent is not None and not isinstance(parent, str):
        raise ValueError("a parent_id that is no text")
    # What a text is made of was looked at on the way here; other kinds have readers that pass on what they find.
    made = partial(assembled, ChatMessage) if kind == "text" else ChatMessage
    return made(
        id=message_id,
        channel=channel,
        sender=sender(event["sender"].get("sender_id"), me, kind=event["sender"].get("sender_type")),
        elements=content.elements,
        content_type=content.kind,
        text=content.text_after_own_mention,
        raw=content.text,
        reply_to=parent,
        timestamp=moment(wire["update_time"] if edited else wire["create_time"]),
        payload=payload,
        edited=edited,
    )


def _is_edited(wire: dict[str, Any]) -> bool:
    """It was changed after it was sent: the platform has no event for that, but tells the time of the last change."""
    created, updated = wire["create_time"], wire.get("update_time")
    return updated != created and updated not in (None, "", "0", 0) and moment(updated) > moment(created)


def _message_key(message: ChatMessage, wire: dict[str, Any]) -> str:
    """What a repetition of the same message has in common with it; a changed version of it is another one."""
    return f"{message.id}@{wire['update_time']}" if message.edited else message.id


@lru_cache(maxsize=10_000)
def _conversation(account: str, kind: ChannelKind, chat_id: str, thread: str | None) -> Channel:
    """A chat as a channel. The same one for each of its messages: it is frozen, and it knows its address already."""
    return Channel(platform="feishu", account=account, kind=kind, id=chat_id, thread=thread)
