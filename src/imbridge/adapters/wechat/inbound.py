"""A callback's XML → Message or Event. Pure.

Sources: developers.weixin.qq.com, doc/service/guide/product/message/Receiving_standard_messages.html and
Receiving_event_pushes.html.
"""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.card_seals import kind_of_click
from imbridge.adapters.unexpected import digest
from imbridge.adapters.wechat.received import content, events
from imbridge.adapters.wechat.received.clicks import clicked
from imbridge.adapters.wechat.received.facts import Facts, Identity, private
from imbridge.adapters.xml_callback import kind_and_key, read
from imbridge.protocol import Event, Message, Sender, Unknown, UnknownEvent

__all__ = ["Identity", "can_be_answered", "decode", "unreadable"]


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
    if kind == "event":
        return Inbound(_event(told), (key,))
    menu = told.text("bizmsgmenuid")
    if kind == "text" and menu:
        facts = clicked(menu, me.seals, told.text("FromUserName"))
        return Inbound(told.make(kind_of_click(facts), **facts), (key,))
    return Inbound(_message(told, kind), (key,))


def can_be_answered(item: Message | Event) -> bool:
    """Whether what is answered to the callback is shown to somebody."""
    if isinstance(item, Message):
        return True
    kind = item.payload.get("Event") if isinstance(item.payload, Mapping) else None
    return item.channel is not None and str(kind or "").lower() not in events.NOT_ANSWERED


def unreadable(payload: Any, raw: bytes, me: Identity) -> Inbound:
    """What cannot be read, passed on whole; its digest stands for the id it lacks."""
    told = Facts({}, me, digest(raw))
    return Inbound(told.make(UnknownEvent, payload=payload), (told.key,))


def _message(told: Facts, kind: str) -> Message:
    elements = read(content.READERS.get(kind), told)
    if elements is None:
        elements = (Unknown(kind=kind, payload=dict(told.fields)),)
    sender = told.text("FromUserName")
    return told.message(kind, elements, private(told.me.account, sender), Sender(id=sender))


def _event(told: Facts) -> Event:
    kind = told.text("Event")
    return read(events.READERS.get(kind.lower()), told) or told.make(UnknownEvent, kind=kind)
