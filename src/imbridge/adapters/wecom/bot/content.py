"""What a message to a smart bot holds. Source: developer.work.weixin.qq.com, "receive messages" (path/100719)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from imbridge.adapters.said import GAPS
from imbridge.adapters.wecom.bot.facts import BotFacts
from imbridge.protocol import Audio, Element, File, Image, Mention, Quote, Text, Unknown, Video

_CALL = re.compile(r"@(?P<name>\S+)(?:\s|$)")
_FETCHED: Mapping[str, type[Image | File | Video]] = {"image": Image, "file": File, "video": Video}


class Content:
    """Reads the content of one message.

    Attributes:
        media: Where the media are, by the keys of their elements: address and key are credentials, which no element
            shows.
    """

    def __init__(self, told: BotFacts) -> None:
        self._told = told
        self.media: dict[str, tuple[str, str]] = {}

    def elements(self, kind: str) -> tuple[Element, ...]:
        """The elements, the quoted message first.

        Raises:
            ValueError: the message lacks what its kind should have.
        """
        quoted = tuple(self._quote())
        return (*quoted, *self._of(kind, self._told.body))

    def _of(self, kind: str, holder: Mapping[str, Any]) -> Iterator[Element]:
        content = holder.get(kind)
        if not isinstance(content, dict):
            raise ValueError(f"{kind} is no object")  # noqa: TRY004 - the mistake is the platform's, not a caller's
        if kind == "text":
            yield from self._text(content)
        elif kind == "voice":
            yield Audio(transcript=_string(content, "content"))
        elif kind in _FETCHED:
            yield self._media(_FETCHED[kind], content)
        elif kind == "mixed":
            for item in content["msg_item"]:
                yield from self._item(item)
        else:
            yield Unknown(kind=kind, payload=content)

    def _item(self, item: Any) -> Iterator[Element]:
        kind = item["msgtype"]
        if kind in ("text", "image"):
            yield from self._of(kind, item)
        else:
            yield Unknown(kind=str(kind), payload=item)

    def _text(self, content: Mapping[str, Any]) -> Iterator[Element]:
        text = _string(content, "content")
        if self._told.text("chattype") == "group":
            yield from with_mentions(text, self._told)
        else:
            yield Text(text)

    def _media(self, kind: type[Image | File | Video], content: Mapping[str, Any]) -> Element:
        key = f"{self._told.key}#{len(self.media)}"
        self.media[key] = (_string(content, "url"), str(content.get("aeskey") or ""))
        return kind(key=key)

    def _quote(self) -> Iterator[Quote]:
        quote = self._told.body.get("quote")
        if isinstance(quote, dict):
            yield Quote(message_id="", text=_quoted(quote))


def with_mentions(text: str, told: BotFacts) -> Iterator[Element]:
    """A group's text as elements. The platform tells nobody who is mentioned: a call is plain text, `@Name `.

    Bots get only messages that call them, so the call at the beginning is ours, unless the setting `bot_name` says
    otherwise.
    """
    name = told.me.name
    call = re.compile(rf"@(?P<name>{re.escape(name)})(?:\s|$)") if name else _CALL
    found = call.search(text) if name else call.match(text, len(text) - len(text.lstrip(GAPS)))
    if found is None:
        yield Text(text)
        return
    name, start = found["name"], found.start()
    if start:
        yield Text(text[:start])
    yield Mention(id=told.me.bot_id, name=name, is_self=True, is_bot=True)
    rest = text[start + 1 + len(name) :]
    if rest:
        yield Text(rest)


def content_type(kind: str, elements: tuple[Element, ...]) -> str:
    """The word for what it mainly is."""
    own = [element for element in elements if not isinstance(element, Quote)]
    if kind == "text":
        return "text"
    others = [element for element in own if not isinstance(element, Text | Mention)]
    return str(getattr(others[0], "type", kind)) if kind != "mixed" and others else "text"


def _quoted(quote: Mapping[str, Any]) -> str:
    """A quoted message as a person reads it."""
    kind = quote.get("msgtype")
    content = quote.get(kind) if isinstance(kind, str) else None
    if not isinstance(content, dict):
        return ""
    if kind == "mixed":
        items = content.get("msg_item")
        return "".join(_quoted(item) for item in items if isinstance(item, dict)) if isinstance(items, list) else ""
    text = content.get("content")
    return text if isinstance(text, str) else f"[{kind}]"


def _string(holder: Mapping[str, Any], name: str) -> str:
    value = holder[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")  # noqa: TRY004 - as above
    return value
