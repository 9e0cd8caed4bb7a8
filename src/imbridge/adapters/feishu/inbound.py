"""Wire payload → Message or Event. Pure: no I/O, so that real payloads make golden tests.

Event shapes: open.feishu.cn, server docs of im-v1 events (`im.message.receive_v1` and its neighbours).
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.feishu.content import MentionTable, read_content
from imbridge.protocol import (
    BotAdded,
    BotRemoved,
    Channel,
    ChannelKind,
    ChatOpened,
    DecodeError,
    Event,
    MessageRead,
    MessageRecalled,
    ReactionAdded,
    ReactionRemoved,
    Sender,
    UnknownEvent,
)
from imbridge.protocol import Message as ChatMessage
from imbridge.protocol.message import utc

_KINDS = {"p2p": ChannelKind.PRIVATE, "group": ChannelKind.GROUP, "topic_group": ChannelKind.GROUP}


@dataclass(slots=True)
class Identity:
    """Who we are: needed to tell our own messages and mentions from others'.

    Attributes:
        account: Name of the account.
        app_id: Of the app.
        bot_id: The bot's open_id; empty until the platform told it.
        bot_name: Its name; for logs only, anybody may have the same.
    """

    account: str
    app_id: str
    bot_id: str = ""
    bot_name: str = ""


def decode(payload: Any, me: Identity) -> Inbound:
    """Read one event.

    Args:
        payload: Its parsed JSON.
        me: Who receives it.

    Raises:
        DecodeError: it lacks what every event has; the payload is kept in it.
    """
    header = payload.get("header") if isinstance(payload, dict) else None
    event = payload.get("event") if isinstance(payload, dict) else None
    if not isinstance(header, dict) or not isinstance(event, dict):
        raise DecodeError("not an event of schema 2.0: no header or no event", payload)
    kind, event_id = header.get("event_type"), header.get("event_id")
    if not isinstance(kind, str) or not isinstance(event_id, str) or not event_id:
        raise DecodeError("an event without event_type or event_id", payload)
    try:
        if kind == "im.message.receive_v1":
            message = _message(event, me, payload)
            return Inbound(message, (event_id, message.id))
        reader = _EVENTS.get(kind)
        return Inbound(
            reader(_common(header, event, me, payload), event) if reader else _unknown(header, event, me, payload),
            (event_id,),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        # An event of a known kind that lacks what its kind should have. It is passed on whole, not dropped:
        # the platform may have changed, and a handler for unknown events can still use it.
        return Inbound(_unknown(header, event, me, payload), (event_id,))


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
    table = MentionTable(wire.get("mentions") or (), me.bot_id)
    content = read_content(kind, wire.get("content"), table)
    return ChatMessage(
        id=message_id,
        channel=_conversation(me.account, str(wire.get("chat_type")), chat_id, wire.get("thread_id") or None),
        sender=_sender(event["sender"].get("sender_id"), me, kind=event["sender"].get("sender_type")),
        elements=content.elements,
        content_type=content.kind,
        text=content.text_after_own_mention,
        raw=content.text,
        reply_to=wire.get("parent_id") or None,
        timestamp=utc(int(wire["create_time"])),
        payload=payload,
    )


@lru_cache(maxsize=10_000)
def _conversation(account: str, chat_type: str, chat_id: str, thread: str | None) -> Channel:
    """A chat as a channel. The same one for each of its messages: it is frozen, and it knows its address already."""
    kind = _KINDS.get(chat_type, ChannelKind.GROUP)
    return Channel(platform="feishu", account=account, kind=kind, id=chat_id, thread=thread)


def _sender(ids: Any, me: Identity, *, kind: Any = "user") -> Sender:
    known = {name: value for name, value in ids.items() if isinstance(value, str) and value} if ids else {}
    chosen = known.pop("open_id", None)
    if chosen is None:
        chosen = next(iter(known.values()), "")
    is_self = chosen != "" and chosen in (me.bot_id, me.app_id)
    return Sender(id=chosen, ids=known, is_bot=is_self or kind in ("app", "bot"), is_self=is_self)


# -- events ------------------------------------------------------------------------------------------------------------

_Common = dict[str, Any]


def _common(header: dict[str, Any], event: dict[str, Any], me: Identity, payload: Any) -> _Common:
    chat_id = event.get("chat_id")
    return {
        "id": header["event_id"],
        "platform": "feishu",
        "account": me.account,
        "channel": _channel(chat_id, event, me) if isinstance(chat_id, str) and chat_id else None,
        "actor": _actor(event, me),
        "timestamp": _time(header.get("create_time")),
        "payload": payload,
    }


def _actor(event: dict[str, Any], me: Identity) -> Sender | None:
    """Who caused an event: a person by their ids, an app by its app_id."""
    ids = event.get("operator_id") or event.get("user_id") or (event.get("reader") or {}).get("reader_id")
    if isinstance(ids, dict):
        return _sender(ids, me)
    app_id = event.get("app_id")
    if event.get("operator_type") == "app" and isinstance(app_id, str):
        return Sender(id=app_id, is_bot=True, is_self=app_id == me.app_id)
    return None


def _channel(chat_id: str, event: dict[str, Any], me: Identity) -> Channel:
    kind = _KINDS.get(event.get("chat_type", ""), ChannelKind.GROUP)
    name = event.get("name")
    return Channel(
        platform="feishu", account=me.account, kind=kind, id=chat_id, name=name if isinstance(name, str) else None
    )


def _time(value: Any) -> datetime:
    """An event's own time; now, where it has none that can be read (it then counts as fresh)."""
    try:
        return utc(int(value))
    except (TypeError, ValueError, OverflowError):
        return datetime.now(UTC)


def _unknown(header: dict[str, Any], event: dict[str, Any], me: Identity, payload: Any) -> UnknownEvent:
    return UnknownEvent(
        id=header["event_id"],
        platform="feishu",
        account=me.account,
        timestamp=_time(header.get("create_time")),
        payload=payload,
        kind=header["event_type"],
    )


def _recalled(common: _Common, event: dict[str, Any]) -> Event:
    return MessageRecalled(**common, message_id=event["message_id"])


def _read(common: _Common, event: dict[str, Any]) -> Event:
    return MessageRead(**common, message_ids=tuple(event["message_id_list"]))


def _reaction_added(common: _Common, event: dict[str, Any]) -> Event:
    return ReactionAdded(**common, message_id=event["message_id"], emoji=event["reaction_type"]["emoji_type"])


def _reaction_removed(common: _Common, event: dict[str, Any]) -> Event:
    return ReactionRemoved(**common, message_id=event["message_id"], emoji=event["reaction_type"]["emoji_type"])


def _bot_added(common: _Common, event: dict[str, Any]) -> Event:
    return BotAdded(**common)


def _bot_removed(common: _Common, event: dict[str, Any]) -> Event:
    return BotRemoved(**common)


def _chat_opened(common: _Common, event: dict[str, Any]) -> Event:
    channel = common["channel"]
    private = None if channel is None else channel.model_copy(update={"kind": ChannelKind.PRIVATE})
    return ChatOpened(**{**common, "channel": private})


_EVENTS: dict[str, Callable[[_Common, dict[str, Any]], Event]] = {
    "im.message.recalled_v1": _recalled,
    "im.message.message_read_v1": _read,
    "im.message.reaction.created_v1": _reaction_added,
    "im.message.reaction.deleted_v1": _reaction_removed,
    "im.chat.member.bot.added_v1": _bot_added,
    "im.chat.member.bot.deleted_v1": _bot_removed,
    "im.chat.access_event.bot_p2p_chat_entered_v1": _chat_opened,
}
