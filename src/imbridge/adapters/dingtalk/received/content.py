"""What a robot message holds.

Source: open.dingtalk.com, "receive messages of a robot"; open-dingtalk.github.io, "types of received messages". Chat
records, cards of others, Markdown and quotations are in neither: they are read as clients have seen them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from imbridge.adapters.dingtalk.received.facts import Facts, text_of, unpacked
from imbridge.adapters.dingtalk.received.records import forward
from imbridge.adapters.dingtalk.received.rich_text import READERS as MEDIA
from imbridge.adapters.dingtalk.received.rich_text import rich_text
from imbridge.protocol import Card, Element, Markdown, Mention, Quote, Text, Unknown

Reader = Callable[[Facts], tuple[Element, ...]]
_TEXTS = frozenset({"text", "richText", "markdown", "reply"})


def _text(told: Facts) -> tuple[Element, ...]:
    """A text, which may be empty; in a group it begins with the space that was left of the mention."""
    holder = unpacked(told.data.get("text"))
    content = holder.get("content") if holder is not None else told.data.get("content")
    if not isinstance(content, str):
        raise TypeError("content is no text")
    return (Text(content),) if content else ()


def _rich_text(told: Facts) -> tuple[Element, ...]:
    """Texts and pictures in their order; of old their list stood elsewhere."""
    old = told.data.get("richText")
    return rich_text(old["richTextList"] if isinstance(old, dict) else told.content["richText"])


def _media(kind: str) -> Reader:
    read = MEDIA[kind]
    return lambda told: (read(told.content),)


def _markdown(told: Facts) -> tuple[Element, ...]:
    content = unpacked(told.data.get("content"))
    text = text_of(content, "text") if content is not None else ""
    holder = unpacked(told.data.get("text"))
    text = text or (text_of(holder, "content") if holder is not None else "")
    if not text:
        raise ValueError("no text")
    return (Markdown(text),)


def _chat_record(told: Facts) -> tuple[Element, ...]:
    return (forward(told.content),)


def _card(told: Facts) -> tuple[Element, ...]:
    """A card that somebody passed on: mostly a document, whose address is in it."""
    content = dict(told.content)
    return (Card(content=content, text=card_text(content)),)


def card_text(content: Mapping[str, Any]) -> str:
    """What a card says, as far as that is told."""
    params = _params(content)
    title = text_of(content, "title") or text_of(content, "fileName")
    said = text_of(content, "text") or text_of(params, "content") or text_of(params, "msgContent")
    lines = [line for line in (title, said, text_of(content, "biz_custom_action_url")) if line]
    return "\n".join(lines) or "[card]"


def _params(content: Mapping[str, Any]) -> Mapping[str, Any]:
    data = unpacked(content.get("cardData")) or {}
    return unpacked(data.get("cardParamMap")) or {}


READERS: Mapping[str, Reader] = {
    "text": _text,
    "reply": _text,
    "richText": _rich_text,
    "markdown": _markdown,
    **{kind: _media(kind) for kind in MEDIA},
    "chatRecord": _chat_record,
    "interactiveCard": _card,
    "actionCard": _card,
}
"""By `msgtype`: the elements. They raise `ValueError`, `TypeError` or `KeyError` where something is missing."""


def unknown(told: Facts, kind: str) -> tuple[Unknown]:
    """A message that is not understood, whole."""
    return (Unknown(kind=kind, payload=dict(told.data)),)


def content_type(kind: str, elements: Sequence[Element]) -> str:
    """The word for what it mainly is."""
    own = [element for element in elements if not isinstance(element, Quote | Mention)]
    others = [element for element in own if not isinstance(element, Text | Markdown)]
    if kind in _TEXTS and (not others or len(own) > 1 or kind == "richText"):
        return "text"
    return str(getattr(others[0], "type", kind)) if others else "text"
