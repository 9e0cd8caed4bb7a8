"""Rendered parts → the bodies of API requests. Pure.

Content shapes: open.feishu.cn, im-v1 "content of sent messages".
"""

import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.feishu.cards import card_json
from imbridge.adapters.feishu.markup import without_mentions
from imbridge.protocol import (
    Audio,
    Card,
    ContentRefusedError,
    Element,
    Emoji,
    File,
    Image,
    Link,
    Markdown,
    Media,
    Mention,
    MentionAll,
    Sticker,
    Text,
    Video,
)
from imbridge.rendering import Part, PartKind

_TEXT_LIMIT, _POST_LIMIT = 150 * 1024, 30 * 1024

# In a `text` message the platform reads these as markup, so plain text that holds them goes out as a `post`, whose
# text nodes are literal. Otherwise an echo of somebody's `<at user_id="all">` would call everybody in the group.
_MARKUP = re.compile(r"</?\s*at\b|</?(?:b|i|u|s|p|br)\b|\[[^\[\]\n]*\]\(", re.IGNORECASE)

Keys = dict[int, str]
"""Uploaded keys of media elements, by `id()` of the element."""


def message_body(part: Part, keys: Keys | None = None) -> tuple[str, str]:
    """The `msg_type` and `content` of a part.

    Args:
        part: What to show.
        keys: Keys of media that were uploaded for it.

    Raises:
        ContentRefusedError: the part holds something that this version cannot send.
    """
    kind = part.kind
    if kind is PartKind.TEXT:
        first = part.elements[0]
        if len(part.elements) == 1 and type(first) is Text and "<" not in first.text and "](" not in first.text:
            return "text", _dumps({"text": first.text})  # nearly all of what bots say
        if _needs_post(part.elements):
            return "post", _post([[node for element in part.elements for node in _nodes(element, {})]])
        return "text", _dumps({"text": "".join(_inline(element) for element in part.elements)})
    if kind is PartKind.MARKDOWN:
        return "post", _post([[_markdown_node(element.as_text())] for element in part.elements])
    if kind is PartKind.RICH:
        return "post", _post(_paragraphs(part.elements, keys or {}))
    if kind is PartKind.MEDIA:
        return _media_body(part.elements[0], keys or {})
    card = part.elements[0]
    if not isinstance(card, Card):
        raise ContentRefusedError(f"cannot send a {kind} part to Feishu", platform="feishu")
    return "interactive", _dumps(card_json(card, keys or {}))


def measure(part: Part) -> int:
    """Bytes of a part as sent, on the scale of its kind's limit.

    A text that has to go out as a post has a fifth of the room, so its bytes count five times.
    """
    if part.kind is PartKind.MEDIA:
        return 0
    kind, content = message_body(part, {id(element): "x" * 40 for element in part.elements})
    size = len(content.encode())
    return size * (_TEXT_LIMIT // _POST_LIMIT) if kind == "post" and part.kind is PartKind.TEXT else size


def as_plain_text(part: Part) -> tuple[str, str]:
    """The same part as the plainest message there is, for when the platform refuses its form."""
    text = "".join(
        _inline(element) if isinstance(element, Mention | MentionAll) else without_mentions(element.as_text())
        for element in part.elements
    )
    return "text", _dumps({"text": text or " "})


def _dumps(value: Any) -> str:
    return to_json(value).decode()


def _needs_post(elements: Iterable[Element]) -> bool:
    return any(
        ("<" in element.text or "](" in element.text) and _MARKUP.search(element.text) is not None
        for element in elements
        if isinstance(element, Text)
    )


def _inline(element: Element) -> str:
    if isinstance(element, Text):
        return element.text
    if isinstance(element, Mention):
        return f'<at user_id="{_attribute(element.id)}">{_attribute(element.name)}</at>'
    if isinstance(element, MentionAll):
        return '<at user_id="all"></at>'
    return without_mentions(element.as_text())


def _attribute(value: str) -> str:
    return re.sub(r'[<>"&]', "", value)


def _markdown_node(text: str) -> dict[str, Any]:
    return {"tag": "md", "text": without_mentions(text)}


def _post(paragraphs: list[list[dict[str, Any]]]) -> str:
    return _dumps({"zh_cn": {"content": paragraphs}})


def _paragraphs(elements: Iterable[Element], keys: Keys) -> list[list[dict[str, Any]]]:
    """Lines of a post. Line breaks begin a new one; images and Markdown have lines to themselves."""
    lines: list[list[dict[str, Any]]] = [[]]
    after_block = False
    for element in elements:
        texts = element.text.split("\n") if isinstance(element, Text) else []
        if texts == [""]:
            continue
        block = isinstance(element, Image | Markdown)
        if after_block:
            lines.append([])
            if len(texts) > 1 and not texts[0]:
                texts = texts[1:]  # this line break is the one that the block has brought
        elif block and lines[-1]:
            lines.append([])
        after_block = block
        if texts:
            lines[-1].extend(_text_nodes(texts[0]))
            lines.extend(_text_nodes(line) for line in texts[1:])
        else:
            lines[-1].extend(_nodes(element, keys))
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return [line or [{"tag": "text", "text": ""}] for line in lines]


def _text_nodes(text: str) -> list[dict[str, Any]]:
    return [{"tag": "text", "text": text}] if text else []


def _nodes(element: Element, keys: Keys) -> Iterable[dict[str, Any]]:
    if isinstance(element, Text):
        return _text_nodes(element.text)
    if isinstance(element, Markdown):
        return [_markdown_node(element.text)]
    if isinstance(element, Mention):
        return [{"tag": "at", "user_id": element.id, "user_name": element.name}]
    if isinstance(element, MentionAll):
        return [{"tag": "at", "user_id": "all"}]
    if isinstance(element, Link):
        return [{"tag": "a", "href": element.url, "text": element.title or element.url}]
    if isinstance(element, Emoji) and element.code.isascii():
        return [{"tag": "emotion", "emoji_type": element.code}]
    if isinstance(element, Image):
        return [{"tag": "img", "image_key": _key(element, keys)}]
    return [{"tag": "text", "text": element.as_text()}]


def _key(media: Media, keys: Keys) -> str:
    key = keys.get(id(media)) or media.key
    if not key:
        raise ContentRefusedError(f"this {type(media).__name__} has neither data nor a key", platform="feishu")
    return key


def _media_body(element: Element, keys: Keys) -> tuple[str, str]:
    if isinstance(element, Image):
        return "image", _dumps({"image_key": _key(element, keys)})
    if isinstance(element, Sticker):
        return "sticker", _dumps({"file_key": _key(element, keys)})
    if isinstance(element, Audio):
        return "audio", _dumps({"file_key": _key(element, keys)})
    if isinstance(element, File | Video):
        return "file", _dumps({"file_key": _key(element, keys)})
    raise ContentRefusedError(f"cannot send a {type(element).__name__} to Feishu", platform="feishu")
