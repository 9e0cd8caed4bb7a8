"""The `content` of a received message → elements. Pure.

Shapes: open.feishu.cn, im-v1 "content of received messages".
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from imbridge.protocol import (
    Audio,
    Element,
    Emoji,
    File,
    Image,
    Link,
    Markdown,
    Mention,
    MentionAll,
    Sticker,
    Text,
    Unknown,
    Video,
)

_EVERYBODY = MentionAll()
_PLACEHOLDER = re.compile(r"@_user_\d+|@_all")


class MentionTable:
    """The mentions of one message, by their placeholder (`@_user_1`)."""

    def __init__(self, wire: Iterable[Any], bot_id: str) -> None:
        """Read the wire's `mentions`; what is not understood there is left out and stays text."""
        self._by_key: dict[str, Mention | MentionAll] = {"@_all": _EVERYBODY}
        for entry in wire:
            if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
                continue
            ids = entry.get("id")
            mention_id = (ids.get("open_id") if isinstance(ids, dict) else ids) or ""
            if entry["key"] == "@_all" or mention_id == "all":
                self._by_key[entry["key"]] = _EVERYBODY
            elif isinstance(mention_id, str):
                # By id, never by name: anybody may be called like the bot.
                is_self = bot_id != "" and mention_id == bot_id
                self._by_key[entry["key"]] = Mention(
                    id=mention_id,
                    name=str(entry.get("name") or ""),
                    is_self=is_self,
                    is_bot=is_self or entry.get("mentioned_type") == "bot",
                )

    def find(self, key: str) -> Mention | MentionAll | None:
        """The mention with exactly this placeholder."""
        return self._by_key.get(key)

    def split(self, text: str) -> Iterator[Element]:
        """Cut a text at its placeholders. `@_user_1` is never taken for the beginning of `@_user_10`."""
        if "@_" not in text:
            if text:
                yield Text(text)
            return
        start = 0
        for match in _PLACEHOLDER.finditer(text):
            mention = self._by_key.get(match[0])
            if mention is None:
                continue
            if match.start() > start:
                yield Text(text[start : match.start()])
            yield mention
            start = match.end()
        if start < len(text):
            yield Text(text[start:])


@dataclass(slots=True)
class Content:
    """What a message says.

    Attributes:
        kind: Its `content_type` in the shared words.
        elements: In order.
        text: As a person reads it.
    """

    kind: str
    elements: tuple[Element, ...]
    text: str

    @property
    def text_after_own_mention(self) -> str:
        """The text without our own mention at its beginning (one or several, with the blanks around them)."""
        elements = self.elements
        if len(elements) < 2 and not (elements and isinstance(elements[0], Mention)):
            return self.text  # nearly all messages: one text
        if not any(isinstance(element, Mention) and element.is_self for element in elements[:2]):
            return self.text
        kept = list(elements)
        while kept and (
            (isinstance(kept[0], Mention) and kept[0].is_self)
            or (isinstance(kept[0], Text) and not kept[0].text.strip() and _own_mention_follows(kept))
        ):
            kept.pop(0)
        if len(kept) == len(elements):
            return self.text
        return "".join(element.as_text() for element in kept).lstrip()


def _own_mention_follows(elements: list[Element]) -> bool:
    following = elements[1] if len(elements) > 1 else None
    return isinstance(following, Mention) and following.is_self


def read_content(kind: str, content: Any, table: MentionTable) -> Content:
    """Read a message's content.

    Args:
        kind: The platform's `message_type`.
        content: Its JSON text, as it came.
        table: The message's mentions.

    Returns:
        The elements; one `Unknown` with everything in it when the type or its content is new to us.
    """
    try:
        body = from_json(content) if isinstance(content, str | bytes) else content
    except ValueError:
        body = None
    if isinstance(body, dict):
        reader = _READERS.get(kind)
        try:
            if reader is not None:
                return reader(body, table)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            pass  # not the shape this type has had so far: kept whole below
    unknown = Unknown(kind=str(kind), payload=content if body is None else body)
    return Content("unknown", (unknown,), unknown.as_text())


def _joined(kind: str, elements: Iterable[Element]) -> Content:
    kept = tuple(elements)
    return Content(kind, kept, "".join(element.as_text() for element in kept))


def _text(body: dict[str, Any], table: MentionTable) -> Content:
    text = body["text"]
    if not isinstance(text, str):
        raise TypeError("text is not a string")
    if "@_" not in text:
        return Content("text", (Text(text),) if text else (), text)
    return _joined("text", table.split(text))


def _image(body: dict[str, Any], table: MentionTable) -> Content:
    return _joined("image", [Image(key=body["image_key"])])


def _file(body: dict[str, Any], table: MentionTable) -> Content:
    return _joined("file", [File(key=body["file_key"], name=str(body.get("file_name") or ""))])


def _seconds(body: dict[str, Any]) -> float | None:
    """A duration; the platform gives milliseconds, as a number or as text."""
    value = body.get("duration")
    return float(value) / 1000 if value not in (None, "") else None


def _audio(body: dict[str, Any], table: MentionTable) -> Content:
    return _joined("audio", [Audio(key=body["file_key"], duration=_seconds(body))])


def _video(body: dict[str, Any], table: MentionTable) -> Content:
    video = Video(
        key=body["file_key"],
        name=str(body.get("file_name") or ""),
        duration=_seconds(body),
        cover=str(body.get("image_key") or ""),
    )
    return _joined("video", [video])


def _sticker(body: dict[str, Any], table: MentionTable) -> Content:
    return _joined("sticker", [Sticker(key=body["file_key"])])


def _post(body: dict[str, Any], table: MentionTable) -> Content:
    """Rich text. A received post has its paragraphs at the top; one fetched from history may be inside a locale."""
    if "content" not in body:
        body = next((inner for inner in body.values() if isinstance(inner, dict) and "content" in inner), body)
    elements: list[Element] = []
    if title := body.get("title"):
        elements.append(Text(str(title)))
    for paragraph in body["content"]:
        if elements:
            elements.append(Text("\n"))
        for node in paragraph:
            elements.extend(_post_node(node, table))
    return _joined("text", _merge_text(elements))


def _post_node(node: dict[str, Any], table: MentionTable) -> Iterator[Element]:
    tag = node.get("tag")
    if tag == "text":
        yield from table.split(str(node.get("text", "")))
    elif tag == "a":
        yield Link(url=str(node["href"]), title=str(node.get("text") or ""))
    elif tag == "at":
        key = str(node.get("user_id") or "")
        known = table.find(key)
        if known is None and key in ("all", "@_all"):
            known = MentionAll()
        yield known or Mention(id=key, name=str(node.get("user_name") or ""))
    elif tag == "img":
        yield Image(key=str(node["image_key"]))
    elif tag == "media":
        yield Video(key=str(node["file_key"]), cover=str(node.get("image_key") or ""))
    elif tag == "emotion":
        yield Emoji(code=str(node["emoji_type"]))
    elif tag == "code_block":
        yield Markdown(f"```{str(node.get('language') or '').lower()}\n{node.get('text', '')}\n```")
    elif tag == "md":
        yield Markdown(str(node.get("text", "")))
    elif tag == "hr":
        yield Text("---")
    else:
        yield Unknown(kind=str(tag), payload=node)


def _merge_text(elements: list[Element]) -> Iterator[Element]:
    pending = ""
    for element in elements:
        if isinstance(element, Text):
            pending += element.text
            continue
        if pending:
            yield Text(pending)
            pending = ""
        yield element
    if pending:
        yield Text(pending)


_READERS = {
    "text": _text,
    "post": _post,
    "image": _image,
    "file": _file,
    "audio": _audio,
    "media": _video,
    "sticker": _sticker,
}
