"""A frame's data → Message or Event. Pure but for one thing: what the robot is called is remembered in the `Identity`.

Source: open.dingtalk.com, "receive messages of a robot", "event list"; open-dingtalk.github.io, "stream protocol".
"""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.dingtalk.frames import CARDS, EVENT, Frame, parse_data
from imbridge.adapters.dingtalk.received.content import READERS
from imbridge.adapters.dingtalk.received.facts import Facts, Identity, digest, moment
from imbridge.protocol import DecodeError, Element, Message, Unknown, UnknownEvent

__all__ = ["Identity", "decode", "unreadable"]

_NOT_AS_EXPECTED = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading raises on something of a known kind that lacks what its kind should have. It is passed on whole."""


def decode(frame: Frame, me: Identity) -> Inbound:
    """Read one delivery of a stream connection.

    Raises:
        DecodeError: it lacks what every delivery of its kind has.
    """
    data = parse_data(frame.data)
    if frame.kind == EVENT:
        return decode_event(frame.headers, data, me)
    if frame.topic == CARDS:
        return decode_click(frame.message_id, data, me)
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
    reader = READERS.get(kind)
    elements: tuple[Element, ...]
    try:
        elements = reader(told) if reader is not None else _unknown(told, kind)
    except _NOT_AS_EXPECTED:
        elements = _unknown(told, kind)
    try:
        sender = told.sender
        channel = told.channel(sender)
    except ValueError as error:
        raise DecodeError(str(error), data) from None
    text = elements[0].as_text() if len(elements) == 1 else "".join(element.as_text() for element in elements)
    message = Message(
        id=told.key,
        channel=channel,
        sender=sender,
        elements=elements,
        content_type=kind,
        text=text,
        raw=text,
        timestamp=told.timestamp,
        payload=dict(data),
    )
    return Inbound(message, (message_id,))


def decode_event(headers: Mapping[str, Any], data: Mapping[str, Any], me: Identity) -> Inbound:
    """Read an event.

    Raises:
        DecodeError: it lacks what every event has.
    """
    event_id, kind = headers.get("eventId"), headers.get("eventType")
    if not isinstance(event_id, str) or not event_id or not isinstance(kind, str):
        raise DecodeError("an event without eventId or eventType", {"headers": dict(headers), "data": dict(data)})
    event = UnknownEvent(
        id=event_id,
        platform="dingtalk",
        account=me.account,
        timestamp=moment(headers.get("eventBornTime")),
        payload=dict(data),
        kind=kind,
    )
    return Inbound(event, (event_id,))


def decode_click(message_id: str, data: Mapping[str, Any], me: Identity) -> Inbound:
    """Read a click in a card."""
    event = UnknownEvent(
        id=message_id, platform="dingtalk", account=me.account, timestamp=moment(None), payload=dict(data), kind="card"
    )
    return Inbound(event, (message_id,))


def unreadable(payload: Any, raw: bytes, me: Identity) -> Inbound:
    """What cannot be read, passed on whole; its digest stands for the id it lacks."""
    key = digest(raw)
    event = UnknownEvent(id=key, platform="dingtalk", account=me.account, timestamp=moment(None), payload=payload)
    return Inbound(event, (key,))


def _unknown(told: Facts, kind: str) -> tuple[Unknown]:
    return (Unknown(kind=kind, payload=dict(told.data)),)
