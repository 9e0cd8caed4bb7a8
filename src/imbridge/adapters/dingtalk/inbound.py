"""A frame's data → Message or Event. Pure but for one thing: whose a private chat is, is remembered in the `Identity`.

Source: open.dingtalk.com, "receive messages of a robot", "event list", "event callback of cards";
open-dingtalk.github.io, "stream protocol".
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.dingtalk.frames import CARDS, EVENT, Frame, parse_data
from imbridge.adapters.dingtalk.received import content, events
from imbridge.adapters.dingtalk.received.clicks import button_clicked
from imbridge.adapters.dingtalk.received.facts import Facts, moment
from imbridge.adapters.dingtalk.received.happening import Happening
from imbridge.adapters.dingtalk.received.identity import Identity
from imbridge.adapters.dingtalk.received.mentions import with_mentions
from imbridge.adapters.dingtalk.received.quotes import quote
from imbridge.adapters.said import joined, said
from imbridge.adapters.unexpected import NOT_AS_EXPECTED, digest
from imbridge.protocol import DecodeError, Element, Event, Message, Quote, UnknownEvent

__all__ = ["Identity", "decode", "decode_click", "decode_event", "decode_message", "unreadable"]


def decode(frame: Frame, me: Identity) -> Inbound:
    """Read one delivery of a stream connection.

    Raises:
        DecodeError: it lacks what every delivery of its kind has.
    """
    data = parse_data(frame.data)
    if frame.kind == EVENT:
        return decode_event(frame.headers, data, me)
    if frame.topic == CARDS:
        return decode_click(frame.message_id, data, me, frame.headers.get("time"))
    return decode_message(data, me)


def decode_message(data: Mapping[str, Any], me: Identity) -> Inbound:
    """Read a robot message.

    Raises:
        DecodeError: it lacks what every message has.
    """
    message_id, kind = data.get("msgId"), data.get("msgtype")
    if not isinstance(message_id, str) or not message_id or not isinstance(kind, str):
        raise DecodeError("a message without msgId or msgtype", data)
    told = Facts(data, me, message_id)
    if robot := told.text("chatbotUserId"):
        me.user_id = robot
    try:
        sender = told.sender
        channel = told.channel(sender)
    except ValueError as error:
        raise DecodeError(str(error), data) from None
    shown = _shown(told, kind)
    placed, unplaced = with_mentions(told, shown)
    quoted = _quote(told)
    text = said(placed)
    message = Message(
        id=message_id,
        channel=channel,
        sender=sender,
        elements=(*((quoted,) if quoted is not None else ()), *placed, *unplaced),
        content_type=content.content_type(kind, shown),
        # In a group a text begins with the space that was left of the call.
        text=text.lstrip() if told.in_group else text,
        raw=joined(placed),
        reply_to=(quoted.message_id or None) if quoted is not None else None,
        timestamp=told.timestamp,
        payload=dict(data),
    )
    return Inbound(message, (message_id,))


def _shown(told: Facts, kind: str) -> tuple[Element, ...]:
    reader = content.READERS.get(kind)
    if reader is not None:
        with suppress(*NOT_AS_EXPECTED):
            return reader(told)
    return content.unknown(told, kind)


def _quote(told: Facts) -> Quote | None:
    try:
        return quote(told)
    except NOT_AS_EXPECTED:
        return Quote(message_id=told.text("originalMsgId"))


def decode_event(headers: Mapping[str, Any], data: Mapping[str, Any], me: Identity) -> Inbound:
    """Read an event.

    Args:
        headers: The frame's; over HTTP, where id and kind stand in the data (`eventId`, `EventType`), nothing.
        data: The event.
        me: Who receives it.

    Raises:
        DecodeError: it lacks what every event has.
    """
    event_id, kind = headers.get("eventId", data.get("eventId")), headers.get("eventType", data.get("EventType"))
    if not isinstance(event_id, str) or not event_id or not isinstance(kind, str):
        raise DecodeError("an event without eventId or eventType", {"headers": dict(headers), "data": dict(data)})
    return Inbound(_event(Happening(headers, data, me, event_id, kind)), (event_id,))


def _event(told: Happening) -> Event:
    reader = events.READERS.get(told.kind)
    if reader is not None:
        with suppress(*NOT_AS_EXPECTED):
            return reader(told)
    return told.make(UnknownEvent, kind=told.kind)


def decode_click(message_id: str, data: Mapping[str, Any], me: Identity, at: Any = None) -> Inbound:
    """Read a click in a card.

    Args:
        message_id: The frame's, which tells it from all others.
        data: The callback.
        me: Who receives it.
        at: When it came, in milliseconds since 1970.
    """
    when = moment(at)
    try:
        event = button_clicked(message_id, data, me, when)
    except NOT_AS_EXPECTED:
        event = UnknownEvent(
            id=message_id, platform="dingtalk", account=me.account, timestamp=when, payload=dict(data), kind="card"
        )
    return Inbound(event, (message_id,))


def unreadable(payload: Any, raw: bytes, me: Identity) -> Inbound:
    """What cannot be read, passed on whole; its digest stands for the id it lacks."""
    key = digest(raw)
    event = UnknownEvent(id=key, platform="dingtalk", account=me.account, timestamp=moment(None), payload=payload)
    return Inbound(event, (key,))
