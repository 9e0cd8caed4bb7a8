"""Rendered parts → the bodies of API requests. Pure.

Content shapes: open.feishu.cn, im-v1 "content of sent messages".
"""

import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.card_seals import NOT_SEALED, Seal, Seals
from imbridge.adapters.feishu.sent.cards import card_json
from imbridge.adapters.feishu.sent.markdown import CARD, POST, markdown_card, without_mentions
from imbridge.adapters.markdown_told import shown
from imbridge.protocol import (
    Audio,
    Card,
    Contact,
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
from imbridge.rendering import Part, PartKind, as_plain, message_in, to_plain
from imbridge.rendering.cards import card_text

_TEXT_LIMIT, _POST_LIMIT = 150 * 1024, 30 * 1024
_ID_LENGTH = 48
_AS_LONG = Seals("feishu", "any").at("")
"""Its seals are as long as all are."""

# In a `text` message the platform reads these as markup, so plain text that holds them goes out as a `post`, whose
# text nodes are literal. Otherwise an echo of somebody's `<at user_id="all">` would call everybody in the group.
_MARKUP = re.compile(r"</?\s*at\b|</?(?:b|i|u|s|p|br)\b|\[[^\[\]\n]*\]\(", re.IGNORECASE)


def message_body(part: Part, keys: dict[int, str] | None = None, seal: Seal = NOT_SEALED) -> tuple[str, str]:
    """The `msg_type` and `content` of a part, whose media have been uploaded and whose people have been found.

    Args:
        part: What to show.
        keys: Of a card: the keys of the images in it, by `id()` of the element.
        seal: Of a card: what seals it.

    Raises:
        ContentRefusedError: the part holds something that this version cannot send.
    """
    kind = part.kind
    if kind is PartKind.TEXT:
        first = part.elements[0]
        if len(part.elements) == 1 and type(first) is Text and "<" not in first.text and "](" not in first.text:
            return "text", _dumps({"text": first.text})  # nearly all of what bots say
        if _needs_post(part.elements):
            return "post", _post([[node for element in part.elements for node in _nodes(element)]])
        return "text", _dumps({"text": "".join(_inline(element) for element in part.elements)})
    if kind is PartKind.MARKDOWN:
        if message_in(part, POST, CARD).dialect == CARD.name:
            return "interactive", as_card(part)[0]
        return "post", as_post(part)[0]
    if kind is PartKind.RICH:
        return "post", _post(_paragraphs(part.elements))
    if kind is PartKind.MEDIA:
        return _media_body(part.elements[0])
    if kind is PartKind.CONTACT:
        return _contact_body(part.elements[0])
    card = part.elements[0]
    if not isinstance(card, Card):
        raise ContentRefusedError(f"cannot send a {kind} part to Feishu", platform="feishu")
    return "interactive", _dumps(card_json(card, keys or {}, seal))


def as_post(part: Part) -> tuple[str, dict[str, str]]:
    """Markdown as the content of a post, and what of it a post does not show as it is."""
    made = message_in(part, POST)
    return _post([[_markdown_node(made.text)]]), made.changed


def as_card(part: Part) -> tuple[str, dict[str, str]]:
    """Markdown as the content of a card, and what of it a card does not show as it is."""
    made = message_in(part, CARD)
    return _dumps(markdown_card(made.text)), made.changed


def measure(part: Part) -> int:
    """Bytes of a part as sent, on the scale of its kind's limit.

    A text that has to go out as a post has a fifth of the room, so its bytes count five times.
    """
    if part.kind in (PartKind.MEDIA, PartKind.CONTACT):
        return 0
    elements = tuple(map(_as_long_as_sent, part.elements))
    unchanged = all(one is other for one, other in zip(elements, part.elements, strict=True))
    kind, content = message_body(part if unchanged else part.holding(elements), seal=_AS_LONG)
    size = len(content.encode())
    return size * (_TEXT_LIMIT // _POST_LIMIT) if kind == "post" and part.kind is PartKind.TEXT else size


def _as_long_as_sent(element: Element) -> Element:
    """With an id of the usual length in place of the one that will be asked for."""
    if isinstance(element, Image):
        return Image(key=f"img_{'x' * (_ID_LENGTH - 4)}", alt=element.alt)
    if isinstance(element, Mention) and not element.id:
        return Mention(id="x" * _ID_LENGTH, name=element.name)
    return element


def as_plain_text(part: Part) -> tuple[str, str]:
    """The same part as the plainest message there is, for when the platform refuses its form."""
    first = part.elements[0] if part.elements else None
    if isinstance(first, Card) and not first.content:
        part = Part(PartKind.TEXT, (Text(to_plain(card_text(first, "").markdown)),))
    texts = [""]  # what stands between two mentions: only as a whole does it show what could be taken for one
    for element in part.elements:
        if isinstance(element, Mention | MentionAll):
            texts += [_inline(element), ""]
        else:
            texts[-1] += as_plain(element)
    texts[::2] = map(without_mentions, texts[::2])
    return "text", _dumps({"text": "".join(texts) or " "})


def _dumps(value: Any) -> str:
    return to_json(value).decode()


def _needs_post(elements: Iterable[Element]) -> bool:
    """It holds what is markup in a `text`, or one of the platform's emoji, which a `text` cannot show."""
    return any(
        ("<" in element.text or "](" in element.text) and _MARKUP.search(element.text) is not None
        if isinstance(element, Text)
        else isinstance(element, Emoji) and element.code.isascii()
        for element in elements
    )


def _inline(element: Element) -> str:
    if isinstance(element, Text):
        return element.text
    if isinstance(element, Mention) and element.id:
        return f'<at user_id="{_attribute(element.id)}">{_attribute(element.name)}</at>'
    if isinstance(element, MentionAll):
        return '<at user_id="all"></at>'
    return without_mentions(element.as_text())


def _attribute(value: str) -> str:
    return re.sub(r'[<>"&]', "", value)


def _markdown_node(text: str) -> dict[str, Any]:
    return {"tag": "md", "text": text}


def _post(paragraphs: list[list[dict[str, Any]]]) -> str:
    return _dumps({"zh_cn": {"content": paragraphs}})


def _paragraphs(elements: Iterable[Element]) -> list[list[dict[str, Any]]]:
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
            lines[-1].extend(_nodes(element))
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return [line or [{"tag": "text", "text": ""}] for line in lines]


def _text_nodes(text: str) -> list[dict[str, Any]]:
    return [{"tag": "text", "text": text}] if text else []


def _nodes(element: Element) -> Iterable[dict[str, Any]]:
    if isinstance(element, Text):
        return _text_nodes(element.text)
    if isinstance(element, Markdown):
        return [_markdown_node(shown(element.text, POST).text)]
    if isinstance(element, Mention) and element.id:
        return [{"tag": "at", "user_id": element.id, "user_name": element.name}]
    if isinstance(element, MentionAll):
        return [{"tag": "at", "user_id": "all"}]
    if isinstance(element, Link):
        return [{"tag": "a", "href": element.url, "text": element.title or element.url}]
    if isinstance(element, Emoji) and element.code.isascii():
        return [{"tag": "emotion", "emoji_type": element.code}]
    if isinstance(element, Image):
        return [{"tag": "img", "image_key": _key(element)}]
    return [{"tag": "text", "text": element.as_text()}]


def _key(media: Media) -> str:
    if not media.key:
        raise ContentRefusedError(f"this {type(media).__name__} has neither data nor a key", platform="feishu")
    return media.key


def _media_body(element: Element) -> tuple[str, str]:
    if isinstance(element, Image):
        return "image", _dumps({"image_key": _key(element)})
    if isinstance(element, Sticker):
        return "sticker", _dumps({"file_key": _key(element)})
    if isinstance(element, Audio):
        return "audio", _dumps({"file_key": _key(element)})
    if isinstance(element, File):
        return "file", _dumps({"file_key": _key(element)})
    if isinstance(element, Video):
        cover = {"image_key": element.cover} if element.cover else {}
        return "media", _dumps({"file_key": _key(element), **cover})
    raise ContentRefusedError(f"cannot send a {type(element).__name__} to Feishu", platform="feishu")


def _contact_body(element: Element) -> tuple[str, str]:
    """A card to click on. The bot has to be in the group that it shares; people are shared by open_id."""
    if not isinstance(element, Contact) or not element.id:
        raise ContentRefusedError(f"cannot share a {type(element).__name__} without an id", platform="feishu")
    if element.kind == "chat":
        return "share_chat", _dumps({"chat_id": element.id})
    return "share_user", _dumps({"user_id": element.id})
