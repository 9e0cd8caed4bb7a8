"""A dispatched payload → Message or Event. Pure but for what is remembered in the `Identity`.

Source: bot.q.qq.com, "event subscription and notification", "message events", the pages of each event.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.base import Inbound
from imbridge.adapters.qq.received import events
from imbridge.adapters.qq.received.content import content_type, shown
from imbridge.adapters.qq.received.facts import id_of, moment
from imbridge.adapters.qq.received.happening import Happening
from imbridge.adapters.qq.received.identity import Identity
from imbridge.adapters.qq.received.mentions import Called
from imbridge.adapters.qq.received.quotes import indices, quote
from imbridge.adapters.qq.received.senders import DIRECT, PRIVATE, channel, sender
from imbridge.adapters.said import GAPS, joined, said
from imbridge.adapters.unexpected import NOT_AS_EXPECTED, digest
from imbridge.protocol import DecodeError, Element, Event, Mention, Message, UnknownEvent

__all__ = ["MESSAGES", "Identity", "decode", "unreadable"]

GROUP_CALL, GUILD_CALL = "GROUP_AT_MESSAGE_CREATE", "AT_MESSAGE_CREATE"
MESSAGES = frozenset({PRIVATE, GROUP_CALL, "GROUP_MESSAGE_CREATE", GUILD_CALL, "MESSAGE_CREATE", DIRECT})


def decode(payload: Mapping[str, Any], me: Identity) -> Inbound:
    """Read one payload.

    Raises:
        DecodeError: it lacks what every payload has.
    """
    kind, data = payload.get("t"), payload.get("d")
    if not isinstance(kind, str) or not kind or not isinstance(data, Mapping):
        raise DecodeError("a payload without t or d", payload)
    if kind in MESSAGES:
        return _message(kind, data, me)
    # In some payloads the id is left out; the whole of it, with its number, stands for it then.
    key = id_of(payload, "id") or digest(to_json(dict(payload)))
    event = _event(Happening(kind, key, data, me))
    own = id_of(data, "id") if kind == "INTERACTION_CREATE" else ""
    return Inbound(event, tuple(dict.fromkeys((key, *((own,) if own else ()), *events.keys(kind, data)))))


def unreadable(payload: Any, me: Identity) -> Inbound:
    """What cannot be read, passed on whole; its digest stands for the id it lacks."""
    key = digest(to_json(payload))
    event = UnknownEvent(id=key, platform="qq", account=me.account, timestamp=moment(None), payload=payload)
    return Inbound(event, (key,))


def _event(told: Happening) -> Event:
    reader = events.READERS.get(told.kind)
    if reader is not None:
        with suppress(*NOT_AS_EXPECTED):
            return reader(told)
    return told.make(UnknownEvent, kind=told.kind)


def _message(kind: str, data: Mapping[str, Any], me: Identity) -> Inbound:
    message_id = id_of(data, "id")
    if not message_id:
        raise DecodeError("a message without id", data)
    try:
        who = sender(kind, data, me)
        where = channel(kind, data, who, me)
    except ValueError as error:
        raise DecodeError(str(error), data) from None
    called = Called(kind, data, me)
    placed = shown(data, called)
    index, quoted = indices(data)
    me.references.note(index, message_id)
    answered = quote(data, quoted, called, me)
    text = said(placed)
    message = Message(
        id=message_id,
        channel=where,
        sender=who,
        elements=(*((answered,) if answered is not None else ()), *placed, *_others(kind, answered, placed, called)),
        content_type=content_type(placed),
        # What called us was taken off before it came; the space behind it was not.
        text=text if kind in (PRIVATE, DIRECT) else text.lstrip(GAPS),
        raw=joined(placed),
        reply_to=(answered.message_id or None) if answered is not None else None,
        timestamp=moment(data.get("timestamp")),
        payload=dict(data),
    )
    return Inbound(message, (message_id,))


def _others(kind: str, answered: Any, placed: tuple[Element, ...], called: Called) -> list[Element]:
    """Who is called in no place of the text: us, when the platform has taken that off or tells it by the event alone.

    A guild's message comes by the same event when it answers one of ours.
    """
    found = called.unplaced()
    if kind == GROUP_CALL or (kind == GUILD_CALL and answered is None):
        calls = (element for element in (*placed, *found) if isinstance(element, Mention))
        if not any(call.is_self for call in calls):
            found.append(called.ourselves())
    return found
