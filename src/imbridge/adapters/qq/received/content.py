"""What a message holds.

Source: bot.q.qq.com, "message events" and "message objects". `message_type` (0 text, 3 a card, 101 several messages at
once, 102 messages that were forwarded together, 103 one that quotes another, or a bundle) is as clients have seen it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from imbridge.adapters.qq.received.arks import arks, embeds, shared
from imbridge.adapters.qq.received.attachments import media
from imbridge.adapters.qq.received.facts import fields, items, text_of, whole
from imbridge.adapters.qq.received.mentions import Called
from imbridge.adapters.qq.received.records import forward
from imbridge.adapters.qq.received.rendered import Rendered
from imbridge.adapters.qq.received.tags import elements
from imbridge.protocol import Element, Emoji, Markdown, Mention, MentionAll, Notice, Quote, Text, Unknown

CARD, SEVERAL, RECORD, QUOTE = 3, 101, 102, 103
_PASSING = "ref_msg_idx=TMP_"
_CARD = "[卡片消息]"
_UNREAD = {CARD: "ark", SEVERAL: "several", RECORD: "forward"}
_TEXTS = (Text, Markdown, Mention, MentionAll, Emoji)
_AGAIN = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading raises on something that lacks what its kind should have. It is passed on whole."""


def shown(data: Mapping[str, Any], called: Called) -> tuple[Element, ...]:
    """The elements of a message, in order; what is not understood is kept whole."""
    found = _said(data, called)
    if data.keys() & _MORE:
        for read in _READERS:
            with suppress(*_AGAIN):
                found += read(data)
                continue
            found.append(Unknown(kind=read.__name__, payload=dict(data)))
    if found:
        return tuple(found)
    if not isinstance(data.get("content", ""), str | None):
        return (Unknown(kind="content", payload=dict(data)),)
    kind = whole(data.get("message_type"))
    if kind in (None, 0, QUOTE):
        return ()
    return (
        Unknown(kind={CARD: "ark", SEVERAL: "several", RECORD: "forward"}.get(kind, str(kind)), payload=dict(data)),
    )


def _said(data: Mapping[str, Any], called: Called) -> list[Element]:
    """What its text holds, if that is not the platform's own words for something that is there itself."""
    content, kind = text_of(data, "content"), data.get("message_type")
    if kind == CARD and content.startswith(_CARD):
        return [] if fields(data, "ark_data") else [Notice(kind="ark", text=content)]
    if kind in (SEVERAL, RECORD):
        written = Rendered(content)
        if written.messages:
            return [written.forward()]
    return [*elements(content, called)]


def _attachments(data: Mapping[str, Any]) -> Iterator[Element]:
    return media(data.get("attachments"))


def _markdown(data: Mapping[str, Any]) -> Iterator[Element]:
    markdown = data.get("markdown")
    text = markdown if isinstance(markdown, str) else text_of(fields(data, "markdown"), "content")
    if text:
        yield Markdown(text)


def _forwarded(data: Mapping[str, Any]) -> Iterator[Element]:
    kind, entries = whole(data.get("message_type")), items(data, "msg_elements")
    bundle = kind in (SEVERAL, RECORD) and not Rendered(text_of(data, "content")).messages
    if entries and (bundle or is_record(data)):
        yield forward(entries)


def is_record(data: Mapping[str, Any]) -> bool:
    """Whether what a message seems to quote is a bundle: it refers to nothing that lasts."""
    ext = fields(data, "message_scene").get("ext")
    return isinstance(ext, list) and any(isinstance(one, str) and one.startswith(_PASSING) for one in ext)


_READERS = (_markdown, _attachments, shared, arks, embeds, _forwarded)
_MORE = frozenset({"attachments", "ark_data", "ark", "embeds", "markdown", "msg_elements"})


def content_type(found: Sequence[Element]) -> str:
    """The word for what it mainly is: text with a picture is text."""
    own = [element for element in found if not isinstance(element, Quote)]
    others = [element for element in own if not isinstance(element, _TEXTS)]
    said = any(isinstance(element, Text | Markdown | Emoji) and element.as_text().strip() for element in own)
    return str(getattr(others[0], "type", "unknown")) if others and not said else "text"
