"""Rich text (`post`) → elements.

Shapes: open.feishu.cn, im-v1 "content of received messages", rich text. Styles are left out, for nothing is lost that
was written; what the platform has of Markdown (code blocks) is Markdown here, too.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from imbridge.adapters.feishu.received.mentions import MentionTable
from imbridge.protocol import Audio, Element, Emoji, File, Image, Link, Markdown, Text, Unknown, Video

_Node = dict[str, Any]


def in_locale(body: dict[str, Any], locale: str) -> dict[str, Any]:
    """A post in one language: received ones are, others have one body for each (`{"zh_cn": {...}, "en_us": {...}}`).

    Raises:
        ValueError: there is no post in it.
    """
    if "content" in body:
        return body
    written = {key: inner for key, inner in body.items() if isinstance(inner, dict) and "content" in inner}
    if not written and isinstance(body.get("post"), dict):  # as incoming webhooks are given it
        return in_locale(body["post"], locale)
    for wanted in (locale, locale[:2]):
        for key, inner in written.items():
            if key.lower().replace("-", "_").startswith(wanted):
                return inner
    if not written:
        raise ValueError("a post without content in any language")
    return next(iter(written.values()))


def post_elements(body: dict[str, Any], mentions: MentionTable) -> Iterator[Element]:
    """The elements of a post in one language, paragraphs on lines of their own.

    Raises:
        KeyError: a tag lacks what it should have. The same for TypeError, ValueError, AttributeError.
    """
    return joined(_elements(body, mentions))


def _elements(body: dict[str, Any], mentions: MentionTable) -> Iterator[Element]:
    begun = False
    if title := body.get("title"):
        yield Text(str(title))
        begun = True
    paragraphs = body["content"]
    if not isinstance(paragraphs, list):
        raise TypeError("a post's content is not a list of paragraphs")
    for paragraph in paragraphs:
        if begun:
            yield Text("\n")
        begun = True
        for node in paragraph:
            yield from node_elements(node, mentions)


def node_elements(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    """One tag. An unknown one is kept whole, in its place."""
    tag = node.get("tag")
    reader = TAGS.get(tag) if isinstance(tag, str) else None
    if reader is None:
        yield Unknown(kind=str(tag), payload=node)
    else:
        yield from reader(node, mentions)


def joined(elements: Iterable[Element]) -> Iterator[Element]:
    """Texts that follow one another made one."""
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


def _text(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    text = str(node.get("text", ""))
    return mentions.split(html.unescape(text) if node.get("un_escape") is True else text)


def _link(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    yield Link(url=str(node["href"]), title=str(node.get("text") or ""))


def _mention(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    key = str(node.get("user_id") or node.get("open_id") or "")
    yield mentions.find(key, str(node.get("user_name") or ""))


def _image(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    yield Image(key=str(node["image_key"]))


def _video(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    yield Video(
        key=str(node["file_key"]), cover=str(node.get("image_key") or ""), name=str(node.get("file_name") or "")
    )


def _audio(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    yield Audio(key=str(node["file_key"]))


def _file(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    yield File(key=str(node["file_key"]), name=str(node.get("file_name") or ""))


def _emotion(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    yield Emoji(code=str(node["emoji_type"]))


def _code_block(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    code = str(node.get("text", "")).removesuffix("\n")
    # A fence longer than any in the code, which would otherwise end there.
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", code)), default=0))
    yield Markdown(f"{fence}{str(node.get('language') or '').lower()}\n{code}\n{fence}")


def _code(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    text = str(node.get("text", ""))
    yield Text(text) if "`" in text or not text.strip() else Markdown(f"`{text}`")


def _markdown(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    yield Markdown(str(node.get("text", "")))


def _rule(node: _Node, mentions: MentionTable) -> Iterator[Element]:
    yield Text("---")


TAGS: dict[str, Callable[[_Node, MentionTable], Iterator[Element]]] = {
    "text": _text, "a": _link, "at": _mention, "img": _image, "media": _video, "audio": _audio, "file": _file,
    "emotion": _emotion, "code_block": _code_block, "code": _code, "md": _markdown, "hr": _rule,
}  # fmt: skip
"""What is known of rich text. `audio`, `file` and `code` are the official SDK's; the document does not list them."""
