"""A callback's XML → Message or Event. Pure.

Source: developer.work.weixin.qq.com, "message format" (path/90239) and "event format" (path/90240).
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.base import Inbound
from imbridge.adapters.wecom.received import content, events
from imbridge.adapters.wecom.received.facts import Facts, Identity, digest, member, private
from imbridge.protocol import DecodeError, Event, Message, Unknown, UnknownEvent

__all__ = ["Identity", "decode", "unreadable"]

_NOT_AS_EXPECTED = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading raises on something of a known kind that lacks what its kind should have. It is passed on whole."""


def decode(fields: Mapping[str, Any], me: Identity) -> Inbound:
    """Read one callback.

    Args:
        fields: Its XML, as `read_xml` gives it.
        me: Who receives it.

    Raises:
        DecodeError: it lacks what every callback has.
    """
    kind = fields.get("MsgType")
    if not isinstance(kind, str) or not kind:
        raise DecodeError("a callback without MsgType", fields)
    if kind == "event":
        told = Facts(fields, me, event_key(fields))
        return Inbound(_event(told), (told.key,))
    message_id = fields.get("MsgId")
    if not isinstance(message_id, str) or not message_id:
        raise DecodeError("a message without MsgId", fields)
    told = Facts(fields, me, message_id)
    return Inbound(_message(told, kind), (message_id,))


def event_key(fields: Mapping[str, Any]) -> str:
    """What a repetition of an event has in common with it, and two events of one second have not: all that it says.

    The platform's own advice, sender and time, takes two approvals of one second for one.
    """
    return digest(to_json(dict(fields)))


def unreadable(payload: Any, raw: bytes, me: Identity) -> Inbound:
    """What cannot be read, passed on whole; its digest stands for the id it lacks."""
    told = Facts({}, me, digest(raw))
    return Inbound(told.make(UnknownEvent, payload=payload), (told.key,))


def _message(told: Facts, kind: str) -> Message:
    reader = content.READERS.get(kind)
    try:
        elements: tuple[Any, ...] = reader(told) if reader is not None else _unknown(told, kind)
    except _NOT_AS_EXPECTED:
        elements = _unknown(told, kind)
    sender = told.text("FromUserName")
    if not sender:
        raise DecodeError("a message from nobody", told.fields)
    text = elements[0].as_text() if len(elements) == 1 else "".join(element.as_text() for element in elements)
    return Message(
        id=told.key,
        channel=private(told.me.account, sender),
        sender=member(sender),
        elements=elements,
        content_type=content.content_type(kind, elements),
        text=text,
        raw=text,
        timestamp=told.timestamp,
        payload=dict(told.fields),
    )


def _unknown(told: Facts, kind: str) -> tuple[Unknown]:
    return (Unknown(kind=kind, payload=dict(told.fields)),)


def _event(told: Facts) -> Event:
    kind = told.text("Event")
    reader = events.READERS.get(kind.lower())
    if reader is not None:
        with suppress(*_NOT_AS_EXPECTED):
            return reader(told)
    return told.make(UnknownEvent, kind=events.kind_of(told))
