"""A callback's JSON → Message or Event. Pure.

Source: developer.work.weixin.qq.com, "receive messages" (path/100719) and "receive events" (path/101027).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.base import Inbound
from imbridge.adapters.said import said, typed
from imbridge.adapters.unexpected import NOT_AS_EXPECTED, digest
from imbridge.adapters.wecom.bot.content import Content, content_type
from imbridge.adapters.wecom.bot.events import READERS
from imbridge.adapters.wecom.bot.facts import BotFacts, BotIdentity
from imbridge.protocol import DecodeError, Element, Event, Mention, Message, Unknown, UnknownEvent


@dataclass(slots=True)
class Received:
    """A decoded callback.

    Attributes:
        inbound: For the inbox.
        media: Where the media in it are: address and AES key (empty over callbacks), by the keys of the elements.
        response_url: Where it can be answered once, within the hour; empty when nowhere.
    """

    inbound: Inbound
    media: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    response_url: str = field(default="", repr=False)


def decode(body: Mapping[str, Any], me: BotIdentity) -> Received:
    """Read one callback.

    Args:
        body: Its JSON: a frame's body, or a decrypted callback.
        me: Who receives it.

    Raises:
        DecodeError: it lacks what every callback has.
    """
    kind = body.get("msgtype")
    if not isinstance(kind, str) or not kind:
        raise DecodeError("a callback without msgtype", body)
    msgid = body.get("msgid")
    url = body.get("response_url")
    url = url if isinstance(url, str) else ""
    if kind == "event":
        known = isinstance(msgid, str) and msgid != ""
        told = BotFacts(body, me, str(msgid) if known else digest(to_json(dict(body))))
        return Received(Inbound(_event(told), (told.key,)), response_url=url)
    if not isinstance(msgid, str) or not msgid:
        raise DecodeError("a message without msgid", body)
    told = BotFacts(body, me, msgid)
    message, media = _message(told, kind)
    return Received(Inbound(message, (msgid,)), media, url)


def unreadable(payload: Any, content: bytes, me: BotIdentity) -> Received:
    """What cannot be read, passed on whole; its digest stands for the id it lacks."""
    told = BotFacts({}, me, digest(content))
    return Received(Inbound(told.make(UnknownEvent, payload=payload), (told.key,)))


def _message(told: BotFacts, kind: str) -> tuple[Message, dict[str, tuple[str, str]]]:
    sender, channel = told.actor, told.channel
    if sender is None or channel is None:
        raise DecodeError("a message from nobody", told.body)
    content = Content(told)
    elements: tuple[Element, ...] | None = None
    with suppress(*NOT_AS_EXPECTED):
        elements = content.elements(kind)
    if elements is None:
        content.media.clear()
        elements = (Unknown(kind=kind, payload=dict(told.body)),)
    if told.text("chattype") == "group" and not any(isinstance(one, Mention) for one in elements):
        # Bots hear only what calls them; where the call stands in the text is not told.
        elements = (*elements, Mention(id=told.me.bot_id, name=told.me.name, is_self=True, is_bot=True))
        shown = elements[:-1]
    else:
        shown = elements
    message = Message(
        id=told.key,
        channel=channel,
        sender=sender,
        elements=elements,
        content_type=content_type(kind, shown),
        text=said(shown),
        raw=typed(shown),
        timestamp=told.timestamp,
        payload=dict(told.body),
    )
    return message, content.media


def _event(told: BotFacts) -> Event:
    event = told.body.get("event")
    kind = event.get("eventtype") if isinstance(event, dict) else None
    kind = kind if isinstance(kind, str) else ""
    reader = READERS.get(kind)
    if reader is not None and isinstance(event, dict):
        with suppress(*NOT_AS_EXPECTED):
            return reader(told, event)
    return told.make(UnknownEvent, kind=kind)
