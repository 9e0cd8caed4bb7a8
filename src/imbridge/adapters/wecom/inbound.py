"""A callback's XML → Message or Event. Pure.

Source: developer.work.weixin.qq.com, "message format" (path/90239) and "event format" (path/90240).
"""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.unexpected import digest
from imbridge.adapters.wecom.received import content, events
from imbridge.adapters.wecom.received.facts import Facts, Identity, member, private
from imbridge.adapters.xml_callback import kind_and_key, read
from imbridge.protocol import Event, Message, Unknown, UnknownEvent

__all__ = ["Identity", "decode", "unreadable"]


def decode(fields: Mapping[str, Any], me: Identity) -> Inbound:
    """Read one callback.

    Args:
        fields: Its XML, as `read_xml` gives it.
        me: Who receives it.

    Raises:
        DecodeError: it lacks what every callback has.
    """
    kind, key = kind_and_key(fields)
    told = Facts(fields, me, key)
    return Inbound(_event(told) if kind == "event" else _message(told, kind), (key,))


def unreadable(payload: Any, raw: bytes, me: Identity) -> Inbound:
    """What cannot be read, passed on whole; its digest stands for the id it lacks."""
    told = Facts({}, me, digest(raw))
    return Inbound(told.make(UnknownEvent, payload=payload), (told.key,))


def _message(told: Facts, kind: str) -> Message:
    elements = read(content.READERS.get(kind), told)
    if elements is None:
        elements = (Unknown(kind=kind, payload=dict(told.fields)),)
    sender = told.text("FromUserName")
    return told.message(kind, elements, private(told.me.account, sender), member(sender))


def _event(told: Facts) -> Event:
    reader = events.READERS.get(told.text("Event").lower())
    return read(reader, told) or told.make(UnknownEvent, kind=events.kind_of(told))
